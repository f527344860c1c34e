#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Webhooks as a partner sees them: the reference library of Standard Webhooks verifies each request; endpoints misbehave; the sender is killed."""
import base64
import os
import signal
import subprocess
import time

from notifier_world import World, new_id, wait_for

FAST = {
    "webhook_allow_private": "true",
    "webhook_allow_http": "true",
    "webhook_schedule": "0,1,1,1",
    "webhook_jitter_percent": 0,
    "webhook_timeout_ms": 1500,
    "breaker_failures": 3,
    "breaker_first_ms": 1000,
    "breaker_most_ms": 2000,
}


def secret():
    return "whsec_" + base64.b64encode(os.urandom(32)).decode()


class Endpoint:
    """One webhook of an organisation of its own, at a path of its own."""

    def __init__(self, world, receiver, path, scheme="http", host="127.0.0.1", **options):
        self.world, self.receiver, self.path, self.org, self.secret = world, receiver, path, new_id(), secret()
        self.id = world.webhook(self.org, f"{scheme}://{host}:{receiver.port}{path}", self.secret, **options)
        receiver.tell(path=path, secret=self.secret)

    def rule(self, **rule):
        self.receiver.tell(path=self.path, **rule)

    def send(self, count=1, **options):
        return [self.world.fact(self.org, **options) for _ in range(count)]

    def got(self, **fields):
        return self.receiver.all("request", path=self.path, **fields)

    def states(self):
        return self.world.states(self.id)

    def wait_state(self, state, count, seconds=20):
        return wait_for(lambda: self.states().get(state, 0) >= count, seconds)


RECEIPTED, DEAD = 3, 5


def all_verified_once(world, receiver):
    end = Endpoint(world, receiver, "/plain")
    ids = end.send(50)
    world.that(end.wait_state(RECEIPTED, 50), "50 events are delivered")
    world.that(sorted(r["id"] for r in end.got(verified=True)) == sorted(ids), "each once, under its event's id, with a good signature")
    world.that(all(r["method"] == "POST" and r["body"].startswith('{"type":"incident.fact","timestamp":"20') for r in end.got()), "as POST of type, timestamp, data")
    world.that(all("." not in r["id"] and abs(int(r["timestamp"]) - r["at"] / 1000) < 5 for r in end.got()), "with id and time by the standard")


def only_for_whom_it_is(world, receiver):
    live = Endpoint(world, receiver, "/live", types=("incident.fact",))
    drill = Endpoint(world, receiver, "/drill", exercise=True)
    other = Endpoint(world, receiver, "/types", types=("offer.*",))
    world.sql("UPDATE notifier.webhook SET org_id = %s WHERE id IN (%s, %s)", live.org, drill.id, other.id)
    first = live.send(3)
    drills = live.send(2, exercise=True)
    live.wait_state(RECEIPTED, 3)
    drill.wait_state(RECEIPTED, 2)
    world.that(sorted(r["id"] for r in live.got()) == sorted(first), "live events go to the live webhook alone")
    world.that(sorted(r["id"] for r in drill.got()) == sorted(drills), "a drill's events to the one for exercise alone")
    world.that(other.got() == [] and other.states() == {}, "types that were not asked for stay away")


def retried_under_one_id(world, receiver):
    end = Endpoint(world, receiver, "/again")
    end.rule(status=500, times=2)
    (event,) = end.send()
    world.that(end.wait_state(RECEIPTED, 1), "delivered at the third try")
    tries = end.got()
    world.that([r["status"] for r in tries] == [500, 500, 204] and {r["id"] for r in tries} == {event}, "three tries, one webhook-id")
    world.that(len({r["timestamp"] for r in tries}) == 3 and all(r["verified"] for r in tries), "a new time and a good signature each")


