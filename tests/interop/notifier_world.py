# SPDX-License-Identifier: Apache-2.0
"""genxi-notifier with a PostgreSQL of its own, events put straight into the journal, and other people's programs as its counterparts; where it has to
ask for phones, with a broker and genxi-readiness beside it."""
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import uuid

import psycopg2

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "..", ".."))
BUILD = os.environ.get("GENXI_BUILD", os.path.join(ROOT, "build"))
BIN = os.environ.get("GENXI_BIN", os.path.join(BUILD, "bin"))
AREA = 53011201
SKIPPED = 77


def new_id():
    """UUIDv7, as the services make them."""
    value = int(time.time() * 1000) << 80 | 7 << 76 | int.from_bytes(os.urandom(2), "big") % 4096 << 64 | 2 << 62
    return str(uuid.UUID(int=value | int.from_bytes(os.urandom(8), "big") >> 2))


def wait_for(found, seconds=15, every=0.05):
    """found()'s first true value within the time, else its last."""
    end = time.monotonic() + seconds
    while True:
        value = found()
        if value or time.monotonic() > end:
            return value
        time.sleep(every)


# --- protobuf, as far as it is needed: int -> varint, float -> fixed64, str and bytes -> length-delimited, list -> repeated ---


def varint(number):
    number &= (1 << 64) - 1
    out = bytearray()
    while True:
        out.append(number & 127 | (128 if number > 127 else 0))
        number >>= 7
        if number == 0:
            return bytes(out)


def message(fields):
    out = b""
    for number, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, float):
                out += varint(number << 3 | 1) + struct.pack("<d", one)
            elif isinstance(one, int):
                out += varint(number << 3) + varint(one)
            else:
                data = one.encode() if isinstance(one, str) else one
                out += varint(number << 3 | 2) + varint(len(data)) + data
    return out


