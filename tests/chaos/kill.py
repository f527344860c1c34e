# SPDX-License-Identifier: Apache-2.0
"""Under load from the simulator, kill -9 services, brokers, Redis and PostgreSQL at random moments; then let check.py look.
kill.py [--kills N | --minutes M] [--seed N]"""
import argparse
import os
import random
import shutil
import time

import check
from genxi import BROKERS, SERVICES, Checks, Cluster

parser = argparse.ArgumentParser()
parser.add_argument("--kills", type=int, default=40)
parser.add_argument("--minutes", type=float)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--rate", type=float, default=8)
arguments = parser.parse_args()

chance = random.Random(arguments.seed)
cluster = Cluster(os.path.join(os.environ.get("GENXI_BUILD", "build"), "chaos"), 18444, 19700)
cluster.down()
shutil.rmtree(cluster.dir, ignore_errors=True)
# Services twice as often as the stores, whose return takes longer.
VICTIMS = SERVICES * 2 + BROKERS * 2 + ["redis", "postgres"]
checks = Checks()
try:
    cluster.up("[matcher]\ntimer_scale = 0.05\nfix_jump_mps = 2000\ntimers = 2\n")
    if cluster.sim("district").returncode != 0:
        raise SystemExit("no district")
    acked = os.path.join(cluster.dir, "acked")
    open(acked, "a", encoding="utf-8").close()
    load = cluster.sim_start("shift", "--minutes", "100000", "--scale", "0.05", "--rate", str(arguments.rate), "--responders", "300",
                             "--seed", str(arguments.seed), "--acked", acked, stdout=open(os.path.join(cluster.dir, "log", "sim.log"), "w"))
    end = time.monotonic() + arguments.minutes * 60 if arguments.minutes else None
    kills = {}
    while (end is None and sum(kills.values()) < arguments.kills) or (end is not None and time.monotonic() < end):
        time.sleep(chance.uniform(0.2, 2.0))
        victim = chance.choice(VICTIMS)
        if cluster.kill(victim) is not None:
            kills[victim] = kills.get(victim, 0) + 1
        if victim == "redis":
            time.sleep(chance.uniform(0, 2))
            cluster.start_redis()
        elif victim == "postgres":
            time.sleep(chance.uniform(0, 2))
            cluster.start_postgres()
        if load.poll() is not None:
            checks.that(False, f"the simulator ended with {load.returncode}")
            break
    load.terminate()
    load.wait(30)
    cluster.wait_ready(60)
    print(f"{sum(kills.values())} kills: {kills}", flush=True)
    count = sum(1 for _ in open(acked, encoding="utf-8"))
    checks.that(count > 20, f"there was load ({count} reports acknowledged)")
    check.run(cluster, acked, checks)
finally:
    cluster.down()
checks.end()
