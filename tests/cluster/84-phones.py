# SPDX-License-Identifier: Apache-2.0
"""Guards' phones at the HTTPS port by the protocols of their apps: who is known is heard, in order, once for each press of the SOS button; who is off
shift is answered and forgotten; every recorded request gets the answer that its app expects, however its bytes are cut. And datums, in and out."""
import base64
import json
import os
import random
import socket
import ssl
import time
import urllib.parse
import urllib.request

from genxi import Checks, Cluster, new_id, wait_for

cluster = Cluster()
checks = Checks()
admin, duty = cluster.api(cluster.admin_key()), cluster.api(cluster.duty_key())
database = cluster.database().cursor()
chance = random.Random(4)
trust = ssl.create_default_context(cafile=f"{cluster.dir}/keys/tls/ca.crt")


def query(sql, *params):
    database.execute(sql, params)
    return database.fetchall()


def iso(at):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at * 1000) % 1000:03d}Z"


def send(method, path, body=b"", headers=None):
    """(status, headers, body); over a connection of its own, its bytes cut at random."""
    head = {"Host": "localhost", "Connection": "close", **(headers or {})}
    if method == "POST":
        head["Content-Length"] = str(len(body))
    raw = f"{method} {path} HTTP/1.1\r\n".encode() + b"".join(f"{k}: {v}\r\n".encode() for k, v in head.items()) + b"\r\n" + body
    with socket.create_connection(("localhost", cluster.https_port), timeout=20) as plain:
        with trust.wrap_socket(plain, server_hostname="localhost") as line:
            at = 0
            while at < len(raw):
                size = chance.randrange(1, 200)
                line.sendall(raw[at:at + size])
                at += size
            answer = b""
            while True:
                got = line.recv(65536)
                if not got:
                    break
                answer += got
    top, _, rest = answer.partition(b"\r\n\r\n")
    lines = top.decode().split("\r\n")
    fields = {k.lower(): v for k, v in (one.split(": ", 1) for one in lines[1:])}
    return int(lines[0].split()[1]), fields, rest