class Program:
    """A node program of this folder: JSON lines out, JSON lines in."""

    def __init__(self, folder, script, *args):
        self.lines, self.lock = [], threading.Lock()
        self.process = subprocess.Popen(["node", os.path.join(folder, script), *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._read, daemon=True).start()
        self.port = wait_for(lambda: self.all("listening"))[0]["port"]

    def _read(self):
        for line in self.process.stdout:
            with self.lock:
                self.lines.append(json.loads(line))

    def all(self, event, **fields):
        with self.lock:
            return [line for line in self.lines if line["event"] == event and all(line.get(k) == v for k, v in fields.items())]

    def tell(self, **fields):
        before = len(self.all("set"))
        self.process.stdin.write(json.dumps(fields) + "\n")
        self.process.stdin.flush()
        wait_for(lambda: len(self.all("set")) > before)

    def stop(self):
        self.process.stdin.close()
        self.process.wait(10)


class World:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="genxi-interop-", dir="/tmp")
        os.chmod(self.dir, 0o755)
        self.programs, self.processes, self.passed, self.failed = [], [], 0, []
        self.node = self._node()
        self._bash('gx_pg_start "$DIR"; printf "%s\\n%s\\n" "$GX_PGHOST" "$GX_PGPORT" >"$DIR/where"; printf "%s" "$GX_PG" >"$DIR/admin"')
        self.host, self.pg_port = open(f"{self.dir}/where", encoding="utf-8").read().split()
        admin = open(f"{self.dir}/admin", encoding="utf-8").read()
        subprocess.run([f"{BIN}/genxi", "keys", "init", "--dir", self.dir, "--host", "localhost"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([f"{BIN}/genxi", "migrate", "--postgres", admin, "--schema", f"{BIN}/../schema", "--secrets", f"{self.dir}/secrets"],
                       check=True, stdout=subprocess.DEVNULL)
        password = open(f"{self.dir}/secrets/postgres", encoding="utf-8").read().strip()
        self.db = psycopg2.connect(host=self.host, port=self.pg_port, user="postgres", dbname="genxi", password=password)
        self.db.autocommit = True
        self.sql("INSERT INTO journal.counter (area, seq) VALUES (%s, 0)", AREA)

    def _node(self):
        """The packages of package-lock.json, installed once beside the build."""
        folder = os.path.join(BUILD, "interop")
        os.makedirs(folder, exist_ok=True)
        for name in os.listdir(HERE):
            if name.endswith((".js", ".json")) or name == ".npmrc":
                shutil.copy(os.path.join(HERE, name), folder)
        if not os.path.exists(os.path.join(folder, "node_modules", "smpp", "package.json")):
            done = subprocess.run(["npm", "ci"], cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                print(f"SKIPPED: the packages of tests/interop cannot be installed: {done.stderr[-400:]}", file=sys.stderr)
                shutil.rmtree(self.dir, ignore_errors=True)
                sys.exit(SKIPPED)
        return folder

    def _bash(self, command):
        script = f'set -euo pipefail; . "{ROOT}/deploy/lib/servers.sh"; DIR="{self.dir}"; {command}'
        subprocess.run(["bash", "-c", script], check=True, stdin=subprocess.DEVNULL)

    # --- database ---

    def sql(self, text, *values):
        with self.db.cursor() as cursor:
            cursor.execute(text, values)
            return cursor.fetchall() if cursor.description else None

    def one(self, text, *values):
        rows = self.sql(text, *values)
        return rows[0][0] if rows else None

    def event(self, number, body, subject=None, orgs=(), exercise=False, event_id=None):
        """Appends an event to the journal as a service would; returns its id."""
        event_id = event_id or new_id()
        with self.db.cursor() as cursor:
            cursor.execute(
                "WITH place AS (UPDATE journal.counter SET seq = seq + 1 WHERE area = %s RETURNING area, seq) "
                "INSERT INTO journal.event (area, seq, id, type, at, service, subject, audience, exercise, traceparent, actor, body) "
                "SELECT area, seq, %s, %s, %s, 'test', %s, %s, %s, %s, %s, %s FROM place",
                (AREA, event_id, number, int(time.time() * 1000), subject, message({1: 1, 2: list(orgs)}), exercise,
                 f"00-{uuid.uuid4().hex}-00f067aa0ba902b7-01", message({1: 1, 2: "test"}), body))
        return event_id

    def fact(self, org, exercise=False):
        """incident.fact to that organisation: a small event with a payload of its own."""
        incident = new_id()
        return self.event(254, message({1: incident, 2: "isolated", 3: "是"}), incident, [org], exercise)

    def webhook(self, org, url, secret, types=("*",), exercise=False, old_secret=None):
        webhook_id = new_id()
        until = int(time.time() * 1000) + 3600000 if old_secret else None
        self.sql("INSERT INTO notifier.webhook (id, org_id, url, types, active, exercise, secret, old_secret, old_until_at, created_at) "
                 "VALUES (%s, %s, %s, %s, true, %s, %s, %s, %s, 1)", webhook_id, org, url, list(types), exercise, secret, old_secret, until)
        return webhook_id

    def states(self, webhook_id):
        """{state: count}"""
        return dict(self.sql("SELECT state, count(*) FROM notifier.delivery WHERE webhook_id = %s GROUP BY state", webhook_id))

    # --- processes ---

    def _start(self, name, program, settings):
        words = [f"--{key.replace('_', '-')}={value}" for key, value in settings.items()]
        log = open(f"{self.dir}/{name}.log", "a", encoding="utf-8")
        process = subprocess.Popen([f"{BIN}/{program}", *words], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.processes.append((name, process))
        return process

    def _service(self, service):
        return {
            "postgres": f"host={self.host} port={self.pg_port} dbname=genxi user=genxi_{service} passfile={self.dir}/secrets/pgpass",
            "brokers": f"ipc://{self.dir}/broker",
            "key_dir": f"{self.dir}/keys",
        }

    def notifier(self, name="notifier", **settings):
        """Starts one; settings without underscores for dashes."""
        return self._start(name, "genxi-notifier", {**self._service("notifier"), **settings})

    def registry(self):
        """Whom the notifier asks for phones."""
        self._start("broker", "genxi-broker", {"key_dir": f"{self.dir}/keys", "bind": f"ipc://{self.dir}/broker", "admin_port": 0})
        self._start("readiness", "genxi-readiness", self._service("readiness"))

    def responder(self, responder, org, phone):
        self.sql("INSERT INTO readiness.partner (id, name, kind, area, state) VALUES (%s, 'x', 4, %s, 1)", org, AREA)
        self.sql("INSERT INTO readiness.responder (id, org_id, area, force, guard_kind, call_sign, phone) VALUES (%s, %s, %s, 2, 3, 'G7', %s)",
                 responder, org, AREA, phone)

    def program(self, script, *args):
        program = Program(self.node, script, *args)
        self.programs.append(program)
        return program

    @staticmethod
    def end(process, number=signal.SIGTERM):
        if process.poll() is None:
            process.send_signal(number)
        return process.wait(30)

    # --- checks ---

    def that(self, holds, text):
        if holds:
            self.passed += 1
        else:
            self.failed.append(text)
            print(f"FAILED  {text}", flush=True)
        return holds

    def close(self):
        for name, process in reversed(self.processes):
            if process.poll() is None:
                self.that(self.end(process) == 0, f"{name} ends with 0 on SIGTERM")
        for program in self.programs:
            program.stop()
        self.db.close()
        self._bash('gx_pg_stop "$DIR" immediate')
        print(f"{self.passed} checks held, {len(self.failed)} did not", flush=True)
        if self.failed:
            for name in os.listdir(self.dir):
                if name.endswith(".log"):
                    print(f"--- {name}", open(f"{self.dir}/{name}", encoding="utf-8", errors="replace").read()[-3000:], flush=True)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)
        sys.exit(1 if self.failed else 0)
