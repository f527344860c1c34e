# SPDX-License-Identifier: Apache-2.0
"""Every bad input has a problem type of its own, both languages, the field where there is one, and changes nothing."""
import json
import socket
import ssl
import subprocess
import tempfile
import threading
import time

from genxi import Checks, Cluster, new_id, wait_for

cluster = Cluster()
checks = Checks()
duty = cluster.api(cluster.duty_key())
database = cluster.database().cursor()


def count():
    # Not offers: the matcher goes on asking for incidents of the tests before.
    database.execute("SELECT (SELECT count(*) FROM intake.report), (SELECT count(*) FROM intake.incident), (SELECT count(*) FROM intel.tip)")
    return database.fetchone()


def refused(what, answer, status, slug, pointer=None):
    got, body, headers = answer
    good = checks.that(got == status, f"{what}: status {got}, not {status}: {body}")
    if not good or not isinstance(body, dict):
        return checks.that(isinstance(body, dict), f"{what}: no problem document: {body!r}")
    checks.that(headers.get("Content-Type", "").startswith("application/problem+json"), f"{what}: type {headers.get('Content-Type')}")
    slugs = [body["type"].rsplit(":", 1)[-1].rsplit("/", 1)[-1]] + [e.get("type", "").rsplit(":", 1)[-1] for e in body.get("errors", [])]
    checks.that(slug in slugs, f"{what}: problem {slugs}, not {slug}")
    text = json.dumps(body, ensure_ascii=False)
    checks.that(any("\u4e00" <= c <= "\u9fff" for c in text), f"{what}: no Chinese sentence in {text}")
    checks.that(any(c.isascii() and c.isalpha() for c in body.get("detail", "")), f"{what}: no English sentence")
    if pointer:
        checks.that(pointer in [e.get("pointer") for e in body.get("errors", [])], f"{what}: {body.get('errors')} does not name {pointer}")
    return good


def report(**changes):
    body = {"type": "dispute", "lon": 102.668, "lat": 25.02, "text": "bad input test"}
    body.update(changes)
    return {k: v for k, v in body.items() if v is not None}


# An organisation with a desk, and a responder of it on shift and one off shift.
status, listed, _ = duty.get("/v1/responders?on_shift=true&force=guard&limit=50")
guard = listed["items"][0]
status, others, _ = duty.get("/v1/responders?on_shift=true&force=patrol&limit=50")
stranger = next(r for r in others["items"] if r["org_id"] != guard["org_id"])
desk = cluster.api(cluster.make_key(["desk"], guard["org_id"]))
status, everybody, _ = duty.get("/v1/responders?on_shift=false&limit=50")
off_shift = everybody["items"][0]

