# SPDX-License-Identifier: Apache-2.0
"""Isolation: for thousands of random (actor, object, call) what is returned, and what is streamed, equals what a small model of its own allows.
The model knows who reported, whose site it is, who is linked, who was offered or holds a task, and nothing of the services' code."""
import random
import time

from genxi import DISTRICT, Checks, Cluster, new_id, wait_for

cluster = Cluster()
checks = Checks()
chance = random.Random(11)
duty = cluster.api(cluster.duty_key())
AREAS = [53011201 + i for i in range(10)]


def items(path, api=duty, limit=3000):
    found, cursor = [], ""
    while len(found) < limit:
        status, page, _ = api.get(path + ("&" if "?" in path else "?") + "limit=200" + cursor)
        assert status == 200, (path, page)
        found += page["items"]
        if not page.get("next_cursor"):
            break
        cursor = "&cursor=" + page["next_cursor"]
    return found


sites = items("/v1/sites", limit=400)
on_shift = items("/v1/responders?on_shift=true", limit=600)
partners = {p["id"]: p for p in items("/v1/partners", limit=2000)}
orgs = [o for o in {s["partner_id"] for s in sites} if o in partners]
orgs = chance.sample(sorted(orgs), 6)


class Actor:
    def __init__(self, name, roles, org, areas=(), responder=None):
        self.name, self.roles, self.org, self.areas, self.responder = name, set(roles), org, set(areas), responder
        self.api = cluster.api(cluster.make_key(roles, org, areas, responder))
        self.stream = self.api.stream("/v1/stream?exercise=true")


station = next(p["id"] for p in partners.values() if p["kind"] == "station")
actors = [Actor(f"desk {i}", ["desk"], org) for i, org in enumerate(orgs)]
actors += [Actor("officer of two areas", ["duty"], station, AREAS[:2]), Actor("officer of the rest", ["duty"], station, AREAS[2:])]
actors += [Actor("administrator", ["admin"], station)]
people = [r for r in on_shift if r["force"] in ("guard", "patrol")]
chance.shuffle(people)
actors += [Actor(f"device {i}", ["responder"], r["org_id"], (), r["id"]) for i, r in enumerate(people[:5])]
fire = next((p["id"] for p in partners.values() if p["kind"] == "fire"), None)
if fire:
    actors.append(Actor("fire brigade", ["linked"], fire))
time.sleep(0.5)

# Reports from desks and officers, some at other people's sites.
TYPES = ["dispute", "fight", "burglar_alarm", "fire_first_response", "suspicious_activity", "lost_person", "other"]
made = {}
opened_here = set()
for n in range(30):
    reporter = chance.choice(actors[:8])
    site = chance.choice(sites)
    body = {"type": chance.choice(TYPES), "text": f"isolation {n} {new_id()}", "reporter": {"name": "演示", "phone": "13900000000"}}
    if chance.random() < 0.5:
        body["site_id"] = site["id"]
    else:
        body["lon"], body["lat"] = site["lon"] + chance.uniform(-0.01, 0.01), site["lat"] + chance.uniform(-0.01, 0.01)
    status, answer, _ = reporter.api.post("/v1/reports", body)
    checks.that(status == 201, f"{reporter.name} reports: {status} {answer}")
    if status == 201:
        if not answer["merged"]:
            opened_here.add(answer["incident_id"])
        made.setdefault(answer["incident_id"], []).append((reporter, answer["report_id"], body))
time.sleep(6)

# The model's facts, as the officers see them: area, linked and involved organisations and responders.
database = cluster.database().cursor()
facts = {}


def asked_for(incident):
    """Who was asked so far, and the home areas of those: the matcher goes on asking while we look."""
    both = ("SELECT DISTINCT responder_id::text, org_id::text, home_area FROM matcher.assignment WHERE incident_id = %s UNION "
            "SELECT DISTINCT responder_id::text, org_id::text, home_area FROM matcher.offer WHERE incident_id = %s")
    database.execute(both, (incident, incident))
    rows = database.fetchall()
    return {r: o for r, o, _ in rows}, {h for _, _, h in rows}


for incident in made:
    database.execute("SELECT area FROM intake.incident WHERE id = %s", (incident,))
    area = database.fetchone()[0]
    concerned = {reporter.org for reporter, _, _ in made[incident] if "desk" in reporter.roles or "linked" in reporter.roles}
    for _, _, body in made[incident]:
        concerned |= {s["partner_id"] for s in sites if s["id"] == body.get("site_id")}
    database.execute("SELECT DISTINCT p.id::text FROM readiness.partner p JOIN intake.playbook b ON b.code = ANY(%s) "
                     "WHERE p.kind IN (10, 11, 12) AND p.state = 1", ([b["type"] for _, _, b in made[incident]],))
    linked_candidates = {row[0] for row in database.fetchall()}
    database.execute("SELECT org_id::text, why::text FROM intake.incident_org WHERE incident_id = %s", (incident,))
    noted = dict(database.fetchall())
    asked, homes = asked_for(incident)
    facts[incident] = {"area": area, "concerned": concerned, "linked": linked_candidates & set(noted), "asked": asked, "homes": homes}


def may_read(actor, incident):
    """True, False, or None where the model leaves it open (an organisation whose member was asked: it may, once it is on the team)."""
    fact = facts[incident]
    if "duty" in actor.roles:
        if fact["area"] in actor.areas:
            return True
        # Where people of the officer's own areas or station were asked, the officer may see them at work.
        own_people = fact["homes"] & actor.areas or actor.org in fact["asked"].values()
        return None if actor.org in fact["concerned"] or own_people else False
    if "desk" in actor.roles or "linked" in actor.roles:
        if actor.org in fact["concerned"] or actor.org in fact["linked"]:
            return True
        return None if actor.org in fact["asked"].values() else False
    if actor.responder:
        return None if actor.responder in fact["asked"] else False
    return False