def basic(user, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def osmand(token, **fields):
    return send("GET", f"/osmand/{token}?" + urllib.parse.urlencode(fields))


def post_json(token, message):
    return send("POST", f"/osmand/{token}", json.dumps(message).encode(), {"Content-Type": "application/json"})


def metric(name):
    page = urllib.request.urlopen(f"http://127.0.0.1:{cluster.admin_port + 8}/metrics", timeout=5).read().decode()
    return sum(float(line.split()[-1]) for line in page.splitlines() if line.startswith(name + " ") or line.startswith(name + "{"))


def register(responder, code=None, **more):
    """(device, token); waits until the gateway knows it."""
    name = code or f"t{new_id()[:13]}"
    status, made, _ = admin.post("/v1/devices", {"kind": "phone", "code": name, "org_id": responder["org_id"], "responder_id": responder["id"], **more})
    if status == 409:
        known = admin.get(f"/v1/devices?kind=phone&code={name}")[1]["items"][0]
        status, made, _ = admin.call("PUT", f"/v1/devices/{known['id']}", {"kind": "phone", "code": name, "org_id": responder["org_id"],
                                                                           "responder_id": responder["id"], "new_secret": True, **more}, key=new_id())
    assert status in (200, 201), (status, made)
    known = wait_for(lambda: osmand(made["secret"], id=name)[0] == 200, 10)
    checks.that(known, f"phone {name} is known at the door")
    return made, made["secret"]


def live(responder):
    for one in duty.get("/v1/live")[1]["items"]:
        if one["responder_id"] == responder["id"]:
            return one
    return {}


def near(a, b, tolerance=2e-5):
    return a is not None and b is not None and abs(a - b) < tolerance


def presses(device):
    return query("SELECT r.text, r.flags, r.lon, r.lat, r.raw_lon, r.raw_lat, r.crs, r.occurred_at, r.incident_id::text FROM intake.report r "
                 "WHERE r.external_id LIKE %s ORDER BY r.received_at", f"sos:{device['id']}:%")


on_shift = duty.get("/v1/responders?on_shift=true&force=guard&limit=50")[1]["items"]
guard, other, third, fourth = random.sample(on_shift, 4)  # others at each run: they are somewhere already
station = duty.get("/v1/stations")[1]["items"][0]
placed = {one["id"]: {"lon": station["lon"] + n * 0.004, "lat": station["lat"] + 0.001} for n, one in enumerate((guard, other, third, fourth))}
status, taken, _ = duty.post("/v1/positions", {"positions": [{"responder_id": who, "at": iso(time.time() - 25), **at} for who, at in placed.items()]})
checks.that(status == 202 and taken["taken"] == 4, f"four guards stand somewhere: {status} {taken}")
idle = duty.get("/v1/responders?on_shift=false&limit=50")[1]["items"][0]
lon, lat = placed[guard["id"]]["lon"], placed[guard["id"]]["lat"]

# ---- who is known, and how each app says who it is ----
phone, token = register(guard)
now = time.time() - 20
status, head, body = osmand(token, id=phone["code"], lat=lat + 0.001, lon=lon, timestamp=int(now), speed=2, batt=77)
checks.that(status == 200 and body == b"", f"OsmAnd: {status} {body!r}")
checks.that(near(live(guard).get("lat"), lat + 0.001), f"the guard stands where the phone said: {live(guard)}")
query_form = f"/osmand?id={phone['code']}&token={token}&lat={lat + 0.0011}&lon={lon}&timestamp={int(now + 1)}"
checks.that(send("GET", query_form)[0] == 200, "the token in the query")
form = urllib.parse.urlencode({"deviceid": phone["code"], "token": token, "location": f"{lat + 0.0012},{lon}", "timestamp": int(now + 2)}).encode()
checks.that(send("POST", "/osmand", form, {"Content-Type": "application/x-www-form-urlencoded"})[0] == 200, "the token in a form")
checks.that(send("GET", f"/osmand?lat={lat + 0.0013}&lon={lon}&timestamp={int(now + 3)}", headers=basic(phone["code"], token))[0] == 200, "Basic auth")
checks.that(near(live(guard).get("lat"), lat + 0.0013), f"the last of these stands: {live(guard)}")
checks.that(osmand("x" * len(token), id=phone["code"], lat=lat, lon=lon)[0] == 400, "a wrong token")
checks.that(osmand(token, id="nobody", lat=lat, lon=lon)[0] == 400, "an unknown id")
checks.that(osmand(token, lat=lat, lon=lon)[0] == 400, "no id")
checks.that(osmand(token, id=phone["code"], lat="north", lon=lon)[0] == 400, "no number")
checks.that(post_json(token, {"device_id": "nobody", "location": {"coords": {"latitude": lat, "longitude": lon}}})[0] == 404, "an unknown id in JSON")
checks.that(send("GET", f"/osmand?id=other&lat={lat}&lon={lon}", headers=basic(phone["code"], token))[0] == 400, "two different ids")
status, head, _ = send("POST", "/owntracks", b"{}", basic(phone["code"], "wrong"))
checks.that(status == 401 and "Basic" in head.get("www-authenticate", ""), f"OwnTracks with a wrong password: {status} {head}")
status, key_holder, _ = admin.call("PUT", f"/v1/devices/{phone['id']}", {"kind": "phone", "code": phone["code"], "org_id": guard["org_id"],
                                                                         "responder_id": guard["id"], "active": False}, key=new_id())
checks.that(wait_for(lambda: osmand(token, id=phone["code"])[0] == 400, 10), f"a phone that was switched off is unknown: {status}")
admin.call("PUT", f"/v1/devices/{phone['id']}", {"kind": "phone", "code": phone["code"], "org_id": guard["org_id"], "responder_id": guard["id"],
                                                 "active": True}, key=new_id())
wait_for(lambda: osmand(token, id=phone["code"])[0] == 200, 10)

# ---- enrolment: a link that is good once gives a new token ----
status, link, _ = admin.post(f"/v1/devices/{phone['id']}/enrolments", {})
checks.that(status == 201 and link["link"].startswith(f"https://localhost:{cluster.https_port}/v1/enrolments/") and link["qr_svg"].startswith("<svg"),
            f"an enrolment link: {status} {link}")
page = cluster.api(None)
path = link["link"].split("/", 3)[3]
status, settings, _ = page.get("/" + path)
checks.that(status == 200 and settings["code"] == phone["code"] and settings["token"] != token and settings["token"] in settings["osmand_url"],
            f"it gives the phone its settings: {status} {settings}")
checks.that(page.get("/" + path)[0] == 404, "and is good once")
checks.that(page.get("/v1/enrolments/" + "x" * 43)[0] == 404, "no such link")
old_token, token = token, settings["token"]
checks.that(wait_for(lambda: osmand(token, id=phone["code"])[0] == 200, 10), "the new token is known")
checks.that(osmand(old_token, id=phone["code"])[0] == 400, "the token before it is out")
inline = urllib.parse.unquote(settings["owntracks_link"].split("inline=")[1])
app = json.loads(base64.b64decode(inline))
checks.that(app["username"] == phone["code"] and app["password"] == token and app["url"].endswith("/owntracks"), f"OwnTracks' own form of them: {app}")
status, link, _ = admin.post(f"/v1/devices/{phone['id']}/enrolments", {})
status, again, _ = admin.post(f"/v1/devices/{phone['id']}/enrolments", {})
checks.that(page.get("/" + link["link"].split("/", 3)[3])[0] == 404, "a new link voids the one before")
status, shown, head = page.get("/" + again["link"].split("/", 3)[3], headers={"Accept": "text/html"})
checks.that(status == 200 and b"owntracks:///config" in shown and "text/html" in head["Content-Type"], f"a browser gets a page: {status} {head}")
token = shown.decode().split("/osmand/")[1].split("<")[0]
checks.that(wait_for(lambda: osmand(token, id=phone["code"])[0] == 200, 10), "the token on the page is good")
foreign = cluster.api(cluster.make_key(["desk"], next(one["org_id"] for one in on_shift if one["org_id"] != guard["org_id"])))
checks.that(foreign.post(f"/v1/devices/{phone['id']}/enrolments", {})[0] in (403, 404), "another organisation makes none")
checks.that(admin.post(f"/v1/devices/{new_id()}/enrolments", {})[0] == 404, "none without a phone")

# ---- points that were buffered while offline come late, in order ----
start = time.time() - 5
for n in range(5):
    at = start - 5 + n
    status, _, _ = post_json(token, {"device_id": phone["code"], "location": {"timestamp": iso(at), "coords": {
        "latitude": lat + 0.002 + n * 1e-5, "longitude": lon, "accuracy": 5, "speed": 1, "heading": -1, "altitude": 1890}}})
    checks.that(status == 200, f"a buffered point: {status}")
shown = live(guard)
checks.that(near(shown.get("lat"), lat + 0.002 + 4e-5, 1e-6), f"the newest stands: {shown}")

# ---- OwnTracks ----
message = {"_type": "location", "lat": lat + 0.003, "lon": lon, "tst": int(time.time()), "acc": 8, "vel": 4, "batt": 60, "tid": "g7"}
status, head, body = send("POST", "/owntracks", json.dumps(message).encode(), {**basic(phone["code"], token), "Content-Type": "application/json", "X-Limit-U": "u"})
checks.that(status == 200 and json.loads(body) == [], f"OwnTracks: {status} {body!r}")
checks.that(near(live(guard).get("lat"), lat + 0.003), f"OwnTracks' place stands: {live(guard)}")
for what, body, wanted in (("no bytes", b"", 200), ("a waypoint", b'{"_type":"waypoint","lat":1,"lon":2,"tst":3}', 200),
                           ("something new", b'{"_type":"novelty"}', 200), ("no JSON", b"{", 400), ("no place", b'{"_type":"location","tst":1}', 400)):
    status, _, answer = send("POST", "/owntracks", body, basic(phone["code"], token))
    checks.that(status == wanted and (wanted != 200 or answer == b"[]"), f"OwnTracks, {what}: {status} {answer!r}")

# ---- off shift and without a task: answered, refused, forgotten ----
idle_phone, idle_token = register(idle)
refused = metric("genxi_device_points_refused_total")
status, _, _ = osmand(idle_token, id=idle_phone["code"], lat=lat, lon=lon, timestamp=int(time.time()))
checks.that(status == 200, f"off shift the phone need not send it again: {status}")
checks.that(metric("genxi_device_points_refused_total") == refused + 1, "it is counted as refused")
checks.that("lon" not in live(idle), f"and forgotten: {live(idle)}")

# ---- the SOS button ----
second, second_token = register(other)
where = placed[other["id"]]
at = time.time()
sos = {"device_id": second["code"], "location": {"timestamp": iso(at), "alarm": "sos", "coords": {"latitude": where["lat"], "longitude": where["lon"], "accuracy": 5}}}
for _ in range(3):
    checks.that(post_json(second_token, sos)[0] == 200, "a press is answered")
found = presses(second)
checks.that(len(found) == 1 and near(found[0][2], where["lon"]) and "min ago" not in found[0][0], f"one press is one report, however often it is sent: {found}")
old = dict(sos, location=dict(sos["location"], timestamp=iso(at - 1800)))
post_json(second_token, old)
found = presses(second)
checks.that(len(found) == 2 and any("(30 " in text and "late" in flags for text, flags, *_ in found), f"a press from half an hour ago says so: {found}")
third_phone, third_token = register(third)
status, _, _ = post_json(third_token, {"device_id": third_phone["code"], "location": {"timestamp": iso(time.time()), "alarm": "sos"}})
found = presses(third_phone)
checks.that(status == 200 and len(found) == 1 and near(found[0][2], placed[third["id"]]["lon"], 0.02) and "last known" in found[0][0],
            f"a press without a place: where he was seen last: {status} {found}")
status, _, _ = osmand(idle_token, id=idle_phone["code"], alarm="sos", timestamp=int(time.time()))
found = presses(idle_phone)
checks.that(status == 200 and len(found) == 1 and "station" in found[0][0], f"nobody knows where: his station stands for it: {status} {found}")
mocked = metric("genxi_device_points_mocked_total")
status, _, _ = post_json(third_token, {"device_id": third_phone["code"], "location": {"timestamp": iso(time.time()), "mock": True, "coords": {
    "latitude": placed[third["id"]]["lat"], "longitude": placed[third["id"]]["lon"]}}})
checks.that(status == 200 and metric("genxi_device_points_mocked_total") == mocked + 1, f"a place that is made up is flagged: {status}")

# ---- datums ----
fourth_phone, fourth_token = register(fourth, datum="gcj02")
place = placed[fourth["id"]]
gcj = next(one for one in duty.get("/v1/live?crs=gcj02")[1]["items"] if one["responder_id"] == fourth["id"])
checks.that(1e-4 < abs(gcj["lon"] - place["lon"]) < 0.02, f"the same place in GCJ-02: {place} {gcj}")
osmand(fourth_token, id=fourth_phone["code"], lat=gcj["lat"], lon=gcj["lon"], timestamp=int(time.time()) + 1)
shown = live(fourth)
checks.that(near(shown["lon"], place["lon"], 1e-6) and near(shown["lat"], place["lat"], 1e-6), f"a phone of that datum stands where it is: {shown} {place}")
status, made, _ = duty.post("/v1/reports", {"type": "dispute", "lon": gcj["lon"], "lat": gcj["lat"], "crs": "gcj02", "text": "datum test"})
view = duty.get(f"/v1/incidents/{made['incident_id']}")[1]
mine = next(one for one in view["reports"] if one["id"] == made["report_id"])
checks.that(near(mine["lon"], place["lon"], 1e-6) and mine["raw_lon"] == gcj["lon"] and mine["raw_lat"] == gcj["lat"] and mine["crs"] == "gcj02",
            f"a report keeps its raw point: {mine}")
view = duty.get(f"/v1/incidents/{made['incident_id']}?crs=gcj02")[1]
mine = next(one for one in view["reports"] if one["id"] == made["report_id"])
checks.that(near(mine["lon"], gcj["lon"], 1e-9) and mine["raw_lon"] == gcj["lon"], f"out again as it came: {mine}")
status, body, _ = duty.get("/v1/live?crs=mars")
checks.that(status == 400 and "unknown-crs" in json.dumps(body), f"no such datum: {status} {body}")
duty.post(f"/v1/incidents/{made['incident_id']}/transitions", {"to": "cancelled", "reason": "test"})

# ---- every recorded request, through the real port ----
shared = os.path.join(os.environ.get("GENXI_SHARED", "../shared"), "vectors/phone-positions")
if os.path.isdir(shared):
    tokens = {}
    for case in json.load(open(f"{shared}/osmand.json", encoding="utf-8"))["cases"]:
        request, wanted = case["request"], case["traccar_output"]
        code = wanted.get("device_id")
        if code and code not in tokens:
            tokens[code] = register(idle, code)[1]
        path = request["uri"].replace("/", f"/osmand/{tokens.get(code, token)}", 1)
        headers = {"Content-Type": request["content_type"]} if "content_type" in request else {}
        status, _, body = send(request["method"], path, request.get("body", "").encode(), headers)
        checks.that(status == (400 if "error" in wanted else wanted["http_status"]), f"{case['id']}: {status} {body!r}, not {wanted}")
    for case in json.load(open(f"{shared}/owntracks.json", encoding="utf-8"))["cases"]:
        wanted, body = case["traccar_output"], case["request"]["body"]
        status, _, answer = send("POST", "/owntracks", body.encode(), {**basic(phone["code"], token), "Content-Type": "application/json"})
        # A body without bytes is to be ignored with 200, says the app's own booklet.
        checks.that(status == (400 if "error" in wanted and body else 200), f"{case['id']}: {status} {answer!r}")
else:
    print(f"SKIPPED: {shared} is not there", flush=True)
for device in (second, third_phone, idle_phone):
    for incident in {row[-1] for row in presses(device)}:
        duty.post(f"/v1/incidents/{incident}/transitions", {"to": "cancelled", "reason": "test"})
checks.end()
