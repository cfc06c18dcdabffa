"""The torture of zips notices an intake that unpacks onto the disk."""

import random
import sys
import zipfile
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1]))
from torture import notebooks_read
from torture.archives_made import NOTEBOOK, zipped
from torture.fuzzing import BrokenError, fuzzed


def test_an_intake_that_unpacks_is_noticed(tmp_path, monkeypatch):
    honest = notebooks_read.find

    def unpacking(folder, known):
        for path in folder.glob("*.zip"):
            with zipfile.ZipFile(path) as archive:
                archive.extractall(folder)
        return honest(folder, known)

    made = zipped([("01-a.ipynb", 0o100000, NOTEBOOK)])
    reader = notebooks_read._zips(lambda chance: iter(lambda: made, None))
    assert sum(fuzzed(reader, "1", 3, tmp_path).values()) == 3
    monkeypatch.setattr(notebooks_read, "find", unpacking)
    with pytest.raises(BrokenError, match="something was unpacked"):
        fuzzed(reader, str(random.Random(1).random()), 1, tmp_path)
