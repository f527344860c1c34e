# SPDX-License-Identifier: Apache-2.0
"""Nothing lost, nothing twice: reads the database alone, knows no service. check.py ACKED_FILE [--dir DIR]"""
import argparse
import time

from genxi import Checks, Cluster, wait_for

# The newest assignment of each responder in each incident.
LAST = "(SELECT DISTINCT ON (incident_id, responder_id) * FROM matcher.assignment ORDER BY incident_id, responder_id, accepted_at DESC, id DESC)"
# What followers keep of the registry, as the registry says it: who keeps it, the columns kept there, the same from readiness.
COPIES = [
    ("matcher.station", "area, org_id, lon, lat", "area, org_id, lon, lat", "station"),
    ("matcher.partner", "id, area, state, exercise, has_agreement, signed_at, ends_at, off_site, contract_areas",
     "id, area, state, exercise, signed_at IS NOT NULL, coalesce(signed_at, 0), coalesce(ends_at, 0), off_site, contract_areas", "partner"),
    ("matcher.site", "id, partner_id, area, lon, lat, radius_m", "id, partner_id, area, lon, lat, radius_m", "site"),
    ("matcher.responder", "id, org_id, area, force, guard_kind, call_sign, site_id, skills, off_site_consent, insured_until_at, crew, active",
     "id, org_id, area, force, coalesce(guard_kind, 0), call_sign, site_id, ARRAY(SELECT c || '=' || u FROM unnest(skill_codes, skill_until) "
     "WITH ORDINALITY AS s(c, u, n) ORDER BY n), off_site_consent, coalesce(insured_until_at, 0), crew, active", "responder"),
    ("matcher.shift", "id, responder_id, area, from_at, until_at, state", "id, responder_id, area, from_at, until_at, state", "shift"),
    ("intake.station", "area, org_id, lon, lat, ring", "area, org_id, lon, lat, ring", "station"),
    ("intake.partner", "id, kind, area, active, exercise", "id, kind, area, state = 1, exercise", "partner"),
    ("intake.site", "id, partner_id, area, lon, lat", "id, partner_id, area, lon, lat", "site"),
    ("intake.responder", "id, org_id, area, force, active", "id, org_id, area, force, active", "responder"),
    ("intel.org", "id, kind, area, state, exercise", "id, kind, area, state, exercise", "partner"),
]


def differs(copy, columns, original, source):
    """A query for the rows that stand in one and not, or not so, in the other."""
    here, there = f"SELECT {columns} FROM {copy}", f"SELECT {original} FROM readiness.{source}"
    return f"SELECT 'only the copy', d.* FROM ({here} EXCEPT {there}) d UNION ALL SELECT 'only the registry', d.* FROM ({there} EXCEPT {here}) d LIMIT 20"


# Each row: what must hold, and a query that gives the lines that break it.
RULES = [
    ("each journal is dense: seq 1..n without a hole",
     "SELECT c.area, c.seq, count(e.seq), min(e.seq), max(e.seq) FROM journal.counter c LEFT JOIN journal.event e USING (area) "
     "GROUP BY c.area, c.seq, c.floor HAVING count(e.seq) <> c.seq - c.floor OR max(e.seq) <> c.seq"),
    ("no event id stands twice", "SELECT id FROM journal.event GROUP BY id HAVING count(*) > 1"),
    ("no responder holds two assignments",
     "SELECT responder_id FROM matcher.assignment WHERE state IN (1, 2, 3) GROUP BY responder_id HAVING count(*) > 1"),
    ("no responder holds two open offers",
     "SELECT responder_id FROM matcher.offer WHERE state = 1 GROUP BY responder_id HAVING count(*) > 1"),
    ("the audit log contains every event, once",
     "SELECT e.area, e.seq FROM journal.event e LEFT JOIN audit.entry a ON a.area = e.area AND a.seq = e.seq "
     "GROUP BY e.area, e.seq HAVING count(a.index) <> 1"),
    ("the audit log contains nothing else",
     "SELECT a.area, a.seq FROM audit.entry a LEFT JOIN journal.event e USING (area, seq) WHERE e.seq IS NULL"),
    ("the audit log's indices are dense", "SELECT 1 FROM audit.entry HAVING count(*) <> coalesce(max(index) + 1, 0)"),
    ("each report counts once in its incident",
     "SELECT i.id, i.report_count, count(r.id) FROM intake.incident i LEFT JOIN intake.report r ON r.incident_id = i.id "
     "GROUP BY i.id, i.report_count HAVING i.report_count <> count(r.id)"),
    ("each report was told once", "SELECT r.id FROM intake.report r LEFT JOIN journal.event e ON e.type = 250 AND e.subject = r.incident_id "
     "GROUP BY r.id HAVING count(e.id) = 0"),
    ("as many report events as reports", "SELECT 1 WHERE (SELECT count(*) FROM intake.report) <> (SELECT count(*) FROM journal.event WHERE type = 250)"),
    ("each incident that was opened reached the matcher once",
     "SELECT e.subject, count(m.id) FROM journal.event e LEFT JOIN matcher.incident m ON m.id = e.subject WHERE e.type = 251 "
     "GROUP BY e.subject HAVING count(m.id) <> 1"),
    ("each offer was told once", "SELECT o.id FROM matcher.offer o LEFT JOIN notifier.delivery d ON d.offer_id = o.id AND d.channel = 1 "
     "GROUP BY o.id HAVING count(d.id) <> 1"),
    ("intake knows each assignment as the matcher does",
     f"SELECT a.incident_id, a.responder_id, a.state, m.assignment_state, m.force FROM {LAST} a LEFT JOIN intake.incident_responder m "
     "USING (incident_id, responder_id) WHERE (m.assignment_state, m.force) IS DISTINCT FROM (a.state, a.force)"),
    ("intake knows no assignment that the matcher does not",
     "SELECT m.incident_id, m.responder_id FROM intake.incident_responder m LEFT JOIN matcher.assignment a USING (incident_id, responder_id) "
     "JOIN intake.incident i ON i.id = m.incident_id WHERE m.assignment_state IS NOT NULL AND a.id IS NULL AND i.merged_into IS NULL"),
    ("whoever was stood down or left sees the incident no longer, unless asked again",
     f"SELECT a.incident_id, a.responder_id FROM {LAST} a JOIN intake.incident_responder m USING (incident_id, responder_id) "
     "WHERE m.active AND a.state IN (5, 6) AND NOT EXISTS (SELECT FROM matcher.offer o WHERE o.incident_id = a.incident_id "
     "AND o.responder_id = a.responder_id AND o.state IN (1, 2) AND o.made_at >= a.accepted_at)"),
]
RULES += [(f"{copy} is what the registry says", differs(copy, *rest)) for copy, *rest in COPIES]
TIMERS = ["intake", "matcher", "notifier", "intel", "readiness"]