def redirects_are_failures(world, receiver):
    target = Endpoint(world, receiver, "/elsewhere")
    end = Endpoint(world, receiver, "/moved")
    end.rule(status=302, headers={"location": f"http://127.0.0.1:{receiver.port}/elsewhere"})
    end.send()
    world.that(end.wait_state(DEAD, 1, 40), "a redirect is never a delivery: dead after its schedule")
    world.that(target.got() == [], "and is not followed")
    world.that(len(end.got()) == 4, f"four tries by the schedule, not {len(end.got())}")
    dead = world.one("SELECT count(*) FROM journal.event WHERE type = 451 AND subject IN (SELECT id FROM notifier.delivery WHERE webhook_id = %s)", end.id)
    world.that(dead == 1, "delivery.dead is told once")
    end.rule(status=204)
    world.sql("UPDATE notifier.delivery SET state = 1, attempts = 0, next_at = 0 WHERE webhook_id = %s", end.id)
    world.that(end.wait_state(RECEIPTED, 1) and len({r["id"] for r in end.got()}) == 1, "a replay arrives under the same id")


def gone_disables(world, receiver):
    end = Endpoint(world, receiver, "/gone")
    end.rule(status=410)
    end.send()
    world.that(end.wait_state(DEAD, 1), "410 ends the delivery at once")
    world.that(world.one("SELECT active FROM notifier.webhook WHERE id = %s", end.id) is False and len(end.got()) == 1, "and the webhook")


def retry_after_is_kept(world, receiver):
    end = Endpoint(world, receiver, "/slow-down")
    end.rule(status=429, headers={"retry-after": "3"}, times=1)
    end.send(2)
    world.that(end.wait_state(RECEIPTED, 2), "delivered in the end")
    times = [r["at"] for r in end.got()]
    pause = next((b - a for a, b in zip(times, times[1:]) if b - a > 1000), 0)
    world.that(2900 <= pause < 6000, f"after the pause that was asked for ({pause} ms)")


def odd_answers(world, receiver):
    flood = Endpoint(world, receiver, "/flood")
    flood.rule(flood=True)
    flood.send()
    world.that(flood.wait_state(RECEIPTED, 1), "an answer without end is cut off, its status stands")
    drop = Endpoint(world, receiver, "/drop")
    drop.rule(drop=True)
    drop.send()
    world.that(wait_for(lambda: world.one("SELECT last_error FROM notifier.delivery WHERE webhook_id = %s", drop.id)), "a closed connection is a failure with a reason")
    drop.rule(status=204)
    world.that(drop.wait_state(RECEIPTED, 1), "and is tried again")


def both_secrets_sign(world, receiver):
    old = secret()
    end = Endpoint(world, receiver, "/rotated", old_secret=old)
    end.rule(forget=True, secret=old)
    end.send()
    world.that(end.wait_state(RECEIPTED, 1), "delivered while the secret changes")
    world.that([(r["signatures"], r["verified"]) for r in end.got()] == [(2, True)], "two signatures; who still has the old secret can verify")


def dead_peer_delays_nobody(world, receiver):
    slow = [Endpoint(world, receiver, f"/hang{i}") for i in range(3)]
    for end in slow:
        end.rule(delay_ms=60000)
        end.send(30)
    time.sleep(0.5)
    quick = Endpoint(world, receiver, "/quick")
    began = {}
    for _ in range(40):
        began[quick.send()[0]] = time.time() * 1000
        time.sleep(0.05)
    quick.wait_state(RECEIPTED, 40)
    late = sorted(r["at"] - began[r["id"]] for r in quick.got())
    world.that(len(late) == 40 and late[-1] < 1400, f"nobody waits for three dead peers: slowest of 40 {late[-1] if late else '-'} ms, below the dead ones' time-out")
    world.that(wait_for(lambda: world.one("SELECT count(*) FROM notifier.webhook WHERE openings > 0 AND id = ANY(%s::uuid[])", [e.id for e in slow]) == 3), "their breakers open")
    tries = {e.path: len(e.got()) for e in slow}
    world.that(all(n < 30 for n in tries.values()), f"and spare them: {tries} tries of 30 deliveries")
    world.sql("DELETE FROM notifier.delivery WHERE webhook_id = ANY(%s::uuid[])", [e.id for e in slow])


