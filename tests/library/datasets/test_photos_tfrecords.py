"""photos.tfrecords: a photograph is found where TensorFlow Datasets put it, and kept in order."""

import hashlib
import struct

import numpy as np
import pytest
import tensorflow as tf

from helpers.datasets.photos import tfrecords
from photo_archives import encoded, example, plain, records


def entries(n, label=lambda i: 300 * (i % 3)):
    """Names, labels (0, 300 and 600: one byte and two) and files of many lengths."""
    random = np.random.default_rng(0)
    return [
        (f"cat_{i}.jpg", label(i), random.bytes(int(random.integers(1, 40_000)))) for i in range(n)
    ]


def written(path, entries, **more):
    return records(
        path,
        [example(image=f, label=y, file_name=n.encode(), **more) for n, y, f in entries],
    )


def test_every_photograph_is_found(tmp_path):
    """In two files, beside fields of other kinds, and in the order of the hash of their names."""
    all_ = entries(40)
    paths = [
        written(tmp_path / "a.tfrecord", all_[:25], mask=bytes(20_000), box=[0.5, 1.0], species=1),
        written(tmp_path / "b.tfrecord", all_[25:]),
    ]
    found = tfrecords.photographs(paths)
    expected = sorted(all_, key=lambda entry: hashlib.sha256(entry[0].encode()).hexdigest())
    assert [name.decode() for name in found.names] == [name for name, _, _ in expected]
    assert found.labels.tolist() == [label for _, label, _ in expected]
    assert [found.read(i) for i in range(len(found))] == [file for _, _, file in expected]
    assert found.labels.dtype == "int32"
    assert expected[7][0] in found.where(7) and "tfrecord" in found.where(7)
    backwards = tfrecords.photographs(paths[::-1])
    assert [backwards.read(i) for i in range(40)] == [file for _, _, file in expected]


def test_a_part_reads_its_own(tmp_path):
    all_ = tfrecords.photographs([written(tmp_path / "a.tfrecord", entries(12))])
    part = all_[all_.labels == 300]
    assert len(part) == 4 and set(part.labels.tolist()) == {300}
    for i, name in enumerate(part.names):
        assert part.read(i) == all_.read(all_.names.tolist().index(name))


def test_a_file_without_photographs_is_empty(tmp_path):
    """TensorFlow Datasets leaves such files where there are more files than images."""
    paths = [written(tmp_path / "a.tfrecord", []), written(tmp_path / "b.tfrecord", entries(3))]
    assert len(tfrecords.photographs(paths)) == 3


@pytest.mark.parametrize("lost", [1, 9, 2_000])
def test_a_file_that_is_cut_off_is_refused(tmp_path, lost):
    path = written(tmp_path / "a.tfrecord", [("cat_1.jpg", 0, bytes(5_000))] * 3)
    content = (tmp_path / "a.tfrecord").read_bytes()
    (tmp_path / "a.tfrecord").write_bytes(content[:-lost])
    with pytest.raises(ValueError, match=r"a\.tfrecord is cut off.*prepared again"):
        tfrecords.photographs([path])


@pytest.mark.parametrize(
    "content",
    [
        example(image=b"x", label=1),
        example(),
        b"",
        b"\x08\x01",
        b"\x0a\xff",
        b"no example of TensorFlow's",
    ],
    ids=["no name", "no values", "nothing", "a number", "too long", "text"],
)
def test_other_records_are_refused(tmp_path, content):
    path = records(tmp_path / "a.tfrecord", [content])
    with pytest.raises(ValueError, match=r"a\.tfrecord holds.*`image`, `label` and `file_name`"):
        tfrecords.photographs([path])


def test_the_walk_is_made_once(tmp_path, monkeypatch, capsys):
    path, keep = tmp_path / "a.tfrecord", tmp_path / "places.npz"
    paths = [written(path, entries(9))]
    first = tfrecords.photographs(paths, keep)
    assert "places.npz" in capsys.readouterr().err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.tfrecord", "places.npz"]
    with monkeypatch.context() as patch:
        patch.setattr(tfrecords, "_walk", None)
        again = tfrecords.photographs(paths, keep)
    for key in ("places", "labels", "names"):
        np.testing.assert_array_equal(getattr(first, key), getattr(again, key))
        assert getattr(first, key).dtype == getattr(again, key).dtype
    assert [again.read(i) for i in range(9)] == [first.read(i) for i in range(9)]
    written(path, entries(10))  # prepared anew, with another image
    assert len(tfrecords.photographs(paths, keep)) == 10


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half a file", None])
def test_notes_that_are_damaged_or_of_an_earlier_version_are_made_anew(tmp_path, capsys, content):
    paths = [written(tmp_path / "a.tfrecord", entries(9))]
    keep = tmp_path / "places.npz"
    first = tfrecords.photographs(paths, keep)
    if content is None:  # as version 1.0.0 wrote them: without the first byte of the record
        with np.load(keep) as notes:
            earlier = {**notes, "places": notes["places"][:, [0, 2, 3]]}
        np.savez(keep, **earlier)
    else:
        keep.write_bytes(content)
    again = tfrecords.photographs(paths, keep)
    assert "Looking through" in capsys.readouterr().err
    np.testing.assert_array_equal(again.places, first.places)
    np.testing.assert_array_equal(tfrecords.photographs(paths, keep).places, first.places)


@pytest.mark.parametrize("place", [0, 9, 20, -1, None])
def test_a_bit_that_was_turned_is_found_where_the_photograph_is_read(tmp_path, place):
    """In the length, its check sum, the content or the content's; None is amid the photograph."""
    file = encoded(plain(50, 90, 120))
    paths = [written(tmp_path / "a.tfrecord", [("cat_1.jpg", 2, file)])]
    found = tfrecords.photographs(paths)
    assert found.read(0) == file
    content = bytearray((tmp_path / "a.tfrecord").read_bytes())
    content[found.places[0, 2] + len(file) // 2 if place is None else place] ^= 4
    (tmp_path / "a.tfrecord").write_bytes(content)
    with pytest.raises(OSError, match=r"DataLossError|OutOfRangeError|IndexError"):
        found.read(0)


def test_a_folder_for_reading_alone_is_no_obstacle(tmp_path, capsys):
    paths = [written(tmp_path / "a.tfrecord", entries(4))]
    assert len(tfrecords.photographs(paths, tmp_path / "nowhere" / "places.npz")) == 4
    assert "could not be written" in capsys.readouterr().err


def test_a_full_disk_is_no_obstacle_and_keeps_nothing(tmp_path, capsys, full_disk):
    paths = [written(tmp_path / "a.tfrecord", entries(4))]
    assert len(tfrecords.photographs(paths, tmp_path / "places.npz")) == 4
    assert "No space left" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["a.tfrecord"]


def test_the_records_are_what_tensorflow_reads(tmp_path):
    """The layout is TensorFlow's own: the same bytes come out of its reader."""
    path = written(tmp_path / "a.tfrecord", [("cat_1.jpg", 2, encoded(plain(50)))])
    (content,) = tf.data.TFRecordDataset(path).as_numpy_iterator()
    assert struct.unpack("<Q", (tmp_path / "a.tfrecord").read_bytes()[:8]) == (len(content),)
    file = tf.train.Example.FromString(content).features.feature["image"].bytes_list.value[0]
    assert tfrecords.photographs([path]).read(0) == file
