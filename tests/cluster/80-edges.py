# SPDX-License-Identifier: Apache-2.0
"""Corners of the gateway: a key made twice is one key, a partner's desk imports its own rows, a second gateway on a taken port ends in order."""
import subprocess
import time

from genxi import BIN, Checks, Cluster, new_id

cluster = Cluster()
checks = Checks()
admin = cluster.api(cluster.admin_key())
cursor = cluster.database().cursor()
cursor.execute("SELECT id::text, code FROM readiness.partner WHERE kind = 4 AND state = 1 AND code <> '' ORDER BY id LIMIT 2")  # 4: security companies
own, other = [{"id": org, "code": code} for org, code in cursor.fetchall()]

# --- keys ---
key, body = new_id(), {"org_id": own["id"], "roles": ["desk"], "name": "edges"}
status, made, head = admin.post("/v1/keys", body, key=key)
checks.that(status == 201 and made["secret"].startswith("gxk_"), f"a key: {status}")
checks.that(head["Idempotency-Replayed"] is None, "made, not replayed")
status, again, head = admin.post("/v1/keys", body, key=key)
checks.that(status == 201 and again["id"] == made["id"] and head["Idempotency-Replayed"] == "true", f"repeated it is the same key: {status} {again}")
checks.that("secret" not in again and {k: v for k, v in made.items() if k != "secret"} == again, f"with the same record, without the secret: {again}")
status, problem, _ = admin.post("/v1/keys", {**body, "name": "other"}, key=key)
checks.that(status == 409 and problem["type"].endswith("idempotency-key-reuse"), f"another body under the same key: {status} {problem}")
desk = cluster.api(made["secret"])
status, _, _ = desk.get("/v1/me")
checks.that(status == 200, f"the key is good: {status}")
status, mine, _ = desk.post("/v1/keys", body, key=key)
checks.that(status == 201 and mine["id"] != made["id"] and "secret" in mine, f"keys are each caller's own: {status}")
cursor.execute("SELECT count(*) FROM gateway.api_key WHERE name = 'edges'")
checks.that(cursor.fetchone()[0] == 2, "two keys were made in all")
cursor.execute("SELECT count(*) FROM gateway.idempotency WHERE position('gxk_'::bytea IN reply) > 0")
checks.that(cursor.fetchone()[0] == 0, "no secret is kept for a repetition")
status, problem, _ = admin.call("POST", "/v1/keys", body, headers={"Idempotency-Key": "bare"})
checks.that(status == 400 and problem["type"].endswith("idempotency-key-syntax"), f"a bare key is refused: {status} {problem}")

# --- imports ---
code = f"E{new_id()[:8]}"
table = f"org,code,force,guard_kind,call_sign\n{{}},{code},guard,licensed,{code}\n"


def send(api, text):
    return api.call("POST", "/v1/imports/responders", raw=text.encode(), headers={"Content-Type": "text/csv"}, key=new_id())


status, done, _ = send(desk, table.format(other["code"]))
checks.that(status in (403, 422), f"a desk may not import rows of another organisation: {status} {done}")
cursor.execute("SELECT count(*) FROM readiness.responder WHERE code = %s", (code,))
checks.that(cursor.fetchone()[0] == 0, "and none is written")
status, done, _ = send(desk, table.format(own["code"]))
checks.that(status == 200 and done["rows"] == 1, f"a desk imports its own people: {status} {done}")
cursor.execute("SELECT org_id::text FROM readiness.responder WHERE code = %s", (code,))
checks.that(cursor.fetchone() == (own["id"],), "as its own")
person = cluster.api(cluster.make_key(["responder"], own["id"]))
status, done, _ = send(person, table.format(own["code"]))
checks.that(status == 403, f"a guard imports nothing: {status}")

# --- a second gateway on the same port ---
words = [f"{BIN}/genxi-gateway", f"--config={cluster.dir}/genxi.conf", "--admin-port=0"]
ended = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
checks.that(ended.returncode == 1, f"it ends with 1, not by a signal: {ended.returncode} {ended.stderr[-600:]}")
checks.that('"https-open"' in ended.stderr and "cannot be opened" in ended.stderr, f"and says why: {ended.stderr[-600:]}")
time.sleep(0.2)
status, _, _ = desk.get("/v1/me")
checks.that(status == 200, "the first one serves on")
checks.end()
