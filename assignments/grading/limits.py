"""How much of the machine one submission may use."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

_MAY_BE_ZERO = ("restarts", "nice")


@dataclass(frozen=True)
class Limits:
    """What one submission may use. Beyond it the cell, and if need be the process, is ended.

    - `cell_seconds`: one cell; first an exception in it, `grace_seconds` later the process;
    - `total_seconds`: the notebook, restarts included;
    - `restarts`: how often a process that died is replaced to run the cells that follow;
    - `memory_mb`: of all its processes together; `disk_mb`: files that it writes;
    - `processes`: its processes; threads may be four times as many;
    - `nice`: how far its processes stand back behind others;
    - `cell_output`, `total_output`: characters; longer text of a cell is cut.
    """

    cell_seconds: float = 60
    grace_seconds: float = 5
    total_seconds: float = 240
    restarts: int = 3
    memory_mb: int = 3000
    disk_mb: int = 256
    processes: int = 32
    nice: int = 10
    cell_output: int = 20_000
    total_output: int = 8_000_000

    def __post_init__(self) -> None:
        for key, value in dataclasses.asdict(self).items():
            if (
                not isinstance(value, int | float)
                or value < 0
                or (value == 0 and key not in _MAY_BE_ZERO)
            ):
                raise ValueError(f"`{key}` must be a positive number. Received: {key}={value!r}")
