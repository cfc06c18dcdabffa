"""Training on several devices, of one machine or of many, by data parallelism on JAX.

Every device has all weights and a part of each batch. Keras compiles the step for all
devices together: the loss is the mean over the whole batch, and so are gradients and the
statistics of batch normalization, as if one device had computed them.

`start` is called once, before anything is computed. From then on what builds, feeds and
measures asks `team()` how many there are.

Source: Goyal et al. 2017, section 2; Keras 3, `keras.distribution`. Book: chapter 7.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import keras
import numpy as np

import helpers
from helpers.training import rendezvous

# Seconds after which the backend gives up a process that lives and does nothing: the connections
# of `rendezvous` see only that one ends. In 10 a starved machine may miss its beats.
HEARTBEAT = 30
_EXPLANATION = 5  # seconds in which the others can say why a connection broke
# "UNKNOWN: Gloo AllGather failed": how XLA begins, whatever the type of the error.
_STATUS = re.compile(r"[A-Z]+(_[A-Z]+)*: ")
_connections: rendezvous.Connections | None = None


@dataclass(frozen=True)
class Team:
    """Which of how many processes this is; `devices` are those of all together."""

    process: int = 0
    processes: int = 1
    devices: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the process that prints, records and writes checkpoints."""
        return self.process == 0

    @property
    def shard(self) -> tuple[int, int]:
        """(i, n) for the functions that feed: this is process i of n."""
        return self.process, self.processes

    @property
    def local_devices(self) -> int:
        """Devices of this process; every process has as many."""
        return self.devices // self.processes

    @property
    def record(self) -> dict[str, int]:
        """What a record of training says of it; nothing of a single device."""
        return {} if self == Team() else {"devices": self.devices, "processes": self.processes}

    def check(self, batch_size: int) -> None:
        """Raises ValueError if a batch cannot be divided among the devices."""
        if batch_size % self.devices:
            raise ValueError(
                f"The batch is divided among {self.devices} devices: its size must be a multiple "
                f"of {self.devices}. Received: {batch_size}. Choose another batch, or fewer "
                "devices (CUDA_VISIBLE_DEVICES says which ones a process sees)."
            )

    def parts(self, n: int, batch_size: int) -> Iterator[tuple[int, slice | np.ndarray, int]]:
        """How n images are measured together: (images, which this process sees, batch size).

        All devices must get the same number at once. So as many images as that allows are
        one part, of which process i sees every i-th; the few that are left, fewer than there
        are devices, are another, which every device sees whole. The mean over all images is
        the mean of the parts' means, weighted by their `images`.
        """
        whole = n - n % self.devices
        if whole:
            each = max(batch_size // self.devices, 1) * self.local_devices
            yield whole, slice(self.process, whole, self.processes), each
        if whole < n:
            left = np.tile(np.arange(whole, n), self.local_devices)
            yield n - whole, left, len(left)


def team() -> Team:
    """The processes and devices that train together; one of each unless Keras distributes."""
    distribution = keras.distribution.distribution()
    if distribution is None:
        return Team()
    import jax

    count = distribution.device_mesh.devices.size
    return Team(jax.process_index(), distribution.num_processes, count)


def start(
    coordinator: str | None = None,
    processes: int | None = None,
    process: int | None = None,
    *,
    task: str = "",
    wait: float = 300.0,
) -> Team:
    """Joins the other processes and spreads what is trained from now on over all devices.

    - `coordinator`: HOST:PORT where process 0 can be reached; the port is any free one;
    - `processes`, `process`: how many there are, and which this is, counted from 0;
    - `task`: what is to be trained, the same for all processes;
    - `wait`: seconds until all must have come.

    Without arguments it is about the devices of this machine alone. On other backends than
    JAX a process trains on one device. Afterwards an error in one process ends the others, too.

    Raises ValueError for arguments that do not fit together, another backend, processes that
    were started for different things; OSError or TimeoutError if they do not come together.
    """
    global _connections
    several = _check(coordinator, processes, process)
    if keras.backend.backend() != "jax":
        if several:
            raise ValueError(
                "Several processes train on JAX alone: set KERAS_BACKEND=jax. "
                f"Received: {keras.backend.backend()}"
            )
        return Team()
    import jax

    if several:
        facts = _facts() | {"task": task}
        _connections = rendezvous.meet(coordinator, processes, process, facts, wait=wait)
        sys.excepthook = _reporting(sys.excepthook)
        # JAX would take the signal that ends a process for a warning, and go on.
        if hasattr(jax.config, "jax_enable_preemption_service"):
            jax.config.update("jax_enable_preemption_service", False)
        jax.distributed.initialize(
            coordinator,
            processes,
            process,
            cluster_detection_method="deactivate",
            initialization_timeout=int(wait),
            heartbeat_timeout_seconds=HEARTBEAT,
        )
        atexit.register(_leave)  # before JAX waits for the others, since it comes later
    if jax.device_count() != jax.local_device_count() * jax.process_count():
        raise ValueError(
            "Every process must see the same number of devices. "
            f"Received: {jax.local_device_count()} here, {jax.device_count()} in all "
            f"{jax.process_count()}. CUDA_VISIBLE_DEVICES says which ones a process sees."
        )
    if jax.device_count() > 1:
        # Each process brings its own share of a batch, so Keras must not divide it again.
        parallel = keras.distribution.DataParallel(auto_shard_dataset=False)
        keras.distribution.set_distribution(parallel)
    return team()


def fail(error: BaseException) -> None:
    """Ends this process for an error, with one line, and tells the others; else returns.

    Does nothing where there is one process.
    """
    if _connections is None:
        return
    lines = str(error).strip().splitlines() or ["it was stopped."]
    text = f"{type(error).__name__}: {lines[0]}"
    if type(error).__module__.startswith("jax") or _STATUS.match(str(error)):
        time.sleep(_EXPLANATION)  # it may be the end of another, who says why
    _connections.fail(text)
    rendezvous.end(f"Process {_connections.process} ended: {text}")


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """What one process does without the others, inside, on its own devices: saving a model.

    Under a distribution every variable that is made is compared among all processes, and
    Keras makes one where it saves an optimizer: process 0 would wait for the others for ever.
    """
    distribution = keras.distribution.distribution()
    keras.distribution.set_distribution(None)
    try:
        yield
    finally:
        keras.distribution.set_distribution(distribution)


def agree(text: str, message: str) -> None:
    """Raises ValueError in all processes unless all came here with the same text."""
    if team().processes == 1:
        return
    from jax.experimental import multihost_utils

    mine = np.frombuffer(hashlib.sha256(text.encode()).digest(), "uint8")
    others = np.asarray(multihost_utils.process_allgather(mine)).reshape(-1, mine.size)
    if (others != others[0]).any():
        odd = [str(i) for i, row in enumerate(others) if (row != others[0]).any()]
        raise ValueError(f"{message} Other than in process 0: process {', '.join(odd)}.")


def _check(coordinator, processes, process) -> bool:
    """Whether there are several processes. Raises ValueError for what does not fit together."""
    given = {"coordinator": coordinator, "processes": processes, "process": process}
    missing = [f"--{key}" for key, value in given.items() if value is None]
    if len(missing) == len(given):
        return False
    if missing:
        raise ValueError(
            "--coordinator, --processes and --process belong together. "
            f"Missing: {', '.join(missing)}"
        )
    if processes < 1 or not 0 <= process < processes:
        raise ValueError(
            f"--process must be in 0..{max(processes, 1) - 1}, one number for each of the "
            f"--processes, which are at least 1. Received: --processes {processes} "
            f"--process {process}"
        )
    rendezvous.address(coordinator)
    return processes > 1


def _facts() -> dict[str, str]:
    import jax

    versions = {"jax": jax.__version__, "keras": keras.__version__, "helpers": helpers.__version__}
    return {"versions": ", ".join(f"{key} {value}" for key, value in versions.items())}


def _reporting(hook):
    """An exception hook that ends all processes, after the traceback."""

    def report(kind, error, traceback):
        hook(kind, error, traceback)
        fail(error)

    return report


def _leave():
    if _connections is not None:
        _connections.leave()
