# SPDX-License-Identifier: Apache-2.0
"""Isolation: for thousands of random (actor, object, call) what is returned, and what is streamed, equals what a small model of its own allows.
The model knows who reported, whose site it is, which parties the playbook links and which of them is nearest, who holds an offer or a task and how it
stands, to whom a bulletin was given; it reads what the matcher decided and nothing that intake, intel-share or the notifier made of it."""
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
playbooks = {b["code"]: b for b in duty.get("/v1/playbooks")[1]["items"]}
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
made = {incident: reports for incident, reports in made.items() if incident in opened_here}  # of others the model does not know the beginning
time.sleep(6)

# --- the model ---
database = cluster.database().cursor()
OPEN, STOOD_DOWN, ABANDONED = 1, 5, 6
facts = {}


def distance(party, area):
    """From an organisation's area to the incident's; the district's own is next door to every station, another division's counts for nothing."""
    if party == area:
        return 0
    if party // 100 != area // 100:
        return None
    return 1 if party % 100 == 0 else 1 + abs(party - area)


def linked(kinds, area):
    told = set()
    for kind in kinds:
        near = [(distance(p["area"], area), p["id"]) for p in partners.values()
                if p["kind"] == kind and p["state"] == "active" and not p.get("exercise") and distance(p["area"], area) is not None]
        told |= {org for far, org in near if far == min(near)[0]}
    return told


for incident, reports in made.items():
    database.execute("SELECT area FROM intake.incident WHERE id = %s", (incident,))
    first, _, body = reports[0]
    owner = {r: next((x["partner_id"] for x in sites if x["id"] == b.get("site_id")), None) for _, r, b in reports}
    reporters = {a.org for a, _, _ in reports if a.roles & {"desk", "linked"}}
    fact = {"area": database.fetchone()[0], "concerned": reporters | {o for o in owner.values() if o}}
    fact["linked"] = linked(playbooks[body["type"]].get("linked", []), fact["area"])
    # The matcher hears of the first report's organisation and site alone.
    fact["first"] = {o for o in (first.org if first.roles & {"desk", "linked"} else None, owner[reports[0][1]]) if o}
    facts[incident] = fact


def tasks(incident):
    """How the matcher's offers and assignments of it stand now."""
    database.execute("SELECT id::text, responder_id::text, org_id::text, home_area, state FROM matcher.assignment WHERE incident_id = %s "
                     "ORDER BY accepted_at, id", (incident,))
    held = database.fetchall()
    database.execute("SELECT responder_id::text, org_id::text, home_area, state FROM matcher.offer WHERE incident_id = %s", (incident,))
    return held, database.fetchall()


OFFICERS = {"duty", "police", "approver", "analyst"}


def may_read(actor, incident):
    """The incident itself, in lists, by id and on streams."""
    fact = facts[incident]
    held, offered = tasks(incident)
    if actor.roles & OFFICERS:
        return fact["area"] in actor.areas
    if actor.roles & {"desk", "linked"}:
        return actor.org in fact["concerned"] | fact["linked"] | {org for _, _, org, _, _ in held}
    mine = [state for _, responder, _, _, state in held if responder == actor.responder]
    asked = any(responder == actor.responder and state == OPEN for responder, _, _, state in offered)
    return asked or bool(mine and mine[-1] not in (STOOD_DOWN, ABANDONED))


def own(actor, incident, responder, org, home):
    """Is this offer or assignment of it one that the actor sees?"""
    if actor.roles & OFFICERS:
        return facts[incident]["area"] in actor.areas or home in actor.areas
    return org == actor.org if actor.roles & {"desk", "linked"} else responder == actor.responder


def assignments(actor, incident):
    return {one for one, responder, org, home, _ in tasks(incident)[0] if own(actor, incident, responder, org, home)}


def team(actor, incident):
    """The ids of the assignments shown to the actor, None: no team at all."""
    fact = facts[incident]
    held, offered = tasks(incident)
    knows = "duty" in actor.roles and fact["area"] in actor.areas
    knows = knows or (bool(actor.roles & {"desk", "linked"}) and actor.org in fact["first"])
    knows = knows or any(own(actor, incident, r, o, h) for _, r, o, h, _ in held) or any(own(actor, incident, r, o, h) for r, o, h, _ in offered)
    return assignments(actor, incident) if knows else None


def agrees(look, model, seconds=10):
    """look() gives what model() says. Work goes on meanwhile and followers come a moment later: what lasts counts. (agreed, got, wanted)"""
    end = time.monotonic() + seconds
    while True:
        before = model()
        got = look()
        if got == before or got == model():
            return True, got, before
        if time.monotonic() > end:
            return False, got, before
        time.sleep(0.3)


