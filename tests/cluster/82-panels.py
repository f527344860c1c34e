# SPDX-License-Identifier: Apache-2.0
"""Alarm panels at the door, over TCP and UDP, plain and sealed: what is acknowledged is there once, whatever is repeated, split, killed; what is
not to be believed is answered as the standard says; silence is one fault; a cancel asks and closes nothing."""
import json
import os
import random
import re
import threading
import time
import urllib.request

from dc09 import Line, ask_udp, cid, frame, new_key, wrap
from genxi import ROOT, Checks, Cluster, new_id, wait_for

cluster = Cluster()
checks = Checks()
admin, duty = cluster.api(cluster.admin_key()), cluster.api(cluster.duty_key())
database = cluster.database().cursor()
port = cluster.dc09_port
chance = random.Random(9)


def query(sql, *params):
    database.execute(sql, params)
    return database.fetchall()


# Sites far from each other, so that nothing merges by chance.
sites = query("SELECT s.id::text, s.partner_id::text FROM readiness.site s JOIN readiness.partner p ON p.id = s.partner_id "
              "WHERE p.state = 1 AND NOT p.exercise ORDER BY md5(s.id::text) LIMIT 40")
site, org = sites[0]
stranger = next(o for _, o in sites if o != org)
desk, other = cluster.api(cluster.make_key(["desk"], org)), cluster.api(cluster.make_key(["desk"], stranger))
serial = int(time.time()) % 100000


def account():
    global serial
    serial += 1
    return f"AC{serial:06d}"


def register(name, key=None, at=None, **more):
    """A panel at a site of its own; waits until the door knows it."""
    where, owner = at or sites[(serial + 7) % len(sites)]
    body = {"kind": "panel", "code": name, "org_id": owner, "site_id": where, "secret": key.hex() if key else "", **more}
    status, made, _ = admin.post("/v1/devices", body)
    assert status == 201, (status, made)
    line = Line(port)
    null = frame("NULL", 0, name, key=key)
    known = wait_for(lambda: line.ask(null) == "ACK 0000", 10)
    line.close()
    checks.that(known, f"panel {name} is known at the door")
    return made


def reports(device, sequence=None):
    key = f"dc09-{device['id']}-" + (f"{sequence:04d}-%" if sequence is not None else "%")
    return query("SELECT r.incident_id::text, r.type, r.link, r.text, r.flags FROM intake.report r WHERE r.external_id LIKE %s ORDER BY r.received_at", key)


def incident(number):
    status, view, _ = duty.get(f"/v1/incidents/{number}")
    assert status == 200, (status, view)
    return view


# --- the registry ---
status, made, _ = desk.post("/v1/devices", {"kind": "panel", "code": account().lower(), "site_id": site})
checks.that(status == 201 and len(made.get("secret", "")) == 64 and made["has_secret"], f"a desk registers a panel: {status} {made}")
status, again, _ = desk.get(f"/v1/devices/{made['id']}")
checks.that(status == 200 and "secret" not in again, f"its secret is shown once: {status} {again}")
status, _, _ = other.get(f"/v1/devices/{made['id']}")
checks.that(status == 404, f"another organisation does not see it: {status}")
status, fault, _ = other.call("PUT", f"/v1/devices/{made['id']}", {"kind": "panel", "code": made["code"], "site_id": site}, key=new_id())
checks.that(status == 404, f"nor changes it: {status} {fault}")
leaks = query("SELECT count(*) FROM journal.event WHERE position(%s::bytea IN body) > 0", made["secret"].encode())[0][0]
checks.that(leaks == 0, "no event bears the secret in clear")
status, _, _ = desk.call("DELETE", f"/v1/devices/{made['id']}", key=new_id())
checks.that(status == 204, f"it is removed: {status}")
checks.that(wait_for(lambda: ask_udp(port, frame("NULL", 0, made["code"], key=bytes.fromhex(made["secret"]))) == "DUH 0000", 10), "and is a stranger at the door then")

