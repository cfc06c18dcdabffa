"""weights: files of PyTorch's are read as tensors or not at all; made here byte by byte.

What PyTorch itself writes is read in test_weights_cifar_torch.py, where PyTorch is.
"""

import pickle
import zipfile

import numpy as np
import pytest

from helpers.weights import pickles
from pickles_by_hand import SYSTEM, plain, state_dict, stream, tensor, zipped

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


def key_of(*operations):
    """A dictionary with one key, which these operations make."""
    return b"\x80\x02}" + b"".join(operations) + b"Ns."


@pytest.mark.parametrize(
    "pickled",
    [
        key_of(b")", b"\x85" * 100_000),  # hashed by recursion: the process would end
        key_of(b")", b"2\x86" * 60),  # hashed for ever, in few bytes
        key_of(b")", b"q\x00h\x00\x86" * 60),
        key_of(b"]", *(b"q\x00(h\x00h\x00l" for _ in range(60))),
    ],
    ids=["deep", "doubled", "doubled by its number", "lists"],
)
@pytest.mark.parametrize("write", FORMATS)
def test_things_in_things_without_end_are_refused(pickled, write, read):
    refused(read, write(pickled, STORED), "things in things")


def test_a_tensor_has_few_axes_of_a_size_that_can_be(read):
    for size in ((1,) * 9, (2**70,)):
        odd = {**ENTRIES, "a.weight": tensor("0", A, size=size, stride=(1,) * len(size))}
        refused(read, stream(state_dict(odd), STORED), "a tensor in it has the size")
