# SPDX-License-Identifier: Apache-2.0
"""Streams: scoped, in order, resumed without a gap through a restart of the gateway; log-out ends streams and tokens at once."""
import subprocess
import time

from genxi import DISTRICT, Checks, Cluster, new_id, wait_for

cluster = Cluster()
checks = Checks()
duty = cluster.api(cluster.duty_key())


def report(**changes):
    body = {"type": "dispute", "lon": 102.668, "lat": 25.02, "text": f"stream test {new_id()}"}
    body.update(changes)
    status, answer, _ = duty.post("/v1/reports", body)
    assert status == 201, answer
    return answer


def places(stream):
    return [(e["json"]["area"], e["json"]["seq"]) for e in stream.events if e["json"].get("seq")]


# A stream sees every event of its areas, each once, in order of seq.
stream = duty.stream("/v1/stream?exercise=true")
checks.that(stream.status is None or stream.ended is None, f"the stream is open: {stream.ended}")
time.sleep(0.3)
made = [report(lon=102.62 + 0.01 * i) for i in range(8)]
for one in made:
    checks.that(stream.wait(lambda e, one=one: e["json"].get("subject") == one["incident_id"]) is not None, f"{one['number']} comes on the stream")
cursor = cluster.database().cursor()
cut = stream.last_id
stream.close()

# While nobody listens, more happens; the gateway is killed and comes back; the stream goes on where it was.
more = [report(lon=102.62 + 0.01 * i, lat=25.03) for i in range(5)]
cluster.kill("gateway")
cluster.wait_ready(30)
again = duty.stream("/v1/stream?exercise=true", last_id=cut)
for one in more:
    checks.that(again.wait(lambda e, one=one: e["json"].get("subject") == one["incident_id"]) is not None, f"{one['number']} comes after the restart")
time.sleep(1)
both = places(stream) + places(again)
cursor.execute("SELECT area, seq, type FROM journal.event")
types = {(a, s): t for a, s, t in cursor.fetchall()}
for area in {a for a, _ in both}:
    seqs = [s for a, s in both if a == area]
    checks.that(seqs == sorted(set(seqs)), f"area {area}: in order and without repetition: {seqs}")
    # Every event between the first and the last one that officers may see is there.
    cursor.execute("SELECT seq FROM journal.event WHERE area = %s AND seq BETWEEN %s AND %s AND type IN (250, 251, 252, 253, 350, 351, 352, 353, 354, 355)",
                   (area, seqs[0], seqs[-1]))
    lost = sorted({s for s, in cursor.fetchall()} - set(seqs))
    checks.that(not lost, f"area {area}: no gap: {lost[:10]} of types {[types[(area, s)] for s in lost[:10]]}")
again.close()

# Log-out ends tokens and streams at once.
name = f"t{new_id()[:8]}"
password = "correct horse battery staple"
subprocess.run([f"{cluster.env['GENXI_BIN']}/genxi", "user", "add", name, "--dir", cluster.dir, "--roles", "duty", "--areas", f"53011201,{DISTRICT}"],
               input=password + "\n", text=True, check=True)
anyone = cluster.api(None)
status, wrong, _ = anyone.post("/v1/sessions", {"user": name, "password": "wrong password"})
checks.that(status == 401, f"a wrong password is refused: {status}")
status, ghost, _ = anyone.post("/v1/sessions", {"user": "nobody-here", "password": "wrong password"})
checks.that(status == 401 and ghost.get("type") == wrong.get("type") and ghost.get("detail") == wrong.get("detail"), "and an unknown name gives the same answer")
status, session, _ = anyone.post("/v1/sessions", {"user": name, "password": password})
checks.that(status == 201, f"log-in: {status} {session}")
person = cluster.api(session["token"])
checks.that(person.get("/v1/me")[0] == 200, "the token works")
open_stream = person.stream()
checks.that(open_stream.ended is None, f"the person's stream is open: {open_stream.ended}")
began = time.monotonic()
status, _, _ = person.call("DELETE", "/v1/sessions/current")
checks.that(status in (200, 204), f"log-out: {status}")
checks.that(person.get("/v1/me")[0] == 401, "the token is dead at once")
checks.that(wait_for(lambda: open_stream.ended, 2, 0.02) is not None, "the stream ends at once")
print(f"log-out to end of stream: {time.monotonic() - began:.3f} s")
for one in made + more:
    duty.post(f"/v1/incidents/{one['incident_id']}/transitions", {"to": "cancelled", "reason": "test"})
checks.end()
