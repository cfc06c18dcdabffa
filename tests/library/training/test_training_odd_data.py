"""training: batches of one image, one class and other odd data, on every backend."""

import pytest

from torture.fault import tried
from torture.of_batches import TRAININGS, odd_trainings

pytestmark = pytest.mark.backends


def test_odd_trainings_end_in_numbers_or_say_why_not(tmp_path):
    came = tried(odd_trainings, len(TRAININGS), tmp_path, seed=0)
    assert came == {"worked": 7, "refused, with the reason": 2}
