"""The pictures of the pages are what `make figures` draws."""

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def draw():
    sys.path.insert(0, str(ROOT / "images"))  # as for a script
    spec = importlib.util.spec_from_file_location("draw", ROOT / "images" / "draw.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_drawing_anew_gives_the_same_bytes(draw, tmp_path, book_records):
    draw.main(tmp_path)
    drawn = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    kept = {path.name: path.read_bytes() for path in (ROOT / "images").glob("*.svg")}
    assert drawn.keys() == kept.keys()
    assert [name for name in drawn if drawn[name] != kept[name]] == []


def test_a_figure_that_no_notebook_has_is_an_error(draw):
    with pytest.raises(LookupError, match="fig-nowhere: run `make notebooks`"):
        draw.stored_figure("01-degradation", "fig-nowhere")
