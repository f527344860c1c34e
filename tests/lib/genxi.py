# SPDX-License-Identifier: Apache-2.0
"""A whole cluster and its API for tests: start and stop it, call it, listen to it, kill parts of it by their own process id, look into its database."""
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import threading
import time
import uuid

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BUILD = os.environ.get("GENXI_BUILD", os.path.join(ROOT, "build"))
BIN = os.environ.get("GENXI_BIN", os.path.join(BUILD, "bin"))
SERVICES = ["readiness", "intake", "matcher", "notifier", "intel-share", "audit", "gateway"]
BROKERS = ["broker-a", "broker-b"]
DISTRICT = 53011200


class Cluster:
    """The cluster in one folder. Several may run beside each other on other ports."""

    def __init__(self, folder=None, https_port=None, admin_port=None):
        self.dir = os.path.abspath(folder or os.environ.get("GENXI_TEST_DIR", os.path.join(BUILD, "cluster")))
        self.https_port = int(https_port or os.environ.get("GENXI_HTTPS_PORT", 18443))
        self.admin_port = int(admin_port or os.environ.get("GENXI_ADMIN_BASE", 19600))
        self.dc09_port = int(os.environ.get("GENXI_DC09_PORT", self.https_port + 300))
        self.jt808_port = int(os.environ.get("GENXI_JT808_PORT", self.https_port + 350))
        self.env = dict(os.environ, GENXI_ROOT=ROOT, GENXI_BIN=BIN, GENXI_HTTPS_PORT=str(self.https_port), GENXI_ADMIN_BASE=str(self.admin_port),
                        GENXI_DC09_PORT=str(self.dc09_port), GENXI_JT808_PORT=str(self.jt808_port))

    def _bash(self, command, check=True, timeout=240):
        script = f'set -euo pipefail; . "{ROOT}/deploy/lib/servers.sh"; . "{ROOT}/deploy/lib/cluster.sh"; {command}'
        return subprocess.run(["bash", "-c", script], env=self.env, check=check, timeout=timeout, stdin=subprocess.DEVNULL)

    def up(self, extra=None):
        os.makedirs(self.dir, exist_ok=True)
        if extra is not None:
            with open(os.path.join(self.dir, "extra.conf"), "w", encoding="utf-8") as file:
                file.write(extra)
        self._bash(f'gx_cluster_up "{self.dir}"')

    def down(self):
        self._bash(f'gx_cluster_down "{self.dir}"', check=False)

    def wait_ready(self, seconds=60):
        self._bash(f'gx_wait_ready "{self.dir}" {seconds}', timeout=seconds + 30)

    def sim(self, *words, **options):
        return subprocess.run([f"{BIN}/genxi-sim", *words, "--dir", self.dir, "--url", self.url()], env=self.env, **options)

    def sim_start(self, *words, **options):
        return subprocess.Popen([f"{BIN}/genxi-sim", *words, "--dir", self.dir, "--url", self.url()], env=self.env, **options)

    def genxi(self, *words, **options):
        return subprocess.run([f"{BIN}/genxi", *words], env=self.env, check=True, capture_output=True, text=True, **options).stdout

    def url(self):
        return f"https://localhost:{self.https_port}"

    def pid(self, name):
        """The running process of a service or broker, of postgres or redis; None when there is none."""
        path = {"postgres": f"{self.dir}/pg/postmaster.pid", "redis": f"{self.dir}/redis/redis.pid"}.get(name, f"{self.dir}/pids/{name}")
        try:
            pid = int(open(path, encoding="utf-8").readline())
            os.kill(pid, 0)
            return pid
        except (OSError, ValueError):
            return None

    def kill(self, name, number=signal.SIGKILL):
        """Returns when the process is gone: who starts the next one must not take it for alive."""
        pid = self.pid(name)
        if pid is not None:
            os.kill(pid, number)
            wait_for(lambda: not alive(pid), 10, 0.01)
        return pid

    def start_postgres(self):
        for _ in range(60):
            done = self._bash(f'gx_pg_start "{self.dir}"', check=False)
            if done.returncode == 0:
                return
            time.sleep(0.5)
        raise RuntimeError("PostgreSQL does not come back")

    def start_redis(self):
        self._bash(f'gx_redis_start "{self.dir}"')

    def admin_key(self):
        return open(f"{self.dir}/secrets/admin.key", encoding="utf-8").read().strip()

    def duty_key(self):
        return open(f"{self.dir}/secrets/duty.key", encoding="utf-8").read().strip()

    def api(self, token=None, lang="en"):
        return Api(self.https_port, f"{self.dir}/keys/tls/ca.crt", token, lang)

    def make_key(self, roles, org, areas=(), responder=None):
        body = {"org_id": org, "roles": list(roles), "areas": list(areas), "name": "test"}
        if responder:
            body["responder_id"] = responder
        status, answer, _ = self.api(self.admin_key()).post("/v1/keys", body)
        assert status == 201, answer
        return answer["secret"]

    def quiet(self):
        """Ends what other tests left open: it would go on asking the people of this one."""
        duty, cursor = self.api(self.duty_key()), ""
        while True:
            _, page, _ = duty.get("/v1/incidents?open=true&limit=500" + cursor)
            for incident in page["items"]:
                duty.post(f"/v1/incidents/{incident['id']}/transitions", {"to": "cancelled", "reason": "test"})
            if not page.get("next_cursor"):
                return
            cursor = "&cursor=" + page["next_cursor"]

    def database(self):
        import psycopg2

        words = dict(word.split("=", 1) for word in open(f"{self.dir}/admin.conninfo", encoding="utf-8").read().split())
        connection = psycopg2.connect(**{("host" if k == "host" else k): v for k, v in words.items()})
        connection.autocommit = True
        return connection


