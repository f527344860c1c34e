# SPDX-License-Identifier: Apache-2.0
"""Coverage through the API: planted gaps are found with their kind, none is invented; told to officers and the site's partner and nobody else; a move
is suggested by rules, accepted, told to the one who moves, and closes the gap when he is there; a killed matcher tells nothing twice."""
import math
import random
import time

from genxi import Checks, Cluster, new_id, wait_for

cluster = Cluster()
checks = Checks()
chance = random.Random(5)
duty = cluster.api(cluster.duty_key())
admin = cluster.api(cluster.admin_key())
database = cluster.database().cursor()


def at_time(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def items(path, api=duty):
    found, cursor = [], ""
    while True:
        status, page, _ = api.get(path + ("&" if "?" in path else "?") + "limit=500" + cursor)
        assert status == 200, (path, page)
        found += page["items"]
        if not page.get("next_cursor"):
            return found
        cursor = "&cursor=" + page["next_cursor"]


def metres(a, b):
    return math.hypot((a[0] - b[0]) * 111195 * math.cos(math.radians(25)), (a[1] - b[1]) * 111195)


def post(path, body, status=201):
    got, answer, _ = admin.post(path, body)
    checks.that(got == status, f"{path}: {got} {answer}")
    return answer


def refused(what, answer, status, slug):
    got, body, _ = answer
    checks.that(got == status and slug in str(body), f"{what}: {got} {body}, not {status} {slug}")


cluster.quiet()

# ---- a place where nobody is: nobody from elsewhere can be there in a minute ----
sites = items("/v1/sites")
stations = duty.get("/v1/stations")[1]["items"]
taken = [(s["lon"], s["lat"]) for s in sites] + [(s["lon"], s["lat"]) for s in stations]
live = duty.get("/v1/live")[1]["items"]
taken += [(r["lon"], r["lat"]) for r in live if "lon" in r]
lons, lats = [p[0] for p in taken], [p[1] for p in taken]
spots = [(chance.uniform(min(lons), max(lons)), chance.uniform(min(lats), max(lats))) for _ in range(400)]
lonely = max(spots, key=lambda spot: min(metres(spot, p) for p in taken))
distance = min(metres(lonely, p) for p in taken)
checks.that(distance > 400, f"a lonely place: {distance:.0f} m from anything")  # the fastest make 356 m in a minute

partner = post("/v1/partners", {"name": f"覆盖测试 {new_id()}", "kind": "security", "area": stations[0]["area"],
                                "agreement": {"signed_at": at_time(-86400), "contract_areas": [s["area"] for s in stations], "off_site": True}})
stranger = next(s["partner_id"] for s in sites)
NEEDS = {
    "area": {"force": "police", "count": 1, "within_minutes": 1, "from_minute": 0, "until_minute": 0},
    "met": {"force": "guard", "count": 1, "within_minutes": 1, "from_minute": 0, "until_minute": 0},
}
on_duty = {"guard": 0, "police": 0, "patrol": 0, "volunteer": 0}
for one in live:
    on_duty[one["force"]] += 1 if one["on_shift"] else 0
few = next((force for force in ("volunteer", "patrol", "police") if 0 < on_duty[force] < 100), None)
if few:
    NEEDS["force"] = {"force": few, "count": 100, "within_minutes": 60, "from_minute": 0, "until_minute": 0}
minute = int(time.time() // 60 + 480) % 1440
NEEDS["not now"] = {"force": "police", "count": 1, "within_minutes": 1, "from_minute": (minute + 60) % 1440, "until_minute": (minute + 120) % 1440}
names = list(NEEDS)

desk = cluster.api(cluster.make_key(["desk"], partner["id"]))
other_desk = cluster.api(cluster.make_key(["desk"], stranger))
streams = {"duty": duty.stream(), "desk": desk.stream(), "other": other_desk.stream()}


def guard(call_sign, east=0.0):
    who = post("/v1/responders", {"org_id": partner["id"], "force": "guard", "guard_kind": "licensed", "call_sign": call_sign})
    post("/v1/shifts", {"responder_id": who["id"], "from_at": at_time(-3600), "until_at": at_time(3 * 3600)})
    return who


def stand(who, east_m):
    place = {"responder_id": who["id"], "lon": lonely[0] + east_m / 111195 / math.cos(math.radians(25)), "lat": lonely[1], "at": at_time(0)}
    status, answer, _ = desk.post("/v1/positions", {"positions": [place]})
    return status == 202 and answer["taken"] == 1


near = guard("覆盖-保01")
far = guard("覆盖-保02")
for who, east in ((near, 30), (far, 5000)):
    checks.that(wait_for(lambda who=who, east=east: stand(who, east), 20, 0.5), "a position of somebody on shift is taken")
site = post("/v1/sites", {"partner_id": partner["id"], "name": "覆盖测试点", "kind": "mall", "lon": lonely[0], "lat": lonely[1], "needs": list(NEEDS.values())})


def rows(api=duty, query=""):
    status, page, _ = api.get(f"/v1/coverage?site_id={site['id']}&limit=100{query}")
    assert status == 200, page
    return {("first" if "need" not in r else names[r["need"]]): r for r in page["items"]}, page


# ---- planted and found, not planted and not found ----
checks.that(wait_for(lambda: len(rows()[0]) > 0, 20), "the site's needs are known")
found, page = rows()
checks.that(set(found) == set(names) - {"not now"} | {"first"}, f"a row for each need that asks, and first response: {sorted(found)}")
checks.that(found["area"]["kind"] == "area" and found["area"]["have"] == 0 and not found["area"]["met"], f"nobody near: {found['area']}")
checks.that(found["met"]["met"] and "kind" not in found["met"], f"a guard is there: {found['met']}")
checks.that(found["first"]["met"], f"so is a first response: {found['first']}")
if few:
    checks.that(found["force"].get("kind") == "force", f"of {on_duty[few]} on duty {few}, a hundred are wanted: {found['force']}")
else:
    print("SKIPPED: of every force a hundred are on duty")
asking = len(names) - 1
checks.that((page["covered"], page["covered_of"], page["linked"], page["linked_of"]) == (1, asking, 1, 1), f"both figures: {page}")
ahead, page = rows(query=f"&at={at_time(90 * 60)}")
checks.that(ahead.get("not now", {}).get("met") is False, f"in an hour and a half it asks, and nobody is near: {ahead}")
checks.that(ahead["met"]["kind"] == "area", f"nobody is posted there by the roster: {ahead['met']}")


def told(stream, change, need, seconds=40):
    """The event of the planted site's gap."""
    def right(event):
        data = event["json"].get("data", {})
        gap = data.get("gap", {})
        return event.get("event") == "coverage.gap" and gap.get("site_id") == site["id"] and data["change"] == change and not gap["ahead"] \
            and (gap.get("need") == names.index(need) if need != "first" else "need" not in gap)
    return stream.wait(right, seconds)


# ---- told to those whom it concerns ----
raised = told(streams["duty"], "raised", "area")
checks.that(raised is not None, "officers hear of the gap")
checks.that(told(streams["desk"], "raised", "area") is not None, "so does the site's own partner")
checks.that(not any(s["json"].get("data", {}).get("gap", {}).get("site_id") == site["id"] for s in streams["other"].events), "nobody else does")
checks.that(told(streams["duty"], "raised", "met", 0.1) is None, "what is met is not told")
found, _ = rows()
checks.that(found["area"].get("gap_id") == raised["json"]["subject"] and "since_at" in found["area"], f"the row names the gap: {found['area']}")
own, page = rows(desk)
checks.that(set(own) == set(found) and page["linked_of"] == 1, f"the partner sees its own site: {sorted(own)}")
status, page, _ = desk.get("/v1/coverage?limit=500")
checks.that({r["site_id"] for r in page["items"]} == {site["id"]} and page["linked_of"] == 1, "and no other")
strange, page = rows(other_desk)
checks.that(strange == {} and page["linked_of"] == 0 and page["covered_of"] == 0, f"another partner sees nothing of it: {strange} {page}")
listed = items("/v1/coverage")
everything = duty.get("/v1/coverage?limit=1")[1]
checks.that(len({(r["site_id"], r.get("need")) for r in listed}) == len(listed), "no row comes twice through the pages")
checks.that(sum("need" in r for r in listed) in range(everything["covered_of"] - 50, everything["covered_of"] + 50), "the figure has the list behind it")

# ---- the guard leaves; a move brings the other ----
checks.that(wait_for(lambda: stand(near, 4000), 10, 0.5), "the guard goes")
gone = told(streams["duty"], "raised", "met")
first = told(streams["duty"], "raised", "first")
checks.that(gone is not None and first is not None, "the guard's need and first response are gaps now")
gap_id = gone["json"]["subject"]
area = gone["json"]["data"]["gap"]["area"]
status, moves, _ = duty.get(f"/v1/coverage/moves?area={area}")
checks.that(status == 200, f"moves: {status} {moves}")
open_gaps = {r["gap_id"] for r in items(f"/v1/coverage?area={area}&only_gaps=true") if "gap_id" in r}
checks.that(all(m["gap_id"] in open_gaps for m in moves["suggested"]), "suggestions are for open gaps")
checks.that(len({m["responder_id"] for m in moves["suggested"]}) == len(moves["suggested"]), "nobody is suggested twice")
print(f"{len(moves['suggested'])} moves suggested for {len(open_gaps)} gaps; ours is among them: {any(m['gap_id'] == gap_id for m in moves['suggested'])}")
device = cluster.api(cluster.make_key(["responder"], partner["id"], (), far["id"]))
device_stream = device.stream()
wish = {"responder_id": far["id"], "site_id": site["id"], "gap_id": gap_id}
refused("a desk that moves", desk.post("/v1/coverage/moves", wish), 403, "not-allowed")
refused("an unknown gap", duty.post("/v1/coverage/moves", dict(wish, gap_id=new_id())), 404, "not-found")
refused("no id", duty.post("/v1/coverage/moves", dict(wish, gap_id="x")), 400, "wrong-format")
refused("another site than the gap's", duty.post("/v1/coverage/moves", dict(wish, site_id=sites[0]["id"])), 422, "unknown-reference")
refused("an unknown responder", duty.post("/v1/coverage/moves", dict(wish, responder_id=new_id())), 422, "unknown-reference")
refused("a time long past", duty.post("/v1/coverage/moves", dict(wish, until_at=at_time(-60))), 400, "out-of-range")
policeman = next(r for r in live if r["force"] == "police" and r["on_shift"])
refused("another force", duty.post("/v1/coverage/moves", dict(wish, responder_id=policeman["responder_id"])), 422, "hard-rule")
key = new_id()
status, move, _ = duty.post("/v1/coverage/moves", wish, key=key)
checks.that(status == 201 and move["site_id"] == site["id"], f"a move is accepted: {status} {move}")
again = duty.post("/v1/coverage/moves", wish, key=key)
checks.that(again[0] == 201 and again[1]["id"] == move["id"], "the same request is the same move")
refused("a second move", duty.post("/v1/coverage/moves", wish), 409, "duplicate")
for name, stream in (("device", device_stream), ("desk", streams["desk"]), ("duty", streams["duty"])):
    checks.that(stream.wait(lambda e: e.get("event") == "coverage.move" and e["json"]["subject"] == move["id"]) is not None, f"the {name} hears of the move")
active = duty.get("/v1/coverage/moves")[1]["active"]
checks.that([m["id"] for m in active if m["site_id"] == site["id"]] == [move["id"]], f"it is among the active ones: {active}")
ahead, _ = rows(query=f"&at={at_time(30 * 60)}")
checks.that(ahead["met"]["met"], f"in the roster he is posted there: {ahead['met']}")
checks.that(wait_for(lambda: stand(far, 20), 10, 0.5), "he comes")
checks.that(told(streams["duty"], "ended", "met") is not None, "the gap has ended")
checks.that(told(streams["duty"], "ended", "first") is not None, "so has the one of first response")
refused("a desk that ends a move", desk.call("DELETE", f"/v1/coverage/moves/{move['id']}"), 403, "not-allowed")
status, ended, _ = duty.call("DELETE", f"/v1/coverage/moves/{move['id']}", key=new_id())
checks.that(status == 200 and ended["ended_by"] == "officer", f"an officer ends it: {status} {ended}")
refused("twice", duty.call("DELETE", f"/v1/coverage/moves/{move['id']}", key=new_id()), 409, "wrong-state")
refused("an unknown move", duty.call("DELETE", f"/v1/coverage/moves/{new_id()}", key=new_id()), 404, "not-found")

# ---- bad questions ----
refused("no rows wanted", duty.get("/v1/coverage?limit=0"), 400, "out-of-range")
refused("a cursor of our own making", duty.get("/v1/coverage?cursor=abc"), 400, "bad-cursor")
refused("the day after tomorrow", duty.get(f"/v1/coverage?at={at_time(172800).replace('+', '%2B')}"), 400, "out-of-range")
refused("yesterday", duty.get(f"/v1/coverage?at={at_time(-86400)}"), 400, "out-of-range")
refused("not an id", duty.get("/v1/coverage?site_id=mall"), 400, "wrong-format")
refused("an unknown parameter", duty.get("/v1/coverage?colour=red"), 400, "unknown-parameter")
refused("a device", device.get("/v1/coverage"), 403, "not-allowed")
refused("a partner's desk", desk.get("/v1/coverage/moves"), 403, "not-allowed")

# ---- a killed matcher tells nothing twice ----
cluster.kill("matcher")
cluster.wait_ready(60)
checks.that(wait_for(lambda: stand(far, 20), 20, 0.5), "positions are taken again")
time.sleep(4)
stood = [e for e in streams["duty"].events if e.get("event") == "coverage.gap" and e["json"]["subject"] == raised["json"]["subject"]]
checks.that([e["json"]["data"]["change"] for e in stood] == ["raised"], f"the gap that stood was told once: {[e['json']['data']['change'] for e in stood]}")
database.execute("SELECT count(*) FROM (SELECT site_id, ord, ahead FROM matcher.gap WHERE ended_at = 0 GROUP BY 1, 2, 3 HAVING count(*) > 1) x")
checks.that(database.fetchone()[0] == 0, "no gap stands twice")
counts = {}
for event in streams["duty"].events:
    if event.get("event") == "coverage.gap" and event["json"]["data"]["change"] == "raised":
        counts[event["json"]["subject"]] = counts.get(event["json"]["subject"], 0) + 1
checks.that(all(n == 1 for n in counts.values()), f"each of {len(counts)} gaps was raised once")
for stream in [*streams.values(), device_stream]:
    stream.close()
checks.end()
