"""weights: files of PyTorch's are read as tensors or not at all; made here byte by byte.

What PyTorch itself writes is read in test_weights_cifar_torch.py, where PyTorch is.
"""

import io
import pickle
import zipfile

import numpy as np
import pytest

from helpers.weights import pickles

MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
SYSTEM = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"int": 4}}
STORAGES = {"float32": "FloatStorage", "int64": "LongStorage", "float16": "HalfStorage"}


def plain(value):
    """A number, a text or a tuple of them, as operations of a pickle."""
    return pickle.dumps(value, protocol=2)[2:-1]


def tensor(key, array, *, size=None, stride=None, numbers=None, offset=0, storage=None):
    """The operations that PyTorch writes for a tensor, each number to be changed."""
    count = array.size if numbers is None else numbers
    storage = storage or f"ctorch\n{STORAGES[array.dtype.name]}\n"
    steps = tuple(s // array.itemsize for s in array.strides) if stride is None else stride
    return b"".join(
        [
            b"ctorch._utils\n_rebuild_tensor_v2\n((",
            plain("storage") + storage.encode() + plain(str(key)) + plain("cpu") + plain(count),
            b"tQ",
            plain(offset) + plain(array.shape if size is None else size) + plain(steps),
            b"\x89ccollections\nOrderedDict\n)Rt" + b"R",
        ]
    )


def state_dict(entries, behind=b""):
    """An OrderedDict of {name: operations}, with the attribute that PyTorch gives it."""
    items = b"".join(plain(name) + value for name, value in entries.items())
    attribute = b"}" + plain("_metadata") + plain({"": {"version": 1}}) + b"sb"
    return b"\x80\x02ccollections\nOrderedDict\n)R(" + items + b"u" + attribute + behind + b"."


def stream(pickled, storages, rest=b""):
    """The format before PyTorch 1.6: {key: array} behind five pickles."""
    head = b"".join(pickle.dumps(part, protocol=2) for part in (MAGIC, PROTOCOL, SYSTEM))
    keys = pickle.dumps(sorted(storages), protocol=2)
    data = [a.size.to_bytes(8, "little") + a.tobytes() for _, a in sorted(storages.items())]
    return head + pickled + keys + b"".join(data) + rest


def zipped(pickled, storages, compression=zipfile.ZIP_STORED, more=()):
    """The format since PyTorch 1.6."""
    file = io.BytesIO()
    entries = [("data.pkl", pickled), ("byteorder", b"little"), ("version", b"3\n"), *more]
    entries += [(f"data/{key}", array.tobytes()) for key, array in storages.items()]
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in entries:
            archive.writestr(f"net/{name}", content)
    return file.getvalue()


FORMATS = [stream, zipped]
A, B = np.arange(6, dtype="float32").reshape(2, 3), np.array([7, 8], "int64")
ENTRIES = {"a.weight": tensor("0", A), "a.num": tensor("1", B)}
STORED = {"0": A, "1": B}


@pytest.fixture
def read(tmp_path):
    def read(content):
        (tmp_path / "net.pt").write_bytes(content)
        return pickles.read(tmp_path / "net.pt")

    return read


def refused(read, content, match):
    with pytest.raises(ValueError, match=match) as caught:
        read(content)
    assert "net.pt" in str(caught.value)


@pytest.mark.parametrize("write", FORMATS)
def test_a_state_dict_is_read(write, read):
    found = read(write(state_dict(ENTRIES), STORED))
    assert list(found) == ["a.weight", "a.num"]
    for array, expected in zip(found.values(), (A, B), strict=True):
        assert array.dtype == expected.dtype and not array.flags.writeable
        np.testing.assert_array_equal(array, expected)


def asks_for(module, name, argument):
    """Operations that call what is not to be called."""
    return f"c{module}\n{name}\n".encode() + b"(" + plain(argument) + b"tR"


@pytest.mark.parametrize("write", FORMATS)
@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("posix", "system"),
        ("builtins", "eval"),
        ("__builtin__", "eval"),
        ("builtins", "getattr"),
        ("torch", "load"),
        ("torch._utils", "_rebuild_parameter"),
        ("torch", "FloatStorage.__class__"),
        ("collections", "Counter"),
        ("helpers.weights.pickles", "_GLOBALS"),
        ("numpy.core.multiarray", "_reconstruct"),
    ],
)
def test_a_global_that_is_no_tensors_is_refused_by_name_and_not_called(
    module, name, write, read, tmp_path
):
    trace = tmp_path / "called"
    for argument in (f"touch {trace}", f"open({str(trace)!r}, 'w')"):
        call = asks_for(module, name, argument)
        for pickled in (
            state_dict({**ENTRIES, "x": call}),
            state_dict({"x": call, **ENTRIES}),
            state_dict(ENTRIES, behind=call + b"0"),
            b"\x80\x02" + call + b".",
        ):
            refused(read, write(pickled, STORED), rf"it asks for {module}\.{name}\. A file of")
    later = b"\x80\x04" + plain(module) + plain(name) + b"\x93."  # as protocol 4 writes a global
    refused(read, write(later, {}), rf"it asks for {module}\.{name}\. A file of")
    assert not trace.exists()


