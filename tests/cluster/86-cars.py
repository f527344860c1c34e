# SPDX-License-Identifier: Apache-2.0
"""Patrol cars at the door by JT/T 808: registered, authenticated, heard; one press is one report over any number of frames and connections; what is
broken is dropped and counted without harm; parts come in any order; an offer is shown on the display; every recorded frame gets its answer."""
import json
import os
import random
import struct
import time
import urllib.request

from genxi import Checks, Cluster, new_id, wait_for
from jt808 import Line, batch, escape, location, wire

cluster = Cluster()
checks = Checks()
admin, duty = cluster.api(cluster.admin_key()), cluster.api(cluster.duty_key())
database = cluster.database().cursor()
port = cluster.jt808_port
serial = int(time.time()) % 10**7


def query(sql, *params):
    database.execute(sql, params)
    return database.fetchall()


def metric(outcome):
    page = urllib.request.urlopen(f"http://127.0.0.1:{cluster.admin_port + 8}/metrics", timeout=5).read().decode()
    wanted = f'genxi_door_frames_total{{protocol="jt808",outcome="{outcome}"}}'
    return sum(float(line.split()[-1]) for line in page.splitlines() if line.startswith(wanted))


def register(responder, code=None, wait=True, **more):
    """A car in the registry: (device, its code for authentication); waits until the door knows it, if it shall."""
    global serial
    serial += 1
    name = code or f"139{serial:08d}"
    body = {"kind": "car", "code": name, "org_id": responder["org_id"], "responder_id": responder["id"], **more}
    status, made, _ = admin.post("/v1/devices", body)
    if status == 409:
        known = admin.get(f"/v1/devices?kind=car&code={name}")[1]["items"][0]
        status, made, _ = admin.call("PUT", f"/v1/devices/{known['id']}", {**body, "new_secret": True}, key=new_id())
    assert status in (200, 201), (status, made)

    def known():
        line = Line(port, name)
        answer = line.authenticate(made["secret"])
        line.close()
        return answer == 0

    checks.that(not wait or wait_for(known, 10), f"car {name} is known at the door")
    return made, made["secret"]


def live(responder):
    for one in duty.get("/v1/live")[1]["items"]:
        if one["responder_id"] == responder["id"]:
            return one
    return {}


def stands(responder, lon, lat):
    shown = live(responder)
    return abs(shown.get("lon", 0) - lon) < 1e-5 and abs(shown.get("lat", 0) - lat) < 1e-5


def presses(device):
    return query("SELECT r.incident_id::text, r.text, r.source, r.lon, r.lat FROM intake.report r WHERE r.external_id LIKE %s ORDER BY r.received_at",
                 f"sos:{device['id']}:%")


cluster.quiet()
patrols = duty.get("/v1/responders?on_shift=true&force=patrol&limit=50")[1]["items"]
driver, second_driver = random.sample(patrols, 2)
idle = duty.get("/v1/responders?on_shift=false&limit=50")[1]["items"][0]
station = duty.get("/v1/stations")[1]["items"][0]
lon, lat = station["lon"] + 0.01, station["lat"] - 0.01
car, code = register(driver)

# ---- register, authenticate, heartbeat, and nothing before that ----
line = Line(port, car["code"])
checks.that(line.ask(0x0200, location(lon, lat)) == 1, "a place before authentication is refused")
what, body = line.register()
asked, result = struct.unpack(">HB", body[:3])
checks.that(what == 0x8100 and asked == line.serial and result == 0 and body[3:].decode() == code, f"registered with its code: {what:04x} {body!r}")
checks.that(line.authenticate("wrong") == 1, "a wrong code")
checks.that(line.authenticate(code) == 0, "the right one")
checks.that(line.ask(0x0002) == 0, "a heartbeat")
checks.that(line.ask(0x0F01, b"maker's own") == 3 and line.ask(0x0002) == 0, "a maker's own message is unsupported, and no reason to part")
stranger = Line(port, "19900000000")
what, body = stranger.register()
checks.that(what == 0x8100 and body[2] == 4 and len(body) == 3, f"an unknown terminal: {what:04x} {body!r}")
checks.that([stranger.authenticate("x") for _ in range(3)] == [1, 1, 1] and stranger.line.recv(1) == b"", "three wrong codes end a connection")
stranger.close()

