# SPDX-License-Identifier: Apache-2.0
"""The case of mission.md through HTTPS only, every step checked by the simulator: case flat """
from genxi import Cluster

raise SystemExit(Cluster().sim("case", "flat", "--tip-seconds", "5").returncode)