class Api:
    """One caller. Each thread has its own connection."""

    def __init__(self, port, ca, token, lang="en"):
        self.port, self.token, self.lang = port, token, lang
        self.context = ssl.create_default_context(cafile=ca)
        self.local = threading.local()

    def _connection(self, fresh=False):
        if fresh or getattr(self.local, "connection", None) is None:
            self.local.connection = http.client.HTTPSConnection("localhost", self.port, context=self.context, timeout=30)
        return self.local.connection

    def call(self, method, path, body=None, key=None, headers=None, raw=None):
        """(status, JSON or bytes, headers)."""
        head = {"Accept-Language": self.lang, **(headers or {})}
        if self.token:
            head["Authorization"] = f"Bearer {self.token}"
        if key:
            head["Idempotency-Key"] = f'"{key}"'
        data = raw
        if raw is None and (body is not None or method in ("POST", "PUT")):
            data = json.dumps(body if body is not None else {}).encode()
            head.setdefault("Content-Type", "application/json")
        for attempt in (0, 1):
            connection = self._connection(fresh=attempt == 1)
            try:
                connection.request(method, path, body=data, headers=head)
                answer = connection.getresponse()
                content = answer.read()
                break
            except (http.client.HTTPException, OSError):
                self.local.connection = None
                if attempt == 1:
                    raise
        kind = answer.headers.get("Content-Type", "")
        if "json" in kind and content:
            return answer.status, json.loads(content), answer.headers
        return answer.status, content, answer.headers

    def get(self, path, **options):
        return self.call("GET", path, **options)

    def post(self, path, body=None, key="new", **options):
        return self.call("POST", path, body, key=str(uuid.uuid4()) if key == "new" else key, **options)

    def stream(self, path="/v1/stream", last_id=None):
        return Stream(self, path, last_id)


class Stream:
    """Server-Sent Events in a thread: .events grows; .ended says why it ended, .status the HTTP status."""

    def __init__(self, api, path, last_id=None):
        self.api, self.path, self.last_id = api, path, last_id
        self.events, self.ended, self.status, self.body = [], None, None, None
        self.opened = threading.Event()
        self.connection = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        self.opened.wait(10)

    def _run(self):
        head = {"Authorization": f"Bearer {self.api.token}", "Accept": "text/event-stream", "Accept-Language": self.api.lang}
        if self.last_id:
            head["Last-Event-ID"] = self.last_id
        self.connection = http.client.HTTPSConnection("localhost", self.api.port, context=self.api.context, timeout=60)
        try:
            self.connection.request("GET", self.path, headers=head)
            answer = self.connection.getresponse()
            self.status = answer.status
            if answer.status != 200:
                self.body = answer.read()
                self.ended = f"status {answer.status}"
                return
            self.opened.set()
            event = {}
            for line in answer:
                line = line.decode().rstrip("\r\n")
                if line == "":
                    if "data" in event:
                        event["json"] = json.loads(event["data"])
                        self.events.append(event)
                        self.last_id = event.get("id", self.last_id)
                    event = {}
                elif not line.startswith(":"):
                    name, _, value = line.partition(":")
                    value = value[1:] if value.startswith(" ") else value
                    event[name] = event[name] + "\n" + value if name == "data" and name in event else value
            self.ended = "closed"
        except (http.client.HTTPException, OSError, ValueError, AttributeError) as error:
            self.ended = self.ended or repr(error)
        finally:
            self.opened.set()

    def close(self):
        self.ended = self.ended or "closed by us"
        try:
            self.connection.sock.shutdown(socket.SHUT_RDWR)
        except (OSError, AttributeError):
            pass

    def wait(self, found, seconds=10):
        """The first event for which found(event) holds, or None."""
        end = time.monotonic() + seconds
        seen = 0
        while time.monotonic() < end:
            while seen < len(self.events):
                if found(self.events[seen]):
                    return self.events[seen]
                seen += 1
            time.sleep(0.02)
        return None


def alive(pid):
    try:
        os.kill(pid, 0)
        return True
    except ProcessLookupError:
        return False


class Checks:
    """Counts what held and what did not; ends the program with it."""

    def __init__(self):
        self.passed, self.failed = 0, []

    def that(self, holds, text):
        if holds:
            self.passed += 1
        else:
            self.failed.append(text)
            print(f"FAILED  {text}", flush=True)
        return holds

    def end(self):
        print(f"{self.passed} checks held, {len(self.failed)} did not", flush=True)
        raise SystemExit(1 if self.failed else 0)


def wait_for(found, seconds=15, every=0.1):
    """found()'s first true value within the time, else its last."""
    end = time.monotonic() + seconds
    while True:
        value = found()
        if value or time.monotonic() > end:
            return value
        time.sleep(every)


def new_id():
    return str(uuid.uuid4())
