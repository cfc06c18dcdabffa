"""Seconds of `make book` after one page has changed: one_page.py PAGE."""

import os
import subprocess
import sys
from pathlib import Path

import serving

ROOT = Path(__file__).resolve().parents[2]


def work():
    os.utime(ROOT / sys.argv[1])  # Sphinx goes by the time of a page, not by its words
    subprocess.run(["make", "--silent", "book"], cwd=ROOT, check=True, capture_output=True)


serving.serve(serving.seconds(work))
