"""Zips handed in that would write elsewhere, or unpack without end."""

from __future__ import annotations

from torture.fault import Trial, fault
from torture.fuzzing import LOADED, REFUSED
from torture.of_files import in_a_process

GROUP = "Archives that mean harm"


@fault(
    "zips-that-reach-out",
    group=GROUP,
    does="a zip handed in, with names that lead out of its folder, links, devices, or two names "
    "for one entry",
    holds="nothing is unpacked onto the disk: no file is made, changed or followed, inside the "
    "folder of submissions or outside",
    outcomes=(REFUSED, LOADED),
    few=150,
    many=5_000,
)
def zips_that_reach_out(trial: Trial) -> None:
    in_a_process(trial, "notebook-zips")


@fault(
    "zips-without-end",
    group=GROUP,
    does="a zip handed in that would unpack to gigabytes: zeros, zips in zips, thousands of "
    "entries, many entries for one content, sizes that are not true",
    holds="it is refused, or read as far as it is small, within seconds and without much memory",
    outcomes=(REFUSED, LOADED),
    few=12,
    many=120,
)
def zips_without_end(trial: Trial) -> None:
    in_a_process(trial, "notebook-bombs")
