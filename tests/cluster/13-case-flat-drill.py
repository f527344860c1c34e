# SPDX-License-Identifier: Apache-2.0
"""The case of mission.md through HTTPS only, every step checked by the simulator: case flat --drill"""
from genxi import Cluster

raise SystemExit(Cluster().sim("case", "flat", "--drill", "--tip-seconds", "5").returncode)
