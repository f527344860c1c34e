# SPDX-License-Identifier: Apache-2.0
"""What is sealed stays sealed: each read of a reporter is judged and logged anew, whatever key it bears, and leaves no copy; nobody makes a device speak
for another organisation's people."""
from genxi import Checks, Cluster, new_id

cluster = Cluster()
checks = Checks()
duty = cluster.api(cluster.duty_key())
cursor = cluster.database().cursor()
PHONE = "139" + str(int(new_id().replace("-", "")[-7:], 16) % 10**8).zfill(8)


def reads(report):
    cursor.execute("SELECT count(*) FROM journal.event WHERE type = 257 AND position(convert_to(%s, 'UTF8') IN body) > 0", (report,))
    return cursor.fetchone()[0]


def tables_with(text):
    """The idempotency tables that hold this text in a kept answer."""
    cursor.execute("SELECT table_schema FROM information_schema.tables WHERE table_name = 'idempotency'")
    schemas = [row[0] for row in cursor.fetchall()]
    checks.that(len(schemas) >= 3, f"there are idempotency tables: {schemas}")
    found = []
    for schema in schemas:
        cursor.execute(f"SELECT count(*) FROM {schema}.idempotency WHERE position(convert_to(%s, 'UTF8') IN reply) > 0", (text,))
        found += [schema] if cursor.fetchone()[0] else []
    return found


station = duty.get("/v1/stations")[1]["items"][0]
status, made, _ = duty.post("/v1/reports", {"type": "other", "lon": station["lon"], "lat": station["lat"] + 0.004, "text": "sealed",
                                            "reporter": {"name": "演示", "phone": PHONE}})
checks.that(status == 201, f"a report with a reporter: {status} {made}")
report = made["report_id"]

# ---- a read with a key, and the same again ----
key = {"Idempotency-Key": f'"{new_id()}"'}
for count in (1, 2):
    status, answer, headers = duty.get(f"/v1/reports/{report}/reporter?purpose=call-back", headers=key)
    checks.that(status == 200 and answer.get("phone") == PHONE, f"read {count} is answered: {status} {answer}")
    checks.that("Idempotency-Replayed" not in headers, "a read is never a repetition")
    checks.that(reads(report) == count, f"read {count} is logged: {reads(report)}")
checks.that(tables_with(PHONE) == [], f"no kept answer holds the phone: {tables_with(PHONE)}")

# ---- and not when the right has gone ----
partner = next(r for r in duty.get("/v1/responders?limit=500&force=guard")[1]["items"])
desk = cluster.api(cluster.make_key(["desk"], partner["org_id"]))
status, answer, _ = desk.get(f"/v1/reports/{report}/reporter?purpose=call-back", headers=key)
checks.that(status in (403, 404) and PHONE not in str(answer), f"a partner reads no reporter, by that key neither: {status} {answer}")

# ---- a device speaks for its own organisation's people only ----
police = next(r for r in duty.get("/v1/responders?limit=500&force=police")[1]["items"])
other = next(r for r in duty.get("/v1/responders?limit=500&force=guard")[1]["items"] if r["org_id"] != partner["org_id"])
for who, what in ((police["id"], "a police officer"), (other["id"], "another partner's guard"), (new_id(), "nobody")):
    body = {"org_id": partner["org_id"], "roles": ["responder"], "areas": [], "name": "test", "responder_id": who}
    for api, name in ((desk, "the desk"), (cluster.api(cluster.admin_key()), "the administrator")):
        status, answer, _ = api.post("/v1/keys", body)
        checks.that(status == 422 and "unknown-reference" in str(answer) and "/responder_id" in str(answer), f"{name} keys {what}: {status} {answer}")
status, answer, _ = desk.post("/v1/keys", {"org_id": partner["org_id"], "roles": ["responder"], "areas": [], "name": "test", "responder_id": "nobody"})
checks.that(status == 400 and "/responder_id" in str(answer), f"no id: {status} {answer}")
status, answer, _ = desk.post("/v1/keys", {"org_id": partner["org_id"], "roles": ["responder"], "areas": [], "name": "test", "responder_id": partner["id"]})
checks.that(status == 201, f"its own: {status} {answer}")

duty.post(f"/v1/incidents/{made['incident_id']}/transitions", {"to": "cancelled", "reason": "test"})
checks.end()
