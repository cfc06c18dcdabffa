"""Training images per second of N processes on JAX, each with its share of the cores.

processes.py NETWORK STEPS N

Process 0 is started as process 1 is, by the same command; what the epochs but the first took is
in the run's history. All is compiled in the first one.
"""

import json
import os
import socket
import subprocess
import sys

import serving

PROGRAM = """
import json, os, sys
network, steps, processes, process, port = sys.argv[1], *map(int, sys.argv[2:])
cores = sorted(os.sched_getaffinity(0))
share = len(cores) // processes
os.sched_setaffinity(0, cores[process * share:(process + 1) * share])
import numpy as np
from helpers import recipes, training
from helpers.datasets import Data, Split
from helpers.training import processes as several
if processes > 1:
    several.start(f"127.0.0.1:{port}", processes, process)
def split(n):
    rng = np.random.default_rng(n)
    return Split(rng.integers(0, 256, (n, 32, 32, 3), "uint8"), rng.integers(0, 10, n))
data = Data("noise", "noise", tuple("abcdefghij"), split(128 * steps), split(10), split(10))
recipe = recipes.HE2015_CIFAR10.scaled(3 * steps)
run = training.train(network, data, recipe, seed=0, verbose=0)
if process == 0:
    seconds = run.history["seconds"][1:]
    print("::", json.dumps(len(seconds) * steps * 128 / sum(seconds)), flush=True)
"""

network, steps, processes = sys.argv[1], sys.argv[2], int(sys.argv[3])


def turn():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, "-c", PROGRAM, network, steps, str(processes)]
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    running = [
        subprocess.Popen(
            [*command, str(i), port], env=environment, stdout=subprocess.PIPE, text=True
        )
        for i in range(processes)
    ]
    said = [process.communicate()[0] for process in running]
    if any(process.returncode for process in running):
        raise SystemExit(f"A process ended with an error: {[p.returncode for p in running]}")
    return json.loads(said[0].rpartition("::")[2])


serving.serve(turn)
