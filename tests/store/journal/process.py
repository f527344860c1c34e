#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A service as a process: refuses bad settings, says what is missing, serves, reloads, drains. Arguments: the probe program, a
broker, promtool or ""."""
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

PROBE, BROKER, PROMTOOL = sys.argv[1:4]
ADMIN = os.environ["GX_PG"]


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def broker(folder):
    words = [f"--bind=ipc://{folder}/bus", f"--key-dir={folder}/keys"]
    return subprocess.Popen([BROKER, *words], stdin=subprocess.DEVNULL, stderr=open(f"{folder}/broker.log", "a", encoding="utf-8"))


class Service:
    def __init__(self, folder, postgres, last=(), **settings):
        self.port = free_port()
        self.log = tempfile.TemporaryFile(dir=folder)
        words = {"postgres": postgres, "admin_port": self.port, "key_dir": f"{folder}/keys", "brokers": f"ipc://{folder}/bus", "drain_ms": 10000, **settings}
        self.process = subprocess.Popen([PROBE] + [f"--{k}={v}" for k, v in words.items()] + list(last), stderr=self.log)

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def wait(self, path, status, seconds=30):
        until = time.monotonic() + seconds
        answer = self.get(path)
        while answer[0] != status and time.monotonic() < until:
            time.sleep(0.1)
            answer = self.get(path)
        assert answer[0] == status, (path, answer, self.text())
        return answer[1]

    def text(self):
        self.log.seek(0)
        return self.log.read().decode()

    def end(self, number=signal.SIGTERM):
        began = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(timeout=30)
        return code, time.monotonic() - began


def run(*arguments):
    return subprocess.run([PROBE, *arguments], capture_output=True, text=True, timeout=60)


def settings_are_refused_by_name():
    for argument, word in (("--wrokers=2", "wrokers"), ("--workers=0", "1..64"), ("--log-level=loud", "log_level")):
        done = run(argument)
        assert done.returncode == 2 and word in done.stderr, done
    manual = run("--print-settings")
    assert manual.returncode == 0 and "--drain_ms=" in manual.stdout and run("--help").stdout == manual.stdout


def metrics_are_well_formed():
    done = run("--print-metrics")
    assert done.returncode == 0 and 'genxi_commands_total{command="shift_close",outcome="ok"} 0' in done.stdout, done
    if PROMTOOL:
        check = subprocess.run([PROMTOOL, "check", "metrics"], input=done.stdout, capture_output=True, text=True, timeout=60)
        assert check.returncode == 0 and check.stderr + check.stdout == "", check


def without_postgres_it_waits_and_says_so(folder):
    service = Service(folder, f"host={folder} dbname=none")
    service.wait("/healthz", 200)
    assert service.wait("/readyz", 503).strip() == "postgres"
    code, seconds = service.end()
    assert code == 0 and seconds < 10, (code, seconds, service.text())


def a_failed_start_ends_it_without_a_stop(folder):
    service = Service(folder, f"{ADMIN} dbname=probe options='-c role=genxi_probe'", ["--start-fails"])
    assert service.process.wait(timeout=30) == 1, (service.process.returncode, service.text())
    assert '"service-start"' in service.text() and '"started"' not in service.text(), service.text()


def it_serves_reloads_and_drains(folder):
    service = Service(folder, f"{ADMIN} dbname=probe options='-c role=genxi_probe'", workers=2, followers=2)
    until = time.monotonic() + 30
    while service.get("/readyz") != (503, "broker\n") and time.monotonic() < until:
        time.sleep(0.1)
    assert service.get("/readyz") == (503, "broker\n"), "no command can come without a broker"
    bus = broker(folder)
    assert service.wait("/readyz", 200).strip() == "ready"
    bus.kill()
    bus.wait()
    assert service.wait("/readyz", 503).strip() == "broker"
    bus = broker(folder)
    assert service.wait("/readyz", 200).strip() == "ready"
    assert re.search(r"^genxi_postgres_up 1$", service.get("/metrics")[1], re.M)
    names = sorted(open(f"/proc/{service.process.pid}/task/{task}/comm").read().strip() for task in os.listdir(f"/proc/{service.process.pid}/task"))
    for name in ("worker-0", "worker-1", "follower-0", "follower-1", "timer-0"):
        assert name in names, names
    service.process.send_signal(signal.SIGHUP)
    until = time.monotonic() + 10
    while '"reloaded"' not in service.text() and time.monotonic() < until:
        time.sleep(0.1)
    assert '"reloaded"' in service.text()
    code, seconds = service.end()
    assert code == 0 and seconds < 10, (code, seconds, service.text())
    assert '"drain-late"' not in service.text()
    bus.terminate()
    assert bus.wait(timeout=30) == 0, open(f"{folder}/broker.log", encoding="utf-8").read()[-3000:]


def migrate(folder):
    """What `genxi migrate` would do, by psql: the probe's folder is no component of the product."""
    subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", ADMIN, "-c", "CREATE DATABASE probe"], check=True)
    files = ["common/store/schema/0001_base.sql", "common/store/schema/0002_journal.sql", "tests/store/journal/probe/0001_probe.sql"]
    words = ["-c", "CREATE SCHEMA genxi"]
    for file in files:
        words += ["-f", file]
    subprocess.run(["psql", "-q", "-1", "-v", "ON_ERROR_STOP=1", f"{ADMIN} dbname=probe", *words], check=True)
    subprocess.run([PROBE, "--make-keys", f"{folder}/keys"], check=True)


with tempfile.TemporaryDirectory(prefix="genxi-process-") as place:
    migrate(place)
    settings_are_refused_by_name()
    metrics_are_well_formed()
    without_postgres_it_waits_and_says_so(place)
    a_failed_start_ends_it_without_a_stop(place)
    it_serves_reloads_and_drains(place)
print("a service refuses, waits, serves, reloads and drains")