# --- plain, TCP and UDP, split anywhere ---
name = account()
plain = register(name)
line = Line(port)
checks.that(line.ask(cid(1, name, "1130", 15), pieces=12) == "ACK 0001", "an alarm in twelve pieces is acknowledged")
found = reports(plain, 1)
checks.that(len(found) == 1 and found[0][1] == "burglar_alarm" and "E130" in found[0][3] and "015" in found[0][3], f"and durable: {found}")
checks.that("verify_first" in found[0][4], f"a lone audible alarm is verified first: {found}")
case = found[0][0]
view = incident(case)
checks.that(view["incident"]["grade"] == 3 and view["reports"][0]["source"] == "panel", f"as a case of grade 3: {view['incident']['grade']}")
checks.that(ask_udp(port, cid(2, name, "1131", 16)) == "ACK 0002", "by UDP as well")
checks.that(len(reports(plain, 2)) == 1 and reports(plain, 2)[0][0] == case, "a second zone joins the same case")
for number in (1, 3):
    checks.that(line.ask(cid(number, name, "1130", 15)) == f"ACK {number:04d}", f"sequence 1,2,1,3: {number} is acknowledged")
checks.that(len(reports(plain, 1)) == 1 and len(reports(plain)) == 3, "and each is stored once")
for number in (9998, 9999, 1, 2):
    checks.that(line.ask(frame("SIA-DCS", number, name, f"#{name}|Nri1/BA{number % 100}", head="R1LF39")) == f"ACK {number:04d}", f"rolling over: {number}")
checks.that(len(reports(plain)) == 7, f"seven reports: {len(reports(plain))}")
both = cid(11, name, "1132", 1) + cid(12, name, "1132", 2)
line.send(both)
checks.that(line.reply() and line.reply(), "two frames in one packet are both answered")

# --- what is not believed ---
bad = bytearray(cid(20, name, "1130", 1))
bad[-3] ^= 1
checks.that(line.ask(bytes(bad), seconds=1) == "", "a wrong sum has no answer")
checks.that(line.ask(cid(21, name, "1130", 1, at=time.time() - 3600)) == "NAK 0000", "an hour late: NAK, so that the panel sets its clock")
checks.that(line.ask(cid(22, name, "1130", 1, at=time.time() + 3600)) == "NAK 0000", "an hour early: NAK")
checks.that(line.ask(cid(23, name, "1130", 1, at=time.time())) == "ACK 0023", "on time: ACK")
checks.that(line.ask(cid(24, "DEAD0001", "1130", 1)) == "DUH 0024", "an account that nobody has: DUH")
checks.that(line.ask(cid(0, name, "1602", 1)) == "DUH 0000", "sequence 0 is for link tests: DUH")
checks.that(line.ask(frame("FOO", 25, name)) == "DUH 0025", "an unknown token: DUH")
checks.that(line.ask(frame("ADM-CID", 26, name, f"#{name}|2602 00 001")) == "DUH 0026", "a qualifier that is none: DUH")
checks.that(line.ask(wrap(f'"ACK"0001L0#{name}[]'), seconds=1) == "", "an answer is not answered")
checks.that(not any(reports(plain, n) for n in (20, 21, 22, 24, 26)), "and nothing of that was reported")

# --- sealed ---
for size in (16, 24, 32):
    key, sealed_name = new_key(size), account()
    sealed = register(sealed_name, key)
    checks.that(line.ask(cid(1, sealed_name, "1110", 3, key=key), pieces=5) == "ACK 0001", f"AES-{size * 8}: a fire alarm is acknowledged")
    checks.that([r[1] for r in reports(sealed, 1)] == ["fire_first_response"], f"AES-{size * 8}: and durable")
    checks.that(line.ask(cid(2, sealed_name, "1110", 3, key=new_key(size))) == "DUH 0002", f"AES-{size * 8}: a wrong key is refused")
    checks.that(line.ask(cid(3, sealed_name, "1110", 3)) == "DUH 0003", f"AES-{size * 8}: and so is a frame in clear")
    checks.that(line.ask(cid(4, sealed_name, "1110", 3, key=key, at=time.time() - 3600)) == "NAK 0000", f"AES-{size * 8}: and an old one")
    checks.that(len(reports(sealed)) == 1, f"AES-{size * 8}: nothing of that was reported")
