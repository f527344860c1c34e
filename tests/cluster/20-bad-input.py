# SPDX-License-Identifier: Apache-2.0
"""Every bad input has a problem type of its own, both languages, the field where there is one, and changes nothing."""
import json
import subprocess
import tempfile
import time

from genxi import Checks, Cluster, new_id

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
checks.that(count() == before, f"refused requests changed something: {before} -> {count()}")

# Swapped coordinates from a person are kept, with a flag.
person = report(lon=25.02, lat=102.668 - 20)
status, kept, _ = duty.post("/v1/reports", report(lon=25.02, lat=89.9, source="desk"))
checks.that(status == 201 and "outside_district" in kept["flags"], f"a person's report from outside is kept with a flag: {status} {kept}")

# Positions.
now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def position(who, at=now, **changes):
    fix = {"responder_id": who["id"], "lon": 102.668, "lat": 25.02, "at": at}
    fix.update(changes)
    return {"positions": [fix]}


def position_refused(what, caller, body, slug):
    status, answer, _ = caller.post("/v1/positions", body)
    problems = [r["problem"] for r in answer.get("refused", [])] if isinstance(answer, dict) else answer
    checks.that(status == 202 and problems == [slug], f"{what}: {status} {answer}")


position_refused("a position from the future", duty, position(guard, "2099-01-01T00:00:00Z"), "position-in-future")
position_refused("a position off shift", duty, position(off_shift), "off-shift")
position_refused("another organisation's position", desk, position(stranger), "foreign-responder")

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

# Streams from before retention, and with an id that nobody gave.
for last_id, want, slug in (("53011201:0", None, None), ("garbage", 400, "stream-position")):
    stream = duty.stream(last_id=last_id)
    if want:
        body = json.loads(stream.body or b"{}")
        refused(f"a stream resumed from {last_id}", (stream.status, body, {"Content-Type": "application/problem+json"}), want, slug)
    stream.close()
checks.end()