def counters(cursor):
    cursor.execute("SELECT area, seq FROM journal.counter")
    return dict(cursor.fetchall())


def behind(cursor, mark):
    """Followers that have not reached where the journal stood at `mark`."""
    cursor.execute("SELECT service, area, seq FROM journal.cursor")
    return [(service, area, mark[area] - seq) for service, area, seq in cursor.fetchall() if seq < mark.get(area, 0)]


def overdue(cursor, seconds=10):
    late = []
    for schema in TIMERS:
        cursor.execute(f"SELECT '{schema}', kind, subject FROM {schema}.timer WHERE due_at < genxi.now_ms() - %s", (seconds * 1000,))
        late += cursor.fetchall()
    return late


def lasting(cursor, query, seconds=15):
    """Rows that break a rule and go on breaking it: work goes on while we look, so a row may be on its way for a moment."""
    end = time.monotonic() + seconds
    broken = None
    while broken is None or (broken and time.monotonic() < end):
        if broken is not None:
            time.sleep(1)
        cursor.execute(query)
        rows = set(cursor.fetchall())
        broken = rows if broken is None else broken & rows
    return sorted(broken, key=str)


def run(cluster, acked, checks):
    cursor = cluster.database().cursor()
    mark = counters(cursor)
    wait_for(lambda: not behind(cursor, mark), 60, 0.5)
    checks.that(not behind(cursor, mark), f"every follower reached the end: {behind(cursor, mark)[:5]}")
    wait_for(lambda: not overdue(cursor), 30, 0.5)
    checks.that(not overdue(cursor), f"every due timer ran: {overdue(cursor)[:5]}")
    cursor.execute("SELECT service, area, seq, reason FROM journal.poison")
    poisoned = cursor.fetchall()
    checks.that(not poisoned, f"no event was set aside: {poisoned[:3]}")
    for schema in TIMERS:
        cursor.execute(f"SELECT '{schema}', kind, subject, reason FROM {schema}.timer_dead")
        dead = cursor.fetchall()
        checks.that(not dead, f"no timer was set aside: {dead[:3]}")
    ids = [line.strip() for line in open(acked, encoding="utf-8")] if acked else []
    cursor.execute("SELECT id::text FROM intake.report")
    stored = {row[0] for row in cursor.fetchall()}
    missing = [i for i in ids if i not in stored]
    checks.that(not missing, f"every acknowledged report is there ({len(ids)} acknowledged, {len(missing)} missing: {missing[:3]})")
    checks.that(len(set(ids)) == len(ids), "no report was acknowledged under an id that another had")
    for what, query in RULES:
        broken = lasting(cursor, query)
        checks.that(not broken, f"{what}: {broken[:5]}")
    cursor.execute("SELECT (SELECT count(*) FROM intake.report), (SELECT count(*) FROM intake.incident), (SELECT count(*) FROM journal.event), "
                   "(SELECT count(*) FROM matcher.offer), (SELECT count(*) FROM audit.entry)")
    print("reports %d, incidents %d, events %d, offers %d, audit entries %d" % cursor.fetchone(), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("acked", nargs="?")
    parser.add_argument("--dir")
    arguments = parser.parse_args()
    result = Checks()
    run(Cluster(arguments.dir), arguments.acked, result)
    result.end()
