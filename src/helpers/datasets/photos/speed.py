"""How many training images a second the input pipeline makes.

Book: chapter 7.
"""

from __future__ import annotations

import os
import statistics
import time

from helpers.datasets.photos import decoding
from helpers.datasets.photos.photos import Photos
from helpers.support import expect


def cores() -> int:
    """The processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def measure(
    data: Photos, *, batch_size: int = 64, seconds: float = 2.0, rounds: int = 5
) -> dict[tuple[int, str], float]:
    """Training images per second, read, decoded and cut: {(threads, order): median}.

    For one thread and for one per core, and for each of `decoding.ORDERS`. The orders take
    turns, `rounds` times for `seconds` each, so that what else the machine does falls on
    all of them. Raises ValueError for no time or no rounds.
    """
    expect.number("seconds", seconds, above=0)
    expect.integer("rounds", rounds)
    ways = [(threads, o) for threads in sorted({1, cores()}) for o in decoding.ORDERS]
    found = {way: [] for way in ways}
    for seed in range(rounds):
        for threads, order in ways:
            batches = data.training_batches(batch_size, seed=seed, threads=threads, order=order)
            found[threads, order].append(_rate(iter(batches), batch_size, seconds))
    return {way: statistics.median(rates) for way, rates in found.items()}


def _rate(batches, batch_size: int, seconds: float) -> float:
    """Images per second, from the first batch that is there to the last."""
    next(batches)
    start, count, elapsed = time.perf_counter(), 0, 0.0
    while elapsed < seconds:
        next(batches)
        count += batch_size
        elapsed = time.perf_counter() - start
    return count / elapsed


def table(data: Photos, rates: dict[tuple[int, str], float], batch_size: int) -> str:
    """What `measure` found, for the terminal, with the gain over the slowest order."""
    orders = decoding.ORDERS
    lines = [
        f"{data.description}: training images per second at {data.view.size} x {data.view.size}, "
        f"batches of {batch_size}",
        "threads" + "".join(f"{order:>24}" for order in orders) + "   first / others",
    ]
    for threads in sorted({threads for threads, _ in rates}):
        row = [rates[threads, order] for order in orders]
        gains = " and ".join(f"{row[0] / other:.2f}" for other in row[1:])
        lines.append(f"{threads:>7}" + "".join(f"{rate:>24,.0f}" for rate in row) + f"   {gains}")
    return "\n".join(lines)
