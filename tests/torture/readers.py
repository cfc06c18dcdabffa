"""The book's readers of files, each with valid files that are damaged and what to look at."""

from __future__ import annotations

import functools
import io
import itertools
import json
import random
import struct
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

import pickles_by_hand as by_hand
from torture.fuzzing import Reader
from torture.mutations import changed, odd_tree

FLOATS = np.float32(np.arange(12).reshape(3, 4))


def mixed(
    valid: list[bytes], words: list[str], *aware: Callable[[random.Random], bytes]
) -> Callable[[random.Random], Iterator[bytes]]:
    """Half of the files changed as bytes, half by what knows the format."""
    as_bytes = [word.encode() for word in words]

    def inputs(chance: random.Random) -> Iterator[bytes]:
        for number in itertools.count():
            if number % 2 and aware:
                made = chance.choice(aware)(chance)
                yield made if chance.random() < 0.9 else changed(chance, made, valid, as_bytes)
            else:
                yield changed(chance, chance.choice(valid), valid, as_bytes)

    return inputs


# --- .safetensors -------------------------------------------------------------------

WORDS = ["F32", "BF16", "F64", "I64", "F8_E4M3", "BOOL", "__metadata__", "data_offsets", "shape"]
WORDS += ["dtype", "module.", "_orig_mod.", "fc.weight", "conv1.weight", "block", "survival"]
WORDS += ["pooled_shortcut", "bottleneck_stride", "option_a", "both sides", "pooling", "epsilon"]
WORDS += ["nan", "inf", "1e999", "\x00", "[[[[", "{", "record"]


def weights() -> Reader:
    """`weights.load` into a small net, whose weights are compared bit by bit."""
    from helpers import networks, weights
    from helpers.specs import Network, Stage, Stem

    stages = (Stage("conv2_x", "basic", 3, 1, 2),)
    spec = Network("small", (4, 4, 3), 2, Stem(3, 2, 1, max_pooling=False), stages, "A")
    model = networks.build(spec)
    with tempfile.TemporaryDirectory() as folder:
        halves = (("float32", "a"), ("float16", "b"))
        saved = [weights.save(model, f"{folder}/{n}.safetensors", dtype=d) for d, n in halves]
        valid = [path.read_bytes() for path in saved]
    end = 8 + struct.unpack("<Q", valid[0][:8])[0]
    header, data = json.loads(valid[0][8:end]), valid[0][end:]

    def read(path: Path) -> None:
        weights.load(model, path)
        if not all(np.isfinite(np.asarray(v.value)).all() for v in variables):
            raise AssertionError("what is no finite number was loaded")

    variables = model.weights

    def state() -> list[bytes]:
        return [np.asarray(v.value).tobytes() for v in variables]

    aware = [functools.partial(_odd_safetensors, header=header, data=data)]
    return Reader(".safetensors", mixed(valid, WORDS, *aware), read, state)


def states() -> Reader:
    """`state_files.read`: the state of an interrupted training."""
    from helpers.training import state_files

    record = json.dumps({"plan": "x", "history": {"error": [0.5]}})
    arrays = {f"{g}.{i:05d}": FLOATS + i for g in ("trainable", "velocity") for i in range(3)}
    header, data = _safetensors(arrays, {"record": record})

    def read(path: Path) -> None:
        groups, found = state_files.read(path)
        if found != state_files.record(path) or not isinstance(groups, dict):
            raise AssertionError("two readings differ")

    aware = [functools.partial(_odd_safetensors, header=header, data=data)]
    return Reader(".safetensors", mixed([_packed(header, data)], WORDS, *aware), read)


def _safetensors(arrays, about, code="F32"):
    header, data = {"__metadata__": about} if about else {}, b""
    for name, array in arrays.items():
        kind = "I64" if array.dtype == "int64" else code
        ends = [len(data), len(data) + array.nbytes]
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": ends}
        data += array.tobytes()
    return header, data


