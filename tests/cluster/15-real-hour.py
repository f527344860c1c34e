# SPDX-License-Identifier: Apache-2.0
"""A real hour, replayed: police calls of one city moved onto the district, responders on real tracks of another. Foreign data: says nothing about
Xishan. Every report must be acknowledged and nothing lost (the checker of the kill test looks)."""
import os
import sys

from genxi import ROOT, Checks, Cluster, wait_for

shared = os.environ.get("GENXI_SHARED", os.path.join(ROOT, "..", "shared"))
incidents = os.path.join(shared, "data", "incidents-sanantonio-open.csv.gz")
tracks = os.path.join(shared, "data", "tracks-sfcab-open.csv.gz")
if not os.path.exists(incidents):
    print(f"SKIPPED: {incidents} is not there", file=sys.stderr)
    raise SystemExit(0)
cluster = Cluster()
checks = Checks()
acked = os.path.join(cluster.dir, "acked-real-hour")
done = cluster.sim("shift", "--incidents", incidents, "--tracks", tracks, "--start", "2024-07-05T02:00:00Z", "--minutes", "60", "--speed", "40",
                   "--scale", "0.1", "--acked", acked)
checks.that(done.returncode == 0, "the hour was played")
sys.path.insert(0, os.path.join(ROOT, "tests", "chaos"))
import check  # noqa: E402

check.run(cluster, acked, checks)
checks.end()