def killed_in_the_middle(world, receiver, process):
    end = Endpoint(world, receiver, "/killed")
    end.rule(delay_ms=700)
    ids = end.send(12)
    for _ in range(3):
        wait_for(lambda: end.got(), 10)
        time.sleep(0.4)
        world.end(process, signal.SIGKILL)
        process = world.notifier(**FAST)
        time.sleep(0.3)
    second = world.notifier("second", **FAST)  # two share the work
    world.that(end.wait_state(RECEIPTED, 12, 60), "killed three times in the middle: all are delivered")
    got = [r["id"] for r in end.got()]
    world.that(set(got) == set(ids), "none lost, none invented")
    world.that(len(got) > len(ids), f"some came twice under the same id, as they may ({len(got)} requests for {len(ids)})")
    world.that(world.one("SELECT count(*) FROM journal.poison") == 0, "no event was set aside")
    world.end(second)
    return process


def tls_is_verified(world, process):
    keys = f"{world.dir}/tls"
    os.makedirs(keys)
    run = lambda *words: subprocess.run(["openssl", *words], cwd=keys, check=True, capture_output=True)
    for name in ("ours", "theirs"):
        run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.crt",
            "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:TRUE")
    world.end(process)
    process = world.notifier(**{**FAST, "webhook_allow_http": "false", "webhook_ca_file": f"{keys}/ours.crt"})
    good = Endpoint(world, world.program("webhook_receiver.js", "--cert", f"{keys}/ours.crt", "--key", f"{keys}/ours.key"), "/tls", "https", "localhost")
    bad = Endpoint(world, world.program("webhook_receiver.js", "--cert", f"{keys}/theirs.crt", "--key", f"{keys}/theirs.key"), "/tls", "https", "localhost")
    plain = Endpoint(world, world.program("webhook_receiver.js"), "/plain")
    for end in (good, bad, plain):
        end.send()
    world.that(good.wait_state(RECEIPTED, 1), "a certificate of the extra authority is good")
    world.that(bad.wait_state(DEAD, 1, 30) and bad.got() == [], "another is not: nothing is sent")
    world.that(plain.wait_state(DEAD, 1, 30) and plain.got() == [], "nothing is sent without TLS unless that is allowed")
    return process


def private_targets_are_refused(world, receiver, process):
    world.end(process)
    process = world.notifier(**{**FAST, "webhook_allow_private": "false"})
    ends = [Endpoint(world, receiver, f"/private{i}", host=host) for i, host in enumerate(("127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0"))]
    for end in ends:
        end.send()
    world.that(all(end.wait_state(DEAD, 1, 40) for end in ends), "deliveries to this host end dead")
    world.that(all(end.got() == [] for end in ends), "without a single connection")
    errors = world.sql("SELECT DISTINCT last_error FROM notifier.delivery WHERE webhook_id = ANY(%s::uuid[])", [e.id for e in ends])
    world.that(errors == [("address not allowed",)], f"because the address is not allowed: {errors}")
    world.end(process)
    process = world.notifier(**{**FAST, "webhook_allow_private": "false", "webhook_allow": "127.0.0.1/32"})
    allowed = Endpoint(world, receiver, "/listed")
    allowed.send()
    world.that(allowed.wait_state(RECEIPTED, 1), "unless its network is listed")
    return process


def main():
    world = World()
    try:
        receiver = world.program("webhook_receiver.js")
        process = world.notifier(**FAST)
        all_verified_once(world, receiver)
        only_for_whom_it_is(world, receiver)
        retried_under_one_id(world, receiver)
        redirects_are_failures(world, receiver)
        gone_disables(world, receiver)
        retry_after_is_kept(world, receiver)
        odd_answers(world, receiver)
        both_secrets_sign(world, receiver)
        dead_peer_delays_nobody(world, receiver)
        process = killed_in_the_middle(world, receiver, process)
        process = tls_is_verified(world, process)
        private_targets_are_refused(world, receiver, process)
    except Exception as error:  # the end below stops what runs
        world.that(False, repr(error))
    world.close()


main()