before = count()
refused("unknown type", duty.post("/v1/reports", report(type="dragon")), 422, "unknown-incident-type", "/type")
refused("no coordinates", duty.post("/v1/reports", report(lon=None, lat=None)), 400, "coordinates-missing")
refused("longitude out of range", duty.post("/v1/reports", report(lon=200)), 400, "coordinates-out-of-range")
refused("latitude out of range", duty.post("/v1/reports", report(lat=-91)), 400, "coordinates-out-of-range")
refused("text where a number belongs", duty.post("/v1/reports", report(lon="102")), 400, "wrong-type", "/lon")
refused("no type", duty.post("/v1/reports", report(type=None)), 400, "missing-field", "/type")
refused("unknown field", duty.post("/v1/reports", report(colour="red")), 400, "unknown-field", "/colour")
refused("grade 9", duty.post("/v1/reports", report(grade=9)), 400, "out-of-range", "/grade")
refused("an unknown datum", duty.post("/v1/reports", report(crs="mars")), 400, "unknown-crs", "/crs")
refused("a time in the future", duty.post("/v1/reports", report(occurred_at="2099-01-01T00:00:00Z")), 422, "time-in-future", "/occurred_at")
refused("a time without offset", duty.post("/v1/reports", report(occurred_at="2026-01-01T00:00:00")), 400, "wrong-format", "/occurred_at")
refused("a machine outside the district", desk.post("/v1/reports", report(lon=25.02, lat=80.0, source="panel")), 422, "outside-district")
refused("no key", cluster.api(None).post("/v1/reports", report()), 401, "unauthenticated")
refused("unknown key", cluster.api("gxk_" + "A" * 43).post("/v1/reports", report()), 401, "unauthenticated")
status, key, _ = cluster.api(cluster.admin_key()).post("/v1/keys", {"org_id": guard["org_id"], "roles": ["desk"], "areas": [],
                                                                     "expires_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))})
checks.that(status == 201, f"a key that expires soon: {status} {key}")
time.sleep(3.2)
refused("expired key", cluster.api(key["secret"]).post("/v1/reports", report()), 401, "credential-expired")
refused("another organisation's responder", desk.post("/v1/reports", report(responding=[stranger["id"]])), 403, "foreign-responder", "/responding/0")
# The answer comes before the body has gone out: curl reads it, Python's client would not.
with tempfile.NamedTemporaryFile() as big:
    big.write(b'{"text":"' + b"x" * 10_000_000 + b'"}')
    big.flush()
    done = subprocess.run(["curl", "-s", "-w", "\n%{http_code} %{content_type}", "--cacert", f"{cluster.dir}/keys/tls/ca.crt", "-H", "Expect:", "-H",
                           f"Authorization: Bearer {cluster.duty_key()}", "-H", "Content-Type: application/json", "-H", "Accept-Language: en",
                           "--data-binary", f"@{big.name}", f"{cluster.url()}/v1/reports"], capture_output=True, text=True)
body, _, last = done.stdout.rpartition("\n")
status, _, kind = last.partition(" ")
refused("a body of 10 MB", (int(status or 0), json.loads(body or "{}"), {"Content-Type": kind}), 413, "body-too-large")
refused("deep JSON", duty.post("/v1/reports", raw=b'{"reporter":' * 40 + b"1" + b"}" * 40, headers={"Content-Type": "application/json"}), 400, "json-depth")
refused("invalid UTF-8", duty.post("/v1/reports", raw=b'{"type":"dispute","lon":102.668,"lat":25.02,"text":"\xff\xfe"}',
                                   headers={"Content-Type": "application/json"}), 400, "invalid-utf8")
refused("no JSON", duty.post("/v1/reports", raw=b"{", headers={"Content-Type": "application/json"}), 400, "json-syntax")
refused("another media type", duty.post("/v1/reports", raw=b"<x/>", headers={"Content-Type": "application/xml"}), 415, "media-type")
refused("no such route", duty.get("/v1/dragons"), 404, "no-such-route")
refused("no such method", duty.call("DELETE", "/v1/incidents"), 405, "method-not-allowed")
refused("unknown parameter", duty.get("/v1/incidents?colour=red"), 400, "unknown-parameter")
refused("a cursor of our own making", duty.get("/v1/incidents?cursor=abc"), 400, "bad-cursor")
refused("a bare idempotency key", duty.post("/v1/reports", report(), key=None, headers={"Idempotency-Key": "bare"}), 400, "idempotency-key-syntax")
refused("no such incident", duty.get(f"/v1/incidents/{new_id()}"), 404, "not-found")
refused("not an id", duty.get("/v1/incidents/xyz"), 400, "wrong-format")
refused("a desk that commands", desk.post(f"/v1/incidents/{new_id()}/transitions", {"to": "closed"}), 403, "not-allowed")
refused("a drill by somebody who may not", desk.post("/v1/reports", report(exercise=True)), 403, "not-allowed")
# Swapped, lon 25.02 and lat 102.668 lie nowhere, and turned round in the district: a machine is told so.
refused("a machine's swapped coordinates", desk.post("/v1/reports", report(lon=25.02, lat=102.668, source="panel")), 422, "outside-district")
checks.that(count() == before, f"refused requests changed something: {before} -> {count()}")

# What comes from a person is kept, with a flag: somewhere else, or swapped.
kept_here = []
status, kept, _ = duty.post("/v1/reports", report(lon=25.02, lat=89.9, source="desk"))
checks.that(status == 201 and kept["flags"] == ["outside_district"], f"a person's report from outside is kept with a flag: {status} {kept}")
kept_here.append(kept.get("incident_id"))
status, kept, _ = duty.post("/v1/reports", report(lon=25.02, lat=102.668, source="desk"))
checks.that(status == 201 and "swapped_coordinates" in kept["flags"], f"a person's swapped coordinates are kept with a flag: {status} {kept}")
kept_here.append(kept.get("incident_id"))
database.execute("SELECT r.lon, r.lat, i.lon, i.lat FROM intake.report r JOIN intake.incident i ON i.id = r.incident_id WHERE r.id = %s", (kept.get("report_id"),))
checks.that(database.fetchone() == (25.02, 102.668, 102.668, 25.02), "as they were typed, and the incident where they were meant")
status, _, _ = duty.post("/v1/reports", report(lon=102.668, lat=25.02, source="desk", text="not swapped"))
database.execute("SELECT flags FROM intake.report WHERE text = 'not swapped'")
checks.that(status == 201 and database.fetchone() == ([],), "the same the right way round bears no flag")
for one in kept_here:
    duty.post(f"/v1/incidents/{one}/transitions", {"to": "cancelled", "reason": "test"})

# Positions.
now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def position(who, at=now, **changes):
    fix = {"responder_id": who["id"], "lon": 102.668, "lat": 25.02, "at": at}
    fix.update(changes)
    return {"positions": [fix]}


def position_refused(what, caller, body, slug):
    status, answer, _ = caller.post("/v1/positions", body)
    answers = answer.get("refused", []) if isinstance(answer, dict) else []
    checks.that(status == 202 and [r["problem"] for r in answers] == [slug], f"{what}: {status} {answer}")
    for one in answers:
        checks.that(one["type"] == f"urn:genxi:problem:{slug}", f"{what}: its type is a URI: {one}")
        checks.that(one["detail"] == one["detail_en"] and any(c.isascii() and c.isalpha() for c in one["detail_en"]), f"{what}: an English sentence: {one}")
        checks.that(any("\u4e00" <= c <= "\u9fff" for c in one["detail_zh"]), f"{what}: a Chinese sentence: {one}")


def known_positions():
    database.execute("SELECT responder_id, at, lon, lat FROM matcher.position WHERE responder_id::text = ANY(%s) ORDER BY 1",
                     ([guard["id"], off_shift["id"], stranger["id"]],))
    return database.fetchall()


before = known_positions()
position_refused("a position from the future", duty, position(guard, "2099-01-01T00:00:00Z"), "position-in-future")
position_refused("a position off shift", duty, position(off_shift), "off-shift")
position_refused("another organisation's position", desk, position(stranger), "foreign-responder")
time.sleep(2)  # positions are written in batches
checks.that(known_positions() == before, "no refused position was kept")

# Idempotency: the same body is the same report, another body is refused.
key = new_id()
first = duty.post("/v1/reports", report(text="idem"), key=key)
again = duty.post("/v1/reports", report(text="idem"), key=key)
checks.that(first[0] == 201 and again[0] == 201 and first[1]["report_id"] == again[1]["report_id"], f"a repeat is the same report: {first[:2]} {again[:2]}")
before = count()
refused("a repeated key with another body", duty.post("/v1/reports", report(text="other"), key=key), 409, "idempotency-key-reuse")
checks.that(count() == before, "the refused repeat changed nothing")

# Illegal transition names the legal ones.
incident = first[1]["incident_id"]
status, body, _ = duty.post(f"/v1/incidents/{incident}/transitions", {"to": "closed"})
refused("an illegal transition", (status, body, _), 409, "illegal-transition")
checks.that("cancelled" in json.dumps(body), f"the legal ones are named: {body}")
duty.post(f"/v1/incidents/{incident}/transitions", {"to": "cancelled", "reason": "test"})

# An accept after expiry, and a second one. Officers near by are asked; some run out, one is accepted twice.
cluster.quiet()  # who is asked, at work or at rest elsewhere would not be asked here
status, listed, _ = duty.get("/v1/responders?on_shift=true&force=police&limit=12")
officers = {r["id"]: cluster.api(cluster.make_key(["police", "responder"], r["org_id"], (), r["id"])) for r in listed["items"]}
now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
fixes = [{"responder_id": r, "lon": 102.668, "lat": 25.02, "at": now} for r in officers]
status, taken, _ = duty.post("/v1/positions", {"positions": fixes})
checks.that(status == 202, f"officers tell where they are: {status} {taken}")
status, fight, _ = duty.post("/v1/reports", report(type="fight", text=f"accepts {new_id()}"))
incident = fight["incident_id"]


def offers(state):
    database.execute("SELECT id::text, responder_id::text FROM matcher.offer WHERE incident_id = %s AND state = %s AND responder_id::text = ANY(%s)",
                     (incident, state, list(officers)))
    return database.fetchall()


def held():
    database.execute("SELECT id, state, responder_id FROM matcher.assignment WHERE incident_id = %s ORDER BY id", (incident,))
    return database.fetchall()


def accept_one():
    for offer, responder in offers(1):
        if officers[responder].post(f"/v1/offers/{offer}/accept")[0] == 200:
            return offer, responder
    return None


# Nobody answers the first: each place is still open, so its offers run out.
expired = wait_for(lambda: offers(4), 90)
if checks.that(expired, "an offer runs out"):
    offer, responder = expired[0]
    before = held()
    refused("an accept after expiry", officers[responder].post(f"/v1/offers/{offer}/accept"), 409, "offer-expired")
    checks.that(held() == before, "the late accept changed nothing")
duty.post(f"/v1/incidents/{incident}/transitions", {"to": "cancelled", "reason": "test"})
incident = duty.post("/v1/reports", report(type="fight", text=f"accepts {new_id()}"))[1]["incident_id"]
accepted = wait_for(accept_one, 90)
if checks.that(accepted, "an offer is accepted"):
    offer, responder = accepted
    before = held()
    refused("a second accept", officers[responder].post(f"/v1/offers/{offer}/accept"), 409, "offer-already-accepted")
    checks.that(held() == before, "the second accept changed nothing")
duty.post(f"/v1/incidents/{incident}/transitions", {"to": "cancelled", "reason": "test"})


# Too many requests of one key: sent at once, without waiting for the answers.
def flood(token, many):
    context = ssl.create_default_context(cafile=f"{cluster.dir}/keys/tls/ca.crt")
    head = f"GET /v1/me HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nAccept-Language: en\r\n"
    with socket.create_connection(("localhost", cluster.https_port)) as plain, context.wrap_socket(plain, server_hostname="localhost") as line:
        sender = threading.Thread(target=line.sendall, args=((head + "\r\n").encode() * (many - 1) + (head + "Connection: close\r\n\r\n").encode(),))
        sender.start()
        data = b""
        while chunk := line.recv(65536):
            data += chunk
        sender.join()
    return data.split(b"HTTP/1.1 ")[1:]


flooding, answers, limited = cluster.make_key(["desk"], guard["org_id"]), [], []
for _ in range(10):  # a connection may be ended before its last request is answered
    answers += flood(flooding, 3000)
    limited = [a for a in answers if a.startswith(b"429 ") and b"}" in a]
    if limited:
        break
if checks.that(limited, f"a flood of {len(answers)} requests of one key meets the limit"):
    head, _, body = limited[0].partition(b"\r\n\r\n")
    fields = {k.title(): v.strip() for k, _, v in (line.partition(":") for line in head.decode().split("\r\n")[1:])}
    refused("too many requests", (429, json.loads(body), fields), 429, "rate-limit")
    checks.that(int(fields.get("Retry-After", 0)) >= 1, f"it says when to come again: {fields}")
checks.that(desk.get("/v1/me")[0] == 200, "another key is not limited by it")

# Too many tries to log in.
name = f"n{new_id()[:8]}"
before = count()
for attempt in range(12):
    answer = cluster.api(None).post("/v1/sessions", {"user": name, "password": f"guess {attempt}"})
    if answer[0] != 401:
        break
checks.that(attempt >= 3, f"the first tries are only wrong: {attempt}")
refused("too many tries", answer, 429, "too-many-tries")
checks.that(int(answer[2].get("Retry-After", 0)) >= 1, "it says when to try again")
checks.that(count() == before, "no flood changed anything")

# Streams with an id that nobody gave, and from before retention: some first events of one area have gone from the journal.
stream = duty.stream(last_id="garbage")
refused("a stream resumed from garbage", (stream.status, json.loads(stream.body or b"{}"), {"Content-Type": "application/problem+json"}), 400, "stream-position")
stream.close()
database.execute("SELECT area FROM journal.counter WHERE seq - floor > 20 ORDER BY area DESC LIMIT 1")
area = database.fetchone()[0]
database.execute("SELECT journal.purge(%s, genxi.now_ms(), 1::bigint << 60, 10)", (area,))
checks.that(database.fetchone() == (10,), "ten events are purged")


def resumed(last_id):
    stream = duty.stream(last_id=last_id)
    stream.close()
    return (stream.status, json.loads(stream.body or b"{}"), {"Content-Type": "application/problem+json"})


wait_for(lambda: resumed(f"{area}:1")[0] == 410, 15, 0.5)
refused("a stream resumed from before retention", resumed(f"{area}:1"), 410, "stream-before-retention")
database.execute("SELECT floor FROM journal.counter WHERE area = %s", (area,))
checks.that(resumed(f"{area}:{database.fetchone()[0]}")[0] == 200, "from where the journal begins it goes on")
checks.end()
