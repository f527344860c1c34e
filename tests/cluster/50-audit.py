# SPDX-License-Identifier: Apache-2.0
"""The audit log verifies offline; one byte flipped anywhere, a leaf dropped, a fork: each is found. An independent program agrees where there is one."""
import os
import random
import shutil
import subprocess
import tempfile
import time

from genxi import BIN, ROOT, Checks, Cluster, wait_for

cluster = Cluster()
checks = Checks()
cursor = cluster.database().cursor()
key = f"{cluster.dir}/keys/audit-log.vkey"
work = tempfile.mkdtemp(prefix="genxi-audit-")


def export(name):
    folder = os.path.join(work, name)
    subprocess.run([f"{BIN}/genxi", "audit", "export", folder, "--dir", cluster.dir], check=True)
    return folder


def verify(folder, older=None, with_key=key):
    words = [f"{BIN}/genxi", "audit", "verify", folder, "--key", with_key] + (["--older", older] if older else [])
    done = subprocess.run(words, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def signed():
    """Waits until a checkpoint covers every event that the journal holds now. Other tests' incidents go on aging meanwhile: later events are not waited for."""
    cursor.execute("SELECT area, max(seq) FROM journal.event GROUP BY area")
    heads = cursor.fetchall()

    def covered():
        cursor.execute("SELECT count(*) FROM unnest(%s, %s) AS head(area, seq) JOIN audit.entry e USING (area, seq) "
                       "WHERE e.index < (SELECT max(size) FROM audit.checkpoint)", ([area for area, _ in heads], [seq for _, seq in heads]))
        return cursor.fetchone()[0] == len(heads)

    return wait_for(covered, 20, 0.3)


checks.that(signed(), "a checkpoint over every event of the journal")
first = export("first")
code, text = verify(first)
checks.that(code == 0, f"the exported log is sound: {text}")
print(text.strip())

chance = random.Random(4)
files = sorted(os.path.join(folder, file) for folder, _, names in os.walk(first) for file in names)
tried = 0
for attempt in range(60):
    path = files[chance.randrange(len(files))] if attempt >= len(files) else files[attempt]
    size = os.path.getsize(path)
    at = chance.randrange(size)
    with open(path, "r+b") as file:
        file.seek(at)
        before = file.read(1)
        file.seek(at)
        file.write(bytes([before[0] ^ (1 << chance.randrange(8))]))
    code, text = verify(first)
    checks.that(code == 1, f"a flipped bit in {os.path.relpath(path, first)} at {at} of {size} was not found: {text}")
    with open(path, "r+b") as file:
        file.seek(at)
        file.write(before)
    tried += 1
checks.that(verify(first)[0] == 0, "and mended it is sound again")
print(f"{tried} flipped bits found")

lines = open(f"{first}/entries.jsonl", encoding="utf-8").read().splitlines(keepends=True)
dropped = shutil.copytree(first, os.path.join(work, "dropped"))
with open(f"{dropped}/entries.jsonl", "w", encoding="utf-8") as file:
    file.writelines(lines[: len(lines) // 2] + lines[len(lines) // 2 + 1:])
checks.that(verify(dropped)[0] == 1, "a dropped leaf is found")
swapped = shutil.copytree(first, os.path.join(work, "swapped"))
with open(f"{swapped}/entries.jsonl", "w", encoding="utf-8") as file:
    file.writelines([lines[1], lines[0]] + lines[2:])
checks.that(verify(swapped)[0] == 1, "two swapped leaves are found")

# The log grows: the older checkpoint is its beginning. Another cluster's log is not.
duty = cluster.api(cluster.duty_key())
status, made, _ = duty.post("/v1/reports", {"type": "other", "lon": 102.66, "lat": 25.01, "text": "audit test"})
time.sleep(1)
checks.that(signed(), "a later checkpoint")
second = export("second")
checks.that(verify(second, f"{first}/checkpoint")[0] == 0, "the older checkpoint is a beginning of the newer log")
subprocess.run([f"{BIN}/genxi", "keys", "init", "--dir", f"{work}/other"], check=True)
checks.that(verify(second, None, f"{work}/other/keys/audit-log.vkey")[0] == 1, "another key does not verify it")
code, text = verify(first, f"{second}/checkpoint")
checks.that(code == 1, f"a log shorter than a checkpoint that was seen is a fork: {text}")

# A partner's proof that one delivered event is in the log, and the public tiles over the API.
status, checkpoint, _ = duty.get("/v1/audit/checkpoint")
note = checkpoint["note"] if isinstance(checkpoint, dict) else checkpoint.decode()
checks.that(status == 200 and note.startswith("genxi.local/xishan\n"), f"the checkpoint over the API: {status} {note[:60]}")
tiles = sorted(os.path.relpath(os.path.join(folder, name), f"{second}/tile") for folder, _, names in os.walk(f"{second}/tile") for name in names)
checks.that("0/000" in tiles, f"the log is long enough for a full tile: {tiles[:5]}")
for name in tiles:
    status, tile, headers = duty.get(f"/v1/audit/tile/{name}")
    exported = open(f"{second}/tile/{name}", "rb").read()
    checks.that(status == 200 and tile == exported, f"tile {name} over the API is the exported one: {status}, {len(tile)} and {len(exported)} bytes")

# A program that shares no line with us: golang.org/x/mod/sumdb reads the same export.
go = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": "", "GOCACHE": f"{work}/go-cache"}
if shutil.which("go") and os.path.exists("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog"):
    built = subprocess.run(["go", "build", "-o", f"{work}/check", f"{ROOT}/tests/interop/tlog/check.go"], env={**os.environ, **go}, capture_output=True, text=True)
    checks.that(built.returncode == 0, f"the independent verifier builds: {built.stderr}")
    shutil.copy(key, f"{second}/vkey")
    done = subprocess.run([f"{work}/check", second], capture_output=True, text=True)
    checks.that(done.returncode == 0, f"an independent verifier agrees: {done.stdout}{done.stderr}")
    print("an independent verifier agrees:", done.stdout.strip())
else:
    print("SKIPPED: the independent verifier needs Debian's golang-go and golang-golang-x-mod-dev")
duty.post(f"/v1/incidents/{made['incident_id']}/transitions", {"to": "cancelled", "reason": "test"})
shutil.rmtree(work, ignore_errors=True)
checks.end()