@pytest.mark.parametrize(
    ("operations", "named"),
    [
        (b"(ios\nsystem\n", "INST"),
        (b"(cos\nsystem\n" + plain("true") + b"o", "OBJ"),
        (b"ccollections\nOrderedDict\n)\x81", "NEWOBJ"),
        (b"\x82\x01", "EXT1"),
        (b"P0\n", "PERSID"),
        (b"\x96" + (2**60).to_bytes(8, "little"), "whole file"),
    ],
)
@pytest.mark.parametrize("write", FORMATS)
def test_an_operation_that_no_such_file_needs_is_refused(operations, named, write, read):
    refused(read, write(b"\x80\x02" + operations + b".", {}), named)


@pytest.mark.parametrize(
    "target",
    [
        "ccollections\nOrderedDict\n",
        "ctorch._utils\n_rebuild_tensor_v2\n",
        "ctorch\nFloatStorage\n",
    ],
)
def test_what_the_reader_hands_out_takes_no_state(target, read):
    """A pickle may set attributes of what it gets; the next file would find them changed."""
    state = plain(({"dtype": "O"}, {"__call__": 1, "dtype": "O"}))
    refused(read, stream(b"\x80\x02" + target.encode() + state + b"b.", {}), "gives a state")
    assert list(read(stream(state_dict(ENTRIES), STORED))) == list(ENTRIES)


@pytest.mark.parametrize("write", FORMATS)
def test_a_cut_file_is_refused_wherever_it_is_cut(write, read):
    whole = write(state_dict(ENTRIES), STORED)
    for end in range(len(whole)):
        refused(read, whole[:end], "no whole file|not read")


@pytest.mark.parametrize("write", FORMATS)
@pytest.mark.parametrize(
    ("entry", "match"),
    [
        ({"size": (2, 4), "stride": (4, 1)}, r"size \(2, 4\) goes beyond its 6 numbers"),
        ({"offset": 1}, r"goes beyond its 6 numbers"),
        ({"numbers": 2**40, "size": (2**40,), "stride": (1,)}, "must have .* bytes"),
        ({"numbers": 2**62}, "must have .* bytes"),
        ({"numbers": 5}, "must have 20 bytes. Received: 24"),
        ({"numbers": -6}, "says two things"),
        ({"size": (10**12,), "stride": (0,)}, "does not lie in one piece"),
        ({"size": (10**9, 10**9), "stride": (10**9, 1)}, "goes beyond"),
        ({"stride": (1, 2)}, "does not lie in one piece"),
        ({"size": (-2, 3)}, r"has the size \(-2, 3\)"),
        ({"size": (2, 3.0)}, r"has the size \(2, 3.0\)"),
        ({"size": (6,)}, "has the size"),
        ({"offset": -1}, "has the size"),
        ({"storage": "ctorch._utils\n_rebuild_tensor\n"}, "refers to a storage by"),
    ],
)
def test_a_tensor_that_promises_more_than_the_file_has_is_refused(entry, match, write, read):
    refused(read, write(state_dict({"a": tensor("0", A, **entry)}), {"0": A}), match)


