"""Images per second of COUNT trainings at once, together.

apart.py COUNT own|all ARGUMENTS: each is held to its share of the cores, or may use all;
the arguments are those of ours_training.py
"""

import os
import subprocess
import sys
from pathlib import Path

import serving

count, which, words = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
cores = sorted(os.sched_getaffinity(0))


def started(share):
    if which == "own":
        os.sched_setaffinity(0, cores[share::count])  # and so is what it starts
    program = Path(__file__).with_name("ours_training.py")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, program, *words], **pipes)


def said(process):
    for line in process.stdout:
        if line.startswith(serving.MARK):
            return line.removeprefix(serving.MARK)
    raise SystemExit(f"A training ended with status {process.wait()}")


running = [started(share) for share in range(count)]
for process in running:
    said(process)  # it is ready


def turn():
    for process in running:
        print("turn", file=process.stdin, flush=True)
    return sum(float(said(process)) for process in running)


serving.serve(turn)
