"""A contender's side of the pairs: it is ready, waits for its turn, and says how long it took.

A contender is a process of its own, in its own environment, so that no two libraries share
threads or memory. While one takes its turn the others wait for a line and use no core.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

MARK = "::"  # what a library prints is none of ours


def serve(turn: Callable[[], float]) -> None:
    """Takes turns until the other side closes; each prints what `turn` returns."""
    print(f"{MARK}ready", flush=True)
    for _ in sys.stdin:
        print(f"{MARK}{turn():.9g}", flush=True)


def rate(work: Callable[[], int]) -> Callable[[], float]:
    """A turn: what `work` says that it did, images or steps, per second."""

    def turn() -> float:
        start = time.perf_counter()
        done = work()
        return done / (time.perf_counter() - start)

    return turn


def seconds(work: Callable[[], object]) -> Callable[[], float]:
    """A turn: the seconds that `work` takes."""

    def turn() -> float:
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    return turn


def training_arguments(**flags: str) -> argparse.Namespace:
    """NETWORK SIDE BATCH STEPS and the flags of a program that trains, each with its meaning."""
    parser = argparse.ArgumentParser()
    parser.add_argument("network")
    for name in ("side", "batch", "steps"):
        parser.add_argument(name, type=int)
    for name, meaning in flags.items():
        parser.add_argument(f"--{name.replace('_', '-')}", action="store_true", help=meaning)
    return parser.parse_args()
