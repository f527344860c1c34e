# SPDX-License-Identifier: Apache-2.0
"""Starts the tests' cluster from nothing and makes the demo district in it."""
import shutil

from genxi import Cluster

EXTRA = """[matcher]
timer_scale = 0.1
fix_jump_mps = 2000
[intel-share]
tip_keep_days = 1
tip_day_seconds = 5
[notifier]
webhook_allow_private = true
webhook_allow_http = true
"""

cluster = Cluster()
cluster.down()
shutil.rmtree(cluster.dir, ignore_errors=True)
cluster.up(EXTRA)
done = cluster.sim("district")
raise SystemExit(done.returncode)