# ---- locations become positions ----
checks.that(line.ask(0x0200, location(lon, lat, time.time() - 20, items=b"\x01\x04\x00\x00\x00\x64")) == 0 and stands(driver, lon, lat),
            f"a location is where the crew stands: {live(driver)}")
backlog = [location(lon + n * 1e-4, lat, time.time() - 18 + n) for n in range(10)]
checks.that(line.ask(0x0704, batch(backlog)) == 0 and stands(driver, lon + 9e-4, lat), f"a batch, the newest stands: {live(driver)}")
checks.that(line.ask(0x0200, location(lon, lat, time.time() - 5, status=0)) == 0 and stands(driver, lon + 9e-4, lat), "a place without a fix moves nobody")
whole = batch([location(lon + 0.002 + n * 1e-5, lat, time.time() - 4) for n in range(100)])
pieces = [whole[i:i + 1000] for i in range(0, len(whole), 1000)]
first = line.serial + 1
order = list(range(len(pieces)))
random.shuffle(order)
for n in order:
    line.serial = first + n - 1
    checks.that(line.ask(0x0704, pieces[n], (len(pieces), n + 1)) == 0, f"part {n + 1} of {len(pieces)}")
line.serial = first + len(pieces)
checks.that(stands(driver, lon + 0.002, lat) or stands(driver, lon + 0.002 + 99e-5, lat), f"parts in any order are one batch: {live(driver)}")

# ---- what is broken is dropped, counted, and harms nobody ----
bad = metric("bad_check")
broken = bytearray(wire(0x0200, 99, car["code"], location(lon, lat)))
broken[20] ^= 0x08
line.raw(bytes(broken))
line.raw(b"\x7e\x00\x01\x7d\x09\x7e" + b"noise")
checks.that(line.next(1) is None, "a frame whose check is wrong is not answered")
checks.that(line.ask(0x0002) == 0 and metric("bad_check") == bad + 1, "it is counted, and the connection goes on")
short = bytearray(wire(0x0002, 77, car["code"]))[1:-2]
short[3] = 5
plain = bytes(short)
line.raw(escape(plain))
answer = line.next(3)
checks.that(answer and answer[0] == 0x8001 and answer[2][-1] == 2, f"a length that is wrong is told: {answer}")

# ---- the SOS bit: one report for each press ----
where = (lon + 0.003, lat)
checks.that([line.ask(0x0200, location(*where, alarm=1)) for _ in range(3)] == [0, 0, 0], "the SOS bit stands and is answered")
line.close()
line = Line(port, car["code"])
line.authenticate(code)
checks.that(line.ask(0x0200, location(*where, alarm=1)) == 0, "and after a new connection")
found = presses(car)
checks.that(len(found) == 1 and found[0][2] == "patrol" and abs(found[0][3] - where[0]) < 1e-5, f"one press is one report: {found}")
checks.that(line.ask(0x0200, location(*where)) == 0 and line.ask(0x0200, location(*where, time.time() + 1, alarm=1)) == 0, "released and pressed again")
checks.that(len(presses(car)) == 2, f"a second press is a second report: {presses(car)}")
line.ask(0x0200, location(*where))

# ---- off shift: answered and forgotten ----
idle_car, idle_code = register(idle)
idle_line = Line(port, idle_car["code"])
idle_line.authenticate(idle_code)
checks.that(idle_line.ask(0x0200, location(lon, lat)) == 0 and "lon" not in live(idle), f"off shift nothing is kept: {live(idle)}")
idle_line.close()

# ---- the form of 2019, and an offer on its display ----
modern, modern_code = register(second_driver, datum="gcj02")
new_line = Line(port, modern["code"], v2019=True)
what, body = new_line.register()
checks.that(what == 0x8100 and body[3:].decode() == modern_code, f"registered in the form of 2019: {what:04x} {body!r}")
checks.that(new_line.authenticate(modern_code) == 0 and new_line.ask(0x0002) == 0, "and authenticated")
checks.that(new_line.ask(0x0200, location(lon + 0.005, lat)) == 0 and not stands(second_driver, lon + 0.005, lat) and "lon" in live(second_driver),
            "its places are in GCJ-02, as registered")