def compare(what, look, model):
    global triples
    triples += 1
    held, got, wanted = agrees(look, model)
    checks.that(held, f"{what}: got {got}, the model says {wanted}")


def look_list(actor):
    status, page, _ = actor.api.get("/v1/incidents?limit=200")
    checks.that("13900000000" not in str(page), f"{actor.name}: a list holds no reporter")
    return {i["id"] for i in page["items"]} & set(made) if status == 200 else set()


def look_team(actor, incident):
    status, page, _ = actor.api.get(f"/v1/incidents/{incident}/team")
    return {a["id"] for a in page.get("assignments", [])} if status == 200 else None


def look_assignments(actor, incident):
    status, page, _ = actor.api.get(f"/v1/assignments?incident_id={incident}")
    return {a["id"] for a in page["items"]} if status == 200 else set()


def look_incident(actor, incident):
    status, answer, _ = actor.api.get(f"/v1/incidents/{incident}")
    if status == 200:
        text = str(answer)
        checks.that("13900000000" not in text, f"{actor.name}: no identity in {incident}")
        if "duty" not in actor.roles:
            checks.that("'police'" not in text.replace("'force': 'police'", ""), f"{actor.name}: no officers' part in {incident}")
            mine = [b["text"] for r, _, b in made[incident] if r.org == actor.org]
            other = [b["text"] for r, _, b in made[incident] if r.org != actor.org]
            checks.that(not any(t in text for t in other if t not in mine), f"{actor.name}: no other reporter's words in {incident}")
    return status == 200


triples = 0
for _ in range(1200):
    actor, incident = chance.choice(actors), chance.choice(list(made))
    call = chance.choice(["read", "team", "reporter", "list", "assignments"])
    what = f"{actor.name}, {call} of {incident}"
    if call == "list":
        compare(f"{actor.name}, list", lambda: look_list(actor), lambda: {i for i in made if may_read(actor, i)})
    elif call == "reporter":
        _, report_id, _ = made[incident][0]
        compare(what, lambda: actor.api.get(f"/v1/reports/{report_id}/reporter?purpose=isolation-test")[0] == 200,
                lambda: "duty" in actor.roles and facts[incident]["area"] in actor.areas)
    elif call == "assignments":
        compare(what, lambda: look_assignments(actor, incident), lambda: assignments(actor, incident))
    elif call == "team":
        compare(what, lambda: look_team(actor, incident), lambda: team(actor, incident))
    else:
        compare(what, lambda: look_incident(actor, incident), lambda: may_read(actor, incident))

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