checks.that(line.ask(cid(30, name, "1110", 3, key=new_key())) == "DUH 0030", "a sealed frame of a panel without key is refused")

# --- panic, duress, cancel, restore ---
name = account()
shop = register(name)
answer = line.ask(cid(1, name, "1121", 7))
checks.that(answer == "ACK 0001", "duress looks like anything else to the panel")
panic = reports(shop, 1)
checks.that([r[1] for r in panic] == ["panic_alarm"], f"and is a case of its own: {panic}")
view = incident(panic[0][0])
checks.that(view["incident"]["grade"] == 1 and view["incident"]["state"] not in ("closed", "cancelled"), f"of the highest grade: {view['incident']['grade']}")
checks.that(line.ask(cid(2, name, "1406", 7)) == "ACK 0002", "a cancel is acknowledged")
view = incident(panic[0][0])
checks.that(view["incident"]["state"] not in ("closed", "cancelled", "invalid"), f"and closes no panic: {view['incident']['state']}")
checks.that(len(view["follow_ups"]) == 1 and "E406" in view["follow_ups"][0]["text"], f"it asks the desk: {view['follow_ups']}")
checks.that(line.ask(cid(2, name, "1406", 7)) == "ACK 0002" and len(incident(panic[0][0])["follow_ups"]) == 1, "once, though sent twice")
checks.that(line.ask(cid(3, name, "3121", 7)) == "ACK 0003", "a restore is acknowledged")
told = reports(shop, 3)
checks.that(len(told) == 1 and told[0][0] == panic[0][0] and told[0][2] == 4, f"and told to the case as feedback: {told}")
checks.that(line.ask(cid(4, name, "1401", 7)) == "ACK 0004" and reports(shop, 4) == [], "who opens and closes is not kept")

# --- the same premises again ---
view = incident(reports(plain, 1)[0][0])
status, done, _ = duty.post(f"/v1/incidents/{case}/transitions", {"to": "cancelled", "reason": "false alarm"})
name = account()
twin = register(name, at=(view["incident"]["site_id"], view["incident"]["reporter_org_id"]))
checks.that(status == 200, f"the first case is over: {status} {done}")
checks.that(line.ask(cid(1, name, "1130", 1)) == "ACK 0001", "the same premises alarm again")
checks.that(any(f.startswith("repeat_") for f in reports(twin, 1)[0][4]), f"and that is counted and told: {reports(twin, 1)}")

# --- killed between ---
name = account()
steady = register(name)
text = cid(41, name, "1130", 1)
checks.that(line.ask(text) == "ACK 0041", "taken")
line.close()
cluster.kill("gateway")
cluster.wait_ready()
line = Line(port)
checks.that(line.ask(text) == "ACK 0041" and len(reports(steady, 41)) == 1, f"after a kill the same frame is the same report: {len(reports(steady, 41))}")
key, name = new_key(), account()
sealed = register(name, key)
frames = [cid(n, name, "1130", n, key=key) for n in range(1, 13)]
taken = set()


def press_on():
    """As a panel does: each frame until it is acknowledged."""
    for number, data in enumerate(frames, 1):
        while number not in taken:
            try:
                one = Line(port)
                if one.ask(data, seconds=2) == f"ACK {number:04d}":
                    taken.add(number)
                one.close()
            except OSError:
                time.sleep(0.1)


thread = threading.Thread(target=press_on)
thread.start()
for _ in range(2):
    time.sleep(0.3)
    cluster.kill("gateway")
    cluster.wait_ready()
    cluster.kill("intake")
    cluster.wait_ready()
thread.join(90)
checks.that(taken == set(range(1, 13)), f"through kills all are acknowledged in the end: {sorted(taken)}")
checks.that(len(reports(sealed)) == 12, f"and each is there once: {len(reports(sealed))}")

# --- supervision ---
name = account()
watched = register(name, supervision_seconds=10)
line = Line(port)
fault_key = f"dc09-silent-{watched['id']}-%"


def faults():
    return query("SELECT r.incident_id::text, r.type FROM intake.report r WHERE r.external_id LIKE %s", fault_key)


