"""images_file: a data set goes through one file unchanged, and nothing else is read."""

import dataclasses
import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from helpers import datasets
from helpers.datasets import Data, Split, npz_file


def same(a, b):
    assert (a.name, a.description, a.class_names) == (b.name, b.description, b.class_names)
    for split in a.splits:
        for key in ("images", "labels"):
            one, other = (getattr(getattr(d, split), key) for d in (a, b))
            np.testing.assert_array_equal(one, other)
            assert one.dtype == other.dtype


def test_pixels_come_back_as_they_were(tiny_data, tmp_path):
    path = npz_file.write(tiny_data, tmp_path / "tiny.npz")
    same(npz_file.read(path), tiny_data)
    assert [p.name for p in tmp_path.iterdir()] == ["tiny.npz"]


def encoded(images):
    files = []
    for image in images:
        file = io.BytesIO()
        Image.fromarray(image).save(file, "JPEG", quality=90)
        files.append(file.getvalue())
    return files


def as_jpeg(data):
    """The data set after JPEG, and its files."""
    jpeg = {split: encoded(getattr(data, split).images) for split in data.splits}
    parts = {}
    for split, files in jpeg.items():
        pixels = np.stack([np.asarray(Image.open(io.BytesIO(f))) for f in files])
        parts[split] = Split(pixels, getattr(data, split).labels)
    return Data(data.name, data.description, data.class_names, **parts), jpeg


def test_jpeg_stays_jpeg_and_decodes_to_the_same_pixels(tiny_data, tmp_path):
    data, jpeg = as_jpeg(tiny_data)
    path = npz_file.write(data, tmp_path / "tiny.npz", jpeg)
    found = npz_file.read(path)
    assert found.description == f"{data.description}, decoded exactly"
    same(dataclasses.replace(found, description=data.description), data)
    with np.load(path) as content:
        assert "train_images" not in content
        assert content["train_jpeg"].tobytes() == b"".join(jpeg["train"])


def test_jpeg_of_other_images_is_refused(tiny_data, tmp_path):
    data, jpeg = as_jpeg(tiny_data)
    jpeg["test"][3], jpeg["test"][4] = jpeg["test"][4], jpeg["test"][3]
    with pytest.raises(ValueError, match="the test images of tiny"):
        npz_file.write(data, tmp_path / "tiny.npz", jpeg)
    assert not list(tmp_path.iterdir())


def test_a_file_is_never_overwritten_and_has_its_ending(tiny_data, tmp_path):
    path = npz_file.write(tiny_data, tmp_path / "tiny.npz")
    with pytest.raises(FileExistsError, match="Remove it"):
        npz_file.write(tiny_data, path)
    with pytest.raises(ValueError, match=r"\.npz"):
        npz_file.write(tiny_data, tmp_path / "tiny.npy")


def test_a_full_disk_leaves_no_part_of_the_images(tiny_data, tmp_path, full_disk):
    with pytest.raises(OSError, match="No space left"):
        npz_file.write(tiny_data, tmp_path / "tiny.npz")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"", b"no archive", None])
def test_what_is_no_such_file_is_refused(content, tmp_path):
    path = tmp_path / "other.npz"
    if content is None:
        np.savez(path, x=np.zeros(3))
    else:
        path.write_bytes(content)
    with pytest.raises(ValueError, match="export"):
        npz_file.read(path)
    with pytest.raises(FileNotFoundError, match="export"):
        npz_file.read(tmp_path / "nowhere.npz")


@pytest.mark.parametrize("encoding", ["png", "jpeg"])
def test_an_exported_cifar10_is_the_one_that_tensorflow_datasets_has(
    encoding, cifar10_archive, tmp_path
):
    cifar10_archive(tmp_path, encoding=encoding)
    path = datasets.export("cifar10", tmp_path / "cifar10.npz", data_dir=tmp_path)
    theirs = datasets.load("cifar10", data_dir=tmp_path)
    same(datasets.load("cifar10", npz=path), theirs)
    with pytest.raises(ValueError, match="holds cifar10"):
        datasets.load("shapes", npz=path)
    if encoding == "png":
        with pytest.raises(ValueError, match="not stored as JPEG"):
            datasets.export("cifar10", tmp_path / "small.npz", data_dir=tmp_path, jpeg=True)
        return
    small = datasets.export("cifar10", tmp_path / "small.npz", data_dir=tmp_path, jpeg=True)
    found = datasets.load("cifar10", npz=small)
    assert found.description == "CIFAR-10 (JPEG), decoded exactly"
    for split in theirs.splits:  # another decoder, the same images in the same order
        mine, tensorflow = (getattr(d, split) for d in (found, theirs))
        assert np.abs(mine.images.astype(int) - tensorflow.images).mean() <= 8
        np.testing.assert_array_equal(mine.labels, tensorflow.labels)


def changed(path, name, content):
    """The archive with one of its entries exchanged."""
    with zipfile.ZipFile(path) as archive:
        entries = {entry: archive.read(entry) for entry in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, old in entries.items():
            archive.writestr(entry, content if entry == name else old)


def npy(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def huge(_):
    """The header of an array that no memory holds, and no number behind it."""
    file = io.BytesIO()
    head = {"descr": "|u1", "fortran_order": False, "shape": (2**40, 32, 32, 3)}
    np.lib.format.write_array_header_1_0(file, head)
    return file.getvalue()


@pytest.mark.parametrize(
    ("entry", "content", "message"),
    [
        ("train_images", huge, "does not hold what its header says"),
        ("train_images", lambda _: npy(np.zeros(10**8, "uint8")), "would unpack to"),
        ("train_images", lambda data: npy(data.train.images / 255), "uint8"),
        ("train_labels", lambda data: npy(data.train.labels + 99), "labels in 0"),
        ("train_labels", lambda data: npy(np.array([{}], object)), "header says"),
        ("class_names", lambda _: npy(np.array(3)), "TypeError"),
        ("name", lambda _: npy(np.array(3)), "names must be texts"),
        ("test_images", lambda _: b"\x93NUMPY\x01", "magic string"),
    ],
)
def test_an_archive_that_promises_something_else_is_refused(
    entry, content, message, tiny_data, tmp_path
):
    path = npz_file.write(tiny_data, tmp_path / "tiny.npz")
    changed(path, f"{entry}.npy", content(tiny_data))
    with pytest.raises(ValueError, match=rf"(?s)tiny\.npz is no data set.*{message}"):
        npz_file.read(path)


def test_a_picture_of_another_format_is_not_opened(tiny_data, tmp_path):
    """Pillow gives some to other programs, PostScript among them."""
    data, jpeg = as_jpeg(tiny_data)
    path = npz_file.write(data, tmp_path / "tiny.npz", jpeg)
    file = io.BytesIO()
    Image.fromarray(data.train.images[0]).save(file, "PNG")
    picture = np.frombuffer(file.getvalue(), "uint8")
    changed(path, "train_jpeg.npy", npy(picture))
    with pytest.raises(ValueError, match=r"is no data set.*UnidentifiedImageError"):
        npz_file.read(path)