# Bulletins: a small model of mark and audience. Named organisations' desks; for the community also those of a kind in an area; officers of the
# bulletin's area and of the audience's areas, but not of red ones; drafts only their drafter and the area's approvers.
drafter = Actor("drafter", ["police"], station, AREAS[:1])
approver = Actor("approver", ["approver"], station, AREAS[:1])
actors += [drafter, approver]
bulletins = {}
for n in range(12):
    mark = ["clear", "green", "amber", "amber_strict", "red"][n % 5]
    named = chance.sample(orgs, 2)
    audience = {"orgs": named}
    if mark in ("clear", "green"):
        like = partners[chance.choice(orgs)]
        audience.update(org_kinds=[like["kind"]], areas=[like["area"]])
    status, draft, _ = drafter.api.post("/v1/bulletins", {"area": AREAS[0], "mark": mark, "audience": audience, "purpose": "prevention", "title": f"isolation {n}",
                                                          "text": "isolation test", "expires_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 7200))})
    if checks.that(status == 201, f"a bulletin {mark}: {status} {draft}"):
        bulletins[draft["id"]] = {"mark": mark, "orgs": set(named), "kinds": audience.get("org_kinds", []), "areas": set(audience.get("areas", [])), "approved": n % 4 != 3}
for bulletin, fact in bulletins.items():
    if fact["approved"]:
        status, answer, _ = approver.api.post(f"/v1/bulletins/{bulletin}/decision", {"approve": True})
        checks.that(status == 200, f"approved: {status} {answer}")


def given_to(actor, bulletin):
    fact = bulletins[bulletin]
    if actor is drafter or actor is approver:
        return True
    if not fact["approved"]:
        return False
    if actor.roles & {"duty", "police", "approver"}:
        return fact["mark"] != "red" and bool(actor.areas & ({AREAS[0]} | fact["areas"]))
    if actor.roles & {"desk", "linked"}:
        org = partners[actor.org]
        return actor.org in fact["orgs"] or (org["kind"] in fact["kinds"] and org["area"] in fact["areas"])
    return False


def look_bulletins(actor):
    found = set()
    for bulletin in bulletins:
        found |= {bulletin} if actor.api.get(f"/v1/bulletins/{bulletin}")[0] == 200 else set()
    return found


def list_bulletins(actor):
    status, page, _ = actor.api.get("/v1/bulletins?limit=100")
    return {b["id"] for b in page["items"]} & set(bulletins) if status == 200 else set()


for actor in actors:
    compare(f"{actor.name}, bulletins listed", lambda: list_bulletins(actor), lambda: {b for b in bulletins if given_to(actor, b)})
    compare(f"{actor.name}, bulletins read", lambda: look_bulletins(actor), lambda: {b for b in bulletins if given_to(actor, b)})
triples += len(actors) * (len(bulletins) - 1)

# Webhooks: each organisation's own, and nobody else's to see, change, rotate, try or remove.
hooks = {}
for actor in actors[:6]:
    status, hook, _ = actor.api.post("/v1/webhooks", {"url": f"http://127.0.0.1:9/{new_id()}", "types": ["partner.changed"], "exercise": False})
    if checks.that(status == 201, f"{actor.name} makes a webhook: {status} {hook}"):
        hooks[hook["id"]] = actor
for actor in actors:
    if "admin" in actor.roles:
        continue
    status, page, _ = actor.api.get("/v1/webhooks")
    seen = {h["id"] for h in page["items"]} & set(hooks) if status == 200 else set()
    wanted = {h for h, owner in hooks.items() if owner.org == actor.org and "desk" in actor.roles}
    triples += 1
    checks.that(seen == wanted, f"{actor.name}, webhooks: {seen}, not {wanted}")
    for hook, owner in hooks.items():
        if owner.org == actor.org:
            continue
        for method, path, body in (("GET", "", None), ("PUT", "", {"url": "http://127.0.0.1:9/", "types": ["*"], "exercise": False}), ("POST", "/rotate", {}),
                                   ("POST", "/test", {}), ("DELETE", "", None)):
            status, answer, _ = actor.api.call(method, f"/v1/webhooks/{hook}{path}", body, key=None if method == "GET" else new_id())
            triples += 1
            checks.that(status in (403, 404), f"{actor.name}: {method} {path} of another's webhook: {status} {answer}")
for hook, owner in hooks.items():
    checks.that(owner.api.call("DELETE", f"/v1/webhooks/{hook}", key=new_id())[0] == 204, "its owner removes it")

# Keys: a desk makes keys for its own people, not one that speaks for another organisation's.
for actor in actors[:6]:
    other = next(r for r in people if r["org_id"] != actor.org)
    status, answer, _ = actor.api.post("/v1/keys", {"org_id": actor.org, "roles": ["responder"], "areas": [], "name": "isolation", "responder_id": other["id"]})
    slugs = {answer.get("type", "").rsplit(":", 1)[-1]} | {e.get("type", "").rsplit(":", 1)[-1] for e in answer.get("errors", [])}
    triples += 1
    checks.that(400 <= status < 500 and slugs & {"unknown-reference", "not-allowed", "foreign-responder"}, f"{actor.name} makes a key for another's responder: {status} {answer}")

# Streams: every event that came is one that the model allows, and what must come did.
time.sleep(1)
for actor in actors:
    for event in actor.stream.events:
        data = event["json"]
        subject = data.get("subject")
        if subject in made:
            triples += 1
            # It came at some moment before: an offer that has ended since was open then.
            held, offered = tasks(subject)
            once = may_read(actor, subject) or actor.responder in {r for _, r, _, _, _ in held} | {r for r, _, _, _ in offered}
            checks.that(once, f"{actor.name} was streamed {event.get('event')} of {subject}")
        if subject in bulletins:
            triples += 1
            checks.that(given_to(actor, subject), f"{actor.name} was streamed {event.get('event')} of the bulletin {bulletins[subject]}")
            if "duty" not in actor.roles:
                checks.that("'police':" not in str(data).replace("'force': 'police'", ""), f"{actor.name} was streamed an officers' part")
        checks.that("13900000000" not in event["data"], f"{actor.name} was streamed an identity")
    opened = {e["json"]["subject"] for e in actor.stream.events if e.get("event") == "incident.opened"}
    # Who was asked later did not hear of the opening.
    must = {i for i in made if ("duty" in actor.roles and facts[i]["area"] in actor.areas)
            or (actor.roles & {"desk", "linked"} and actor.org in facts[i]["linked"] | facts[i]["first"])}
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