def _packed(header, data):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def _odd_safetensors(chance, header, data):
    odd = odd_tree(chance, header, WORDS)
    if chance.random() < 0.3:  # numbers that are none
        new = bytearray(data)
        place = 4 * chance.randrange(len(new) // 4)
        new[place : place + 4] = struct.pack("<I", chance.choice((0x7FC00000, 0xFF800000, 1)))
        data, odd = bytes(new), header if chance.random() < 0.5 else odd
    return _packed(odd, data)


# --- .npz ---------------------------------------------------------------------------


def npz() -> Reader:
    """`npz_file.read`: a data set, half of the time with images as JPEG."""
    from PIL import Image

    from helpers.datasets import npz_file

    images = np.random.default_rng(0).integers(0, 256, (2, 4, 4, 3), "uint8")
    jpegs = []
    for image in images:
        file = io.BytesIO()
        Image.fromarray(image).save(file, "JPEG")
        jpegs.append(file.getvalue())
    parts = {"name": np.array("tiny"), "description": np.array("x")}
    parts["class_names"] = np.array(["a", "b"])
    as_jpeg = dict(parts)
    for split in ("train", "validation", "test"):
        parts[f"{split}_images"] = images
        parts[f"{split}_labels"] = as_jpeg[f"{split}_labels"] = np.int32([0, 1])
        as_jpeg[f"{split}_jpeg"] = np.frombuffer(b"".join(jpegs), "uint8")
        as_jpeg[f"{split}_ends"] = np.cumsum([len(file) for file in jpegs])
    kinds = [{f"{key}.npy": _npy(array) for key, array in of.items()} for of in (parts, as_jpeg)]
    words = ["<u1", "|O", "<f8", "True", "fortran_order", "shape", "(", ")", "\x93NUMPY", "PK"]
    words += ["%!PS-Adobe-3.0 EPSF-3.0\n", "\x89PNG\r\n", "GIF89a", "II*\x00"]
    words += ["(9" + 30 * "9" + ",)"]

    def aware(chance):
        entries = dict(chance.choice(kinds))
        for _ in range(chance.choice((1, 1, 2))):
            key = chance.choice(list(entries))
            as_bytes = [word.encode("latin-1") for word in words]
            entries[key] = changed(chance, entries[key], list(entries.values()), as_bytes)
        return _zip(entries, chance)

    def read(path: Path) -> None:
        data = npz_file.read(path)
        if data.train.images.dtype != "uint8" or data.train.labels.max() >= data.num_classes:
            raise AssertionError("a data set that is none was loaded")

    valid = [_zip(entries) for entries in kinds]
    return Reader(".npz", mixed(valid, words, aware), read)


def _npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def _zip(entries, chance=None):
    file = io.BytesIO()
    how = zipfile.ZIP_DEFLATED if chance is None or chance.random() < 0.5 else zipfile.ZIP_STORED
    with zipfile.ZipFile(file, "w", how) as archive:
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(name, (2025, 1, 1, 0, 0, 0)), content, how)
    return file.getvalue()


# --- .pt, .th -----------------------------------------------------------------------


def pickled() -> Reader:
    """`pickles.read`: PyTorch's files of both formats."""
    from helpers.weights import pickles

    storages = {"0": FLOATS, "1": np.arange(3)}
    tensors = {"a": by_hand.tensor("0", FLOATS), "b": by_hand.tensor("1", storages["1"])}
    operations = by_hand.state_dict(tensors)
    nested = b"\x80\x02}" + by_hand.plain("state_dict") + operations[2:-1] + b"s."
    valid = [by_hand.zipped(operations, storages), by_hand.stream(operations, storages)]
    valid += [by_hand.zipped(nested, storages)]
    words = ["cos\nsystem\n", "cbuiltins\neval\n", "\x93", "R", "b", "Q", "2", "\x86", "\x85", "t("]
    words += ["q\x00", "h\x00", "r\xff\xff\xff\x7f", "j\x01\x00\x00\x00", "\x8b\xff\xff\xff\x0f"]
    words += ["}", ")", "]", "(", "u", "s", "e", "a", "N", "0", "1", ".", "\x88", "K\x01", "X\xff"]
    as_bytes = [word.encode("latin-1") for word in words]

    def aware(chance):
        if chance.random() < 0.4:  # operations in any order
            count = chance.choice((10, 40, 400))
            made = b"".join(chance.choice(as_bytes) for _ in range(count))
            made = b"\x80\x02" + made * chance.choice((1, 1, 20)) + b"."
        elif chance.random() < 0.2:  # things in things
            part = chance.choice((b"\x85", b"2\x86", b"q\x00h\x00\x86", b"]q\x00h\x00a", b"})"))
            made = b"\x80\x02})" + part * chance.choice((30, 100, 5000)) + b"Ns."
        else:
            made = changed(chance, chance.choice((operations, nested)), [operations], as_bytes)
        return chance.choice((by_hand.zipped, by_hand.stream))(made, storages)

    def read(path: Path) -> None:
        for array in pickles.read(path).values():
            if array.dtype.kind not in "fi" or array.nbytes > path.stat().st_size:
                raise AssertionError("more was read than the file holds")

    return Reader(".pt", mixed(valid, words, aware), read)


READERS = {
    "weights": weights,
    "states": states,
    "npz": npz,
    "pickled": pickled,
}