triples = 0
for _ in range(1500):
    actor = chance.choice(actors)
    incident = chance.choice(list(made))
    allowed = may_read(actor, incident)
    call = chance.choice(["", "/team", "reporter", "list", "assignments"])
    triples += 1
    if call == "list":
        status, page, _ = actor.api.get("/v1/incidents?limit=200")
        if status == 200:
            seen = {i["id"] for i in page["items"]} & set(made)
            wrong = [i for i in seen if may_read(actor, i) is False]
            checks.that(not wrong, f"{actor.name} lists {wrong}")
            checks.that("13900000000" not in str(page), f"{actor.name}: a list holds no reporter")
        else:
            checks.that(status == 403, f"{actor.name} lists: {status}")
    elif call == "reporter":
        _, report_id, _ = made[incident][0]
        status, answer, _ = actor.api.get(f"/v1/reports/{report_id}/reporter?purpose=isolation-test")
        right = "duty" in actor.roles and facts[incident]["area"] in actor.areas
        checks.that((status == 200) == right, f"{actor.name} reads the identity behind {incident}: {status}, allowed {right}")
    elif call == "assignments":
        status, page, _ = actor.api.get(f"/v1/assignments?incident_id={incident}")
        if status == 200:
            for one in page["items"]:
                own = one["org_id"] == actor.org or one["responder_id"] == actor.responder
                officer = "duty" in actor.roles and facts[incident]["area"] in actor.areas
                checks.that(own or officer, f"{actor.name} sees the assignment {one}")
    else:
        status, answer, _ = actor.api.get(f"/v1/incidents/{incident}{call}")
        if allowed is True and call == "":
            checks.that(status == 200, f"{actor.name} may read {incident} and got {status}: {answer}")
        if allowed is False and status == 200:
            facts[incident]["asked"], facts[incident]["homes"] = asked_for(incident)
            allowed = may_read(actor, incident)
        if allowed is False:
            checks.that(status in (403, 404), f"{actor.name} may not read {incident}{call} and got {status}")
        if status == 200:
            text = str(answer)
            checks.that("13900000000" not in text, f"{actor.name}: no identity in {incident}{call}")
            if "duty" not in actor.roles:
                checks.that("'police'" not in text.replace("'force': 'police'", ""), f"{actor.name}: no officers' part in {incident}{call}")
                own_texts = [b["text"] for r, _, b in made[incident] if r.org == actor.org]
                other = [b["text"] for r, _, b in made[incident] if r.org != actor.org]
                checks.that(not any(t in text for t in other if t not in own_texts), f"{actor.name}: no other reporter's words in {incident}{call}")

# Tips: officers of the area and the one who gave it; nobody else.
teller = next(a for a in actors if a.responder)
site = chance.choice(sites)
status, tip, _ = teller.api.post("/v1/tips", {"lon": site["lon"], "lat": site["lat"], "seen_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                                              "seen": "isolation test", "kind": "suspicious_activity"})
checks.that(status == 201, f"a tip: {status} {tip}")
database.execute("SELECT area FROM intel.tip WHERE id = %s", (tip["id"],))
tip_area = database.fetchone()[0]
for actor in actors:
    status, page, _ = actor.api.get(f"/v1/tips?id={tip['id']}")
    seen = status == 200 and bool(page["items"])
    right = ("duty" in actor.roles and tip_area in actor.areas) or actor is teller or ("desk" in actor.roles and actor.org == teller.org)
    checks.that(not seen or right, f"{actor.name} sees a tip")
    checks.that(seen or not ("duty" in actor.roles and tip_area in actor.areas), f"{actor.name} does not see the tip of an own area")

# Streams: every event that came is one that the model allows, and what must come did.
time.sleep(1)
for actor in actors:
    for event in actor.stream.events:
        data = event["json"]
        subject = data.get("subject")
        if subject in made:
            triples += 1
            if may_read(actor, subject) is False:
                facts[subject]["asked"], facts[subject]["homes"] = asked_for(subject)
            allowed = may_read(actor, subject)
            checks.that(allowed is not False, f"{actor.name} was streamed {event.get('event')} of {subject}")
            if "duty" not in actor.roles:
                checks.that("'police':" not in str(data).replace("'force': 'police'", ""), f"{actor.name} was streamed an officers' part")
        checks.that("13900000000" not in event["data"], f"{actor.name} was streamed an identity")
    opened = {e["json"]["subject"] for e in actor.stream.events if e.get("event") == "incident.opened"}
    must = {i for i in opened_here if may_read(actor, i) is True}
    checks.that(must <= opened, f"{actor.name} was not streamed {sorted(must - opened)[:3]}")
    actor.stream.close()

# Writing where one may not.
for _ in range(200):
    actor = chance.choice([a for a in actors if "duty" not in a.roles])
    incident = chance.choice(list(made))
    path, body = chance.choice([("/transitions", {"to": "cancelled", "reason": "x"}), ("/correct", {"grade": 1, "reason": "x"}),
                                ("/merge", {"into_id": chance.choice(list(made)), "reason": "x"}), ("/command", {})])
    status, answer, _ = actor.api.post(f"/v1/incidents/{incident}{path}", body)
    triples += 1
    checks.that(status in (400, 403, 404, 409, 422), f"{actor.name} changes {incident}{path}: {status} {answer}")
for incident in made:
    duty.post(f"/v1/incidents/{incident}/transitions", {"to": "cancelled", "reason": "test"})
print(f"{triples} (actor, object, call) compared over {len(actors)} actors and {len(made)} incidents")
checks.end()
