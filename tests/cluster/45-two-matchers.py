# SPDX-License-Identifier: Apache-2.0
"""Two matchers: each takes fixes, each knows what the other took; one ends, and the other has everything."""
import os
import subprocess
import time
import urllib.request

from genxi import BIN, Checks, Cluster, wait_for

cluster = Cluster()
checks = Checks()
duty = cluster.api(cluster.duty_key())
port = cluster.admin_port + 70
log = os.path.join(cluster.dir, "log", "matcher-2.log")


def fixes_taken(admin_port):
    with urllib.request.urlopen(f"http://127.0.0.1:{admin_port}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    return int(float(next(l.split()[1] for l in lines if l.startswith('genxi_matcher_fixes_total{outcome="taken"}'))))


def tell(people, at):
    """All of them at one place and time, in batches; how many were taken, and the problems of the others."""
    taken, problems = 0, set()
    for start in range(0, len(people), 20):
        fixes = [{"responder_id": r["id"], "lon": 102.66, "lat": 25.03, "at": at} for r in people[start:start + 20]]
        status, answer, _ = duty.post("/v1/positions", {"positions": fixes})
        assert status == 202, answer
        taken += answer["taken"]
        problems |= {r["problem"] for r in answer.get("refused", [])}
    return taken, problems


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


with open(log, "w", encoding="utf-8") as out:
    second = subprocess.Popen([f"{BIN}/genxi-matcher", f"--config={cluster.dir}/genxi.conf", f"--admin_port={port}"],
                              stdout=out, stderr=out, env=cluster.env)
try:
    checks.that(wait_for(lambda: "memory-filled" in open(log, encoding="utf-8").read(), 30), "the second matcher fills its memory")
    status, page, _ = duty.get("/v1/responders?on_shift=true&limit=400")
    people = page["items"]
    at = now()
    taken, _ = tell(people, at)
    checks.that(taken > 0, f"fixes are taken: {taken} of {len(people)}")
    time.sleep(1)
    # The same words again, several times, so that each batch meets both matchers.
    again = [tell(people, at) for _ in range(4)]
    checks.that(all(taken == 0 for taken, _ in again), f"whoever took it, the other knows: {[taken for taken, _ in again]} taken twice")
    checks.that(fixes_taken(port) > 0, f"the second took its share: {fixes_taken(port)}")
finally:
    second.terminate()
    second.wait(20)

# What the second took is known to the first, and by way of Redis to whoever begins anew.
cluster.kill("matcher")
cluster.wait_ready(30)
time.sleep(1)
taken, problems = tell(people, at)
checks.that(taken == 0 and "position-out-of-order" in problems, f"a matcher that begins anew knows where everybody is: {taken} taken, {problems}")
checks.end()
