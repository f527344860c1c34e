# SPDX-License-Identifier: Apache-2.0
"""Metrics and the API's description: promtool is content with every service; each route is in the document, the document passes a public
validator where npm is there; health answers."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request

from genxi import BROKERS, ROOT, SERVICES, Checks, Cluster

cluster = Cluster()
checks = Checks()
for n, name in enumerate(BROKERS + SERVICES):
    base = f"http://127.0.0.1:{cluster.admin_port + n}"
    for path in ("/healthz", "/readyz"):
        with urllib.request.urlopen(base + path, timeout=5) as answer:
            checks.that(answer.status == 200, f"{name}{path}: {answer.status}")
    with urllib.request.urlopen(base + "/metrics", timeout=5) as answer:
        metrics = answer.read()
    if shutil.which("promtool"):
        done = subprocess.run(["promtool", "check", "metrics"], input=metrics, capture_output=True)
        checks.that(done.returncode == 0, f"{name}: promtool check metrics: {done.stdout}{done.stderr}")
    names = [line.split(" ")[2] for line in metrics.decode().splitlines() if line.startswith("# TYPE")]
    checks.that(len(names) == len(set(names)) and len(names) > 3, f"{name}: each metric is declared once")
if shutil.which("promtool"):
    done = subprocess.run(["promtool", "check", "rules", f"{ROOT}/deploy/prometheus/rules.yml"], capture_output=True, text=True)
    checks.that(done.returncode == 0, f"promtool check rules: {done.stdout}{done.stderr}")
else:
    print("SKIPPED: no promtool")

status, document, _ = cluster.api(None).get("/openapi.json")
checks.that(status == 200, f"/openapi.json: {status}")
# The phones' own protocols are their apps' to describe.
rows = re.findall(r'^GW_[A-Z]+\((GET|POST|PUT|DELETE), "([^"]+)",(?!.*, PHONE,)', open(f"{ROOT}/services/gateway/routes.def", encoding="utf-8").read(), re.MULTILINE)
routes = {(method.lower(), path.replace("{+", "{")) for method, path in rows}
checks.that(len(routes) > 40, f"{len(routes)} routes in the table")
written = {(method, path) for path, methods in document["paths"].items() for method in methods if method in ("get", "post", "put", "delete")}
checks.that(routes <= written, f"every route is in the document: not {sorted(routes - written)}")
checks.that(written <= routes, f"and the document names no other: {sorted(written - routes)}")
folder = tempfile.mkdtemp(prefix="genxi-openapi-")
with open(f"{folder}/openapi.json", "w", encoding="utf-8") as file:
    json.dump(document, file)
interop = f"{ROOT}/tests/interop/openapi"
if shutil.which("npm") and os.path.exists(f"{interop}/package.json"):
    installed = None
    if not os.path.exists(f"{interop}/node_modules/.bin/redocly"):
        installed = subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=interop, capture_output=True, text=True)
    if os.path.exists(f"{interop}/node_modules/.bin/redocly"):
        done = subprocess.run([f"{interop}/node_modules/.bin/redocly", "lint", "--config", f"{interop}/redocly.yaml", f"{folder}/openapi.json"],
                              env=dict(os.environ, REDOCLY_TELEMETRY="off", REDOCLY_SUPPRESS_UPDATE_NOTICE="true"), capture_output=True, text=True)
        checks.that(done.returncode == 0, f"redocly lint: {(done.stdout + done.stderr)[-3000:]}")
    else:
        # Where npm is there, a validator that cannot be had is a fault of the package list, unless there is no way to the registry.
        away = any(word in installed.stderr for word in ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH"))
        checks.that(away, f"the validator is installed: {installed.stderr[-600:]}")
        print("SKIPPED: the public validator of the OpenAPI document, for npm does not reach its registry", file=sys.stderr, flush=True)
else:
    print("SKIPPED: the public validator of the OpenAPI document, for there is no npm", file=sys.stderr, flush=True)
checks.end()