time.sleep(5)
line.ask(frame("NULL", 0, name))
time.sleep(6)
checks.that(faults() == [], "heard in time: no fault")
cluster.kill("gateway")
cluster.wait_ready()
checks.that(wait_for(lambda: len(faults()) == 1, 25, 0.5) and faults()[0][1] == "alarm_fault", f"silent, through a restart: a fault: {faults()}")
time.sleep(4)
checks.that(len(faults()) == 1, "once")
line = Line(port)
checks.that(line.ask(frame("NULL", 0, name)) == "ACK 0000", "it is heard again")
heard = f"dc09-heard-{watched['id']}-%"
checks.that(wait_for(lambda: query("SELECT r.incident_id::text FROM intake.report r WHERE r.external_id LIKE %s", heard) == [(faults()[0][0],)], 10), "which is told to the same case")

# --- bad neighbours ---
slow = [Line(port) for _ in range(50)]
for one in slow:
    one.send(b"\n1234")
noise = Line(port)
noise.send(bytes(chance.randrange(256) for _ in range(8000)))
checks.that(line.ask(frame("NULL", 0, name), seconds=2) == "ACK 0000", "half-open, slow and noisy neighbours harm nobody")
checks.that(wait_for(lambda: all(one.ended() for one in slow), 20, 0.5), "and are ended themselves")
base = f"http://127.0.0.1:{cluster.admin_port + 8}/metrics"
metrics = urllib.request.urlopen(base, timeout=5).read().decode()
checks.that('genxi_door_frames_total{protocol="dc09",outcome="link_test"}' in metrics, "frames are counted by what became of them")

# --- what the partners' page says ---
page = open(f"{ROOT}/docs/partners/panel.md", encoding="utf-8").read()
for old in admin.get("/v1/devices?kind=panel&code=1002")[1]["items"]:
    admin.call("DELETE", f"/v1/devices/{old['id']}", key=new_id())
words = json.loads(re.search(r"/v1/devices -d '([^']*)'", page)[1].replace("<site id>", site))
status, made, _ = desk.post("/v1/devices", words)
checks.that(status == 201 and not made["has_secret"], f"the panel of the page: {status} {made}")
written = [frame.replace("\\n", "\n").replace("\\r", "\r").encode() for frame in re.findall(r"printf '([^']*)'", page)]
checks.that(len(written) == 4 and wait_for(lambda: ask_udp(port, written[0], 2) == "ACK 0000", 10), "its link test is answered")
for number, data in enumerate(written[1:], 1):
    checks.that(line.ask(data) == f"ACK {number:04d}", f"its frame {number} is taken")

# --- what others made ---
shared = os.environ.get("GENXI_SHARED")
vectors = f"{shared}/vectors/dc09/dialler_frames.json"
if shared and os.path.exists(vectors):
    cases = json.load(open(vectors, encoding="utf-8"))["cases"]
    for wanted in sorted({c["input"]["account"] for c in cases}):
        for key_text in sorted({c["key_ascii"] or "" for c in cases if c["input"]["account"] == wanted}):
            code = wanted
            status, page, _ = admin.get(f"/v1/devices?kind=panel&code={code}")
            for old in page["items"]:
                admin.call("DELETE", f"/v1/devices/{old['id']}", key=new_id())
            status, made, _ = admin.post("/v1/devices", {"kind": "panel", "code": code, "org_id": org, "site_id": site, "secret": f"text:{key_text}" if key_text else ""})
            checks.that(status == 201, f"{code}: {status} {made}")
            mine = [c for c in cases if c["input"]["account"] == wanted and (c["key_ascii"] or "") == key_text]
            key = key_text.encode() if key_text else None
            checks.that(wait_for(lambda: ask_udp(port, frame("NULL", 0, code, key=key), 2) == "ACK 0000", 10), f"{code} is known with key {key_text!r}")
            for one in mine:
                seq = f"{one['input']['sequence']:04d}"
                expected = "NAK 0000" if one["input"]["utc"] else f"ACK {seq}"  # their timestamps are of another day
                got = line.ask(one["wire"].encode(), pieces=4)
                checks.that(got == expected, f"{one['id']}: {got}, not {expected}")
else:
    print("SKIPPED: no vectors/dc09 (GENXI_SHARED)")
checks.end()
