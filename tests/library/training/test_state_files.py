"""training.state_files: the state of a training comes back as it was, or not at all."""

import numpy as np
import pytest
from safetensors.numpy import save_file

from helpers.training import state_files

pytestmark = pytest.mark.quick

GROUPS = {"trainable": [np.arange(6.0).reshape(2, 3).T, np.float32(1)], "others": [np.arange(3)]}


def test_arrays_and_record_come_back(tmp_path):
    file = state_files.path(tmp_path / "new", "a-run")
    state_files.write(file, GROUPS, {"epochs": 3, "history": {"error": [0.5]}})
    assert [path.name for path in file.parent.iterdir()] == ["a-run.state.safetensors"]
    groups, record = state_files.read(file)
    assert record == state_files.record(file) == {"epochs": 3, "history": {"error": [0.5]}}
    assert set(groups) == set(GROUPS)
    for group, arrays in GROUPS.items():
        for mine, theirs in zip(groups[group], arrays, strict=True):
            np.testing.assert_array_equal(mine, theirs)


def test_a_full_disk_leaves_the_last_state(tmp_path, request):
    file = state_files.path(tmp_path, "a-run")
    state_files.write(file, GROUPS, {"epochs": 3})
    request.getfixturevalue("full_disk")
    with pytest.raises(OSError, match="No space left"):
        state_files.write(file, GROUPS, {"epochs": 4})
    assert state_files.record(file) == {"epochs": 3}
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("arrays", "metadata", "message"),
    [
        ({"a.0": np.zeros(1)}, {"record": "{"}, "its record is not JSON"),
        ({"a.0": np.zeros(1)}, {"record": "[" * 100_000}, "its record is not JSON"),
        ({"a.0": np.zeros(1)}, {"record": "[]"}, "its record is no table"),
        ({"a.0": np.zeros(1)}, {}, "it holds no record"),
        ({"a": np.zeros(1)}, {"record": "{}"}, "it holds a of type F64"),
        ({"a.x": np.zeros(1)}, {"record": "{}"}, "it holds a.x of type"),
    ],
)
def test_a_state_that_is_none_is_refused(arrays, metadata, message, tmp_path):
    file = state_files.path(tmp_path, "a-run")
    save_file(arrays, file, metadata)
    with pytest.raises(ValueError, match=rf"a-run.*is not the whole state.*{message}"):
        state_files.read(file)