def test_a_number_of_parts_that_would_fill_the_memory_is_refused(read):
    """The unpickler makes an array as long as the largest number of a part."""
    large = b"\x80\x02" + plain(1) + b"r\xff\xff\xff\x7f."
    refused(read, stream(large, {}), "numbers its parts up to 2147483647")


@pytest.mark.parametrize("write", FORMATS)
def test_storages_that_no_tensor_needs_or_that_are_missing_are_refused(write, read):
    pickled = state_dict(ENTRIES)
    for storages in ({**STORED, "2": A}, {"0": A}, {"0": A, "2": B}, {}):
        refused(read, write(pickled, storages), "storages, and its tensors need 2")
    refused(read, write(pickled, {**STORED, "1": B[:1]}), "must have 16 bytes. Received: 8")


def test_what_stands_behind_the_last_number_is_refused(read):
    refused(read, stream(state_dict(ENTRIES), STORED, b"x" * 9), "goes on for 9 bytes")


def test_a_zip_that_grows_when_it_is_read_is_refused(read):
    bomb = {"0": np.zeros(10**6, "float32")}
    pickled = state_dict({"a": tensor("0", bomb["0"])})
    refused(read, zipped(pickled, bomb, zipfile.ZIP_DEFLATED), "it is compressed")


def test_a_zip_whose_entries_lie_upon_each_other_is_refused(read):
    """Both entries of the directory point to the same bytes."""
    whole = bytearray(zipped(state_dict({"a": tensor("0", A)}), {"0": A}))
    at = whole.rfind(b"PK\x01\x02")
    whole[at + 24 : at + 28] = whole[at + 20 : at + 24] = (10**6).to_bytes(4, "little")
    refused(read, bytes(whole), "longer than the file")


def test_a_file_that_is_too_large_is_not_even_read(tmp_path, monkeypatch):
    monkeypatch.setattr(pickles, "LARGEST", 10)
    (tmp_path / "net.pt").write_bytes(bytes(11))
    with pytest.raises(ValueError, match=r"net\.pt has 11 bytes. Expected at most 10"):
        pickles.read(tmp_path / "net.pt")


@pytest.mark.parametrize(
    ("pickled", "match"),
    [
        (b"\x80\x02K\x01.", "holds a int and no state dict"),
        (b"\x80\x02}.", "holds a dict and no state dict"),
        (state_dict({"a": plain(1.5)}), "'a' in it is no tensor"),
        (state_dict({"state_dict": plain([1])}), "holds a list and no state dict"),
    ],
)
@pytest.mark.parametrize("write", FORMATS)
def test_what_is_no_state_dict_is_refused(pickled, match, write, read):
    refused(read, write(pickled, {}), match)


def test_another_order_of_bytes_is_refused(read, monkeypatch):
    whole = zipped(state_dict(ENTRIES), STORED).replace(b"little", b"big   ")
    refused(read, whole, "no whole file")  # the zip's checksum
    monkeypatch.setitem(SYSTEM, "little_endian", False)
    refused(read, stream(state_dict(ENTRIES), STORED), "not written little-endian")


def test_a_pickle_of_something_else_is_refused(read):
    refused(read, pickle.dumps({"a": 1}, protocol=2), "begins with another number")
    refused(read, b"", "no whole file")
    refused(read, b"<html>404</html>", "no whole file|not read")
