# SPDX-License-Identifier: Apache-2.0
"""Webhooks end to end, from a report to a partner's endpoint: what is live reaches only webhooks that are not for exercise, what a drill makes only
those that are; every request is signed with the secret that was shown once, and that secret lies nowhere in clear."""
import base64
import hashlib
import hmac
import http.server
import json
import threading
import time

from genxi import Checks, Cluster, new_id, wait_for

cluster = Cluster()
checks = Checks()
duty = cluster.api(cluster.duty_key())
got, lock = [], threading.Lock()


class Endpoint(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with lock:
            got.append({"path": self.path, "headers": self.headers, "body": body})
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
threading.Thread(target=server.serve_forever, daemon=True).start()


def requests(path):
    with lock:
        return [one for one in got if one["path"] == path]


def is_signed(request, secret):
    head = request["headers"]
    signed = f"{head['webhook-id']}.{head['webhook-timestamp']}.".encode() + request["body"]
    right = base64.b64encode(hmac.new(base64.b64decode(secret[len("whsec_"):]), signed, hashlib.sha256).digest()).decode()
    return f"v1,{right}" in head["webhook-signature"].split(" ")


status, page, _ = duty.get("/v1/sites?limit=200")
site = next(s for s in page["items"] if s["kind"] == "point") if any(s["kind"] == "point" for s in page["items"]) else page["items"][0]
org = site["partner_id"]
desk = cluster.api(cluster.make_key(["desk", "drill"], org))
hooks = {}
for path, exercise in (("/live", False), ("/drill", True)):
    key = new_id()
    body = {"url": f"http://127.0.0.1:{server.server_port}{path}", "types": ["incident.*"], "exercise": exercise}
    status, hook, _ = desk.post("/v1/webhooks", body, key=key)
    checks.that(status == 201 and hook["secret"].startswith("whsec_"), f"a webhook for {path}: {status} {hook}")
    hooks[path] = hook
    status, again, head = desk.post("/v1/webhooks", body, key=key)
    checks.that(status == 201 and again["id"] == hook["id"] and head["Idempotency-Replayed"] == "true", f"repeated it is the same webhook: {status} {again}")
    checks.that("secret" not in again, "whose secret is not shown a second time")

cursor = cluster.database().cursor()
cursor.execute("SELECT count(*), count(*) FILTER (WHERE starts_with(secret, 'sealed1:')) FROM notifier.webhook WHERE org_id = %s", (org,))
checks.that(cursor.fetchone() == (2, 2), "both secrets lie sealed in the table")
for table in ("webhook", "idempotency"):
    for hook in hooks.values():
        cursor.execute(f"SELECT count(*) FROM notifier.{table} AS t WHERE position(%s::bytea IN convert_to(t::text, 'UTF8')) > 0 "
                       "OR position(encode(%s::bytea, 'hex') IN t::text) > 0", (hook["secret"].encode(), hook["secret"].encode()))
        checks.that(cursor.fetchone()[0] == 0, f"no row of notifier.{table} shows a secret")

incidents = {}
for path, exercise in (("/live", False), ("/drill", True)):
    status, answer, _ = desk.post("/v1/reports", {"type": "other", "site_id": site["id"], "text": f"webhooks {path} {new_id()}", "exercise": exercise})
    checks.that(status == 201, f"a report for {path}: {status} {answer}")
    incidents[path] = answer["incident_id"]
checks.that(incidents["/live"] != incidents["/drill"], "a drill never merges with what is live")
for path in ("/live", "/drill"):
    checks.that(wait_for(lambda: requests(path), 30), f"{path} hears of its incident")
time.sleep(3)
for path, other in (("/live", "/drill"), ("/drill", "/live")):
    mine = requests(path)
    text = b"\n".join(r["body"] for r in mine).decode()
    checks.that(incidents[path] in text and incidents[other] not in text, f"{path} hears of its own incident alone ({len(mine)} requests)")
    checks.that(any(json.loads(r["body"])["type"] == "incident.opened" for r in mine), f"{path} is told of the opening")
    checks.that(all(is_signed(r, hooks[path]["secret"]) for r in mine), f"each request to {path} bears the signature of its secret")
    checks.that(not any(is_signed(r, hooks[other]["secret"]) for r in mine), f"and not that of {other}")

status, rotated, _ = desk.post(f"/v1/webhooks/{hooks['/live']['id']}/rotate")
checks.that(status == 200 and rotated["secret"] not in (None, hooks["/live"]["secret"]), f"a new secret: {status}")
before = len(requests("/live"))
status, _, _ = desk.post(f"/v1/webhooks/{hooks['/live']['id']}/test")
checks.that(status == 202 and wait_for(lambda: len(requests("/live")) > before, 15), "the test event arrives")
last = requests("/live")[-1]
checks.that(is_signed(last, rotated["secret"]) and is_signed(last, hooks["/live"]["secret"]), "signed with both secrets for a while")

for path in ("/live", "/drill"):
    duty.post(f"/v1/incidents/{incidents[path]}/transitions", {"to": "cancelled", "reason": "test"})
    status, _, _ = desk.call("DELETE", f"/v1/webhooks/{hooks[path]['id']}", key=new_id())
    checks.that(status == 204, f"{path} is removed: {status}")
server.shutdown()
checks.end()
