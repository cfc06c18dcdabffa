"""What the paper measured, as it prints it. Nothing here is ours.

Errors are in per cent. What follows from an architecture by counting is not here:
`counting` computes it.

Source: He et al. 2015. Book: chapter 5.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reported:
    """A test error of the paper, in per cent.

    - `error`: what the table ranks the net by;
    - `mean`, `spread`: mean and standard deviation, where it was trained `runs` times.
      `error` is then the best of them.
    """

    error: float
    mean: float | None = None
    spread: float | None = None
    runs: int = 1


# Table 6: CIFAR-10, single view, 10,000 test images. The plain nets are in Figure 6 only,
# as curves without numbers.
TABLE_6 = {
    "resnet20": Reported(8.75),
    "resnet32": Reported(7.51),
    "resnet44": Reported(7.17),
    "resnet56": Reported(6.97),
    "resnet110": Reported(6.43, mean=6.61, spread=0.16, runs=5),
    "resnet1202": Reported(7.93),
}