status, made, _ = duty.post("/v1/reports", {"type": "traffic_block", "lon": lon + 0.005, "lat": lat, "text": "offer test", "address": "测试路1号"})
duty.post(f"/v1/incidents/{made['incident_id']}/dispatch", {"responder_ids": [second_driver["id"]]})
text = new_line.text(made["number"])
checks.that(text and "测试路1号" in text[1], f"the offer stands on the display: {text}, {new_line.texts}")
new_line.raw(wire(0x0001, 500, modern["code"], struct.pack(">HHB", text[0] if text else 0, 0x8300, 0), True))
checks.that(new_line.ask(0x0002) == 0, "the terminal's own answer is taken")
checks.that(new_line.ask(0x0003) == 0 and new_line.ask(0x0002) == 1, "logged out")
new_line.close()
line.close()

# ---- every recorded frame, through the real port ----
shared = os.path.join(os.environ.get("GENXI_SHARED", "../shared"), "vectors/jt808")
if os.path.isdir(shared):
    codes, judged = {}, 0

    def enter(header, phone, code):
        """A connection that authenticated itself in the frame's own form, as soon as the door knows the car."""
        modern = header["v2019"]
        body = bytes([len(code)]) + code.encode() + b"8" * 15 + b"v".ljust(20, b"\0") if modern else code.encode()
        head = struct.pack(">HH", 0x0102, len(body) | (1 << 14 if modern else 0)) + (b"\x01" if modern else b"")
        for _ in range(50):
            terminal = Line(port, phone, modern)
            terminal.raw(escape(head + bytes.fromhex(header["terminal_phone_bcd"]) + b"\0\1" + body))
            login = terminal.next()
            if login and login[2][-1] == 0:
                break
            time.sleep(0.2)
        return terminal, login

    for name in ("traccar_frames", "smallchi_frames", "vendor_frames"):
        for case in json.load(open(f"{shared}/{name}.json", encoding="utf-8"))["cases"]:
            header, output = case["header"], case.get("traccar_output") or {}
            phone = (output.get("device_id_candidates") or [header.get("terminal_phone_bcd") or ""])[0].lstrip("0")
            raw = bytes.fromhex(case["wire_hex"])
            good = header["checksum_ok"] and header["body_len_field"] == header["body_len_actual"] and header.get("encrypt") == 0
            ident = int(header["msg_id"], 16)
            if good and phone.isdigit() and not header["subpackaged"] and ident < 0x8000:
                if phone not in codes:
                    codes[phone] = register(idle, phone, wait=False)[1]
                terminal, login = enter(header, phone, codes[phone])
                terminal.raw(raw)
                answer = terminal.next(5)
                if ident == 0x0001:
                    checks.that(login and login[2][-1] == 0 and answer is None, f"{case['id']}: {login} {answer}")
                elif ident == 0x0100:
                    checks.that(answer and answer[0] == 0x8100 and answer[2][3:].decode() == codes[phone], f"{case['id']}: {answer}")
                elif ident == 0x0102:
                    checks.that(answer and answer[2] == struct.pack(">HHB", header["serial"], ident, 1), f"{case['id']}: another's code: {answer}")
                else:
                    result = 0 if ident in (0x0002, 0x0200, 0x0704) else 3
                    checks.that(answer and answer[0] == 0x8001 and answer[2] == struct.pack(">HHB", header["serial"], ident, result),
                                f"{case['id']}: {answer}, not {header['serial']} {ident:04x} {result}")
                judged += 1
                terminal.close()
            elif not header["checksum_ok"] and 0x7E not in raw[1:-1]:  # one is recorded with a mark in its middle, which parts it
                terminal = Line(port, "1")
                terminal.raw(raw)
                checks.that(terminal.next(0.3) is None, f"{case['id']}: a wrong check is not answered")
                judged += 1
                terminal.close()
    print(f"{judged} recorded frames judged", flush=True)
else:
    print(f"SKIPPED: {shared} is not there", flush=True)
for incident in {row[0] for row in presses(car)} | {made["incident_id"]}:
    duty.post(f"/v1/incidents/{incident}/transitions", {"to": "cancelled", "reason": "test"})
checks.end()
