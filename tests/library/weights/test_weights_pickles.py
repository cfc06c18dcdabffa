"""weights: files of PyTorch's are read as tensors or not at all; made here byte by byte.

What PyTorch itself writes is read in test_weights_cifar_torch.py, where PyTorch is.
"""

import dataclasses
import hashlib
import io
import pickle
import zipfile

import keras
import numpy as np
import pytest
from test_weights import refuses
from test_weights_files import torch_logits

import hub_server
from helpers import networks, weights
from helpers.weights import addresses, pickles, published
from torch_files import BASIC, small, torch_arrays

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


# --- published weights --------------------------------------------------------------------


@pytest.fixture(scope="module")
def content():
    """A net of `torch_files` as `akamaster` would publish it: inside DataParallel."""
    arrays = torch_arrays("basic", "A", None, True)
    names = {n: f"module.{n.replace('fc.', 'linear.')}" for n in arrays}
    storages = {str(i): array for i, array in enumerate(arrays.values())}
    entries = {names[n]: tensor(i, arrays[n]) for i, n in enumerate(arrays)}
    return stream(state_dict(entries), storages)


@pytest.fixture
def source(content, monkeypatch):
    """An entry of the table for it, and a small net in the place of ResNet-20."""
    known = published.Source(
        "akamaster/small",
        "resnet20",
        weights.get("akamaster/resnet20").preprocessing,
        "",
        hashlib.sha256(content).hexdigest(),
        url="http://127.0.0.1:1/net.th",
        option_a="both sides",
    )
    monkeypatch.setitem(published._SOURCES, known.name, known)
    monkeypatch.setattr("helpers.weights.loading._check_network", lambda *_: None)
    return known


@pytest.fixture
def opened(monkeypatch):
    """The pickles that were opened."""
    found, read = [], pickles.read
    monkeypatch.setattr(pickles, "read", lambda path: found.append(path) or read(path))
    return found


def computes(model):
    """The net that it should be, in NumPy: zeros on both sides."""
    x = np.random.default_rng(4).normal(size=(2, 8, 9, 3)).astype("float32")
    arrays = torch_arrays("basic", "A", None, True)
    expected = torch_logits(arrays, x.astype("float64"), "basic", None, both_sides=True)
    found = keras.ops.convert_to_numpy(model(x, training=False))
    return abs(found - expected).max() < 1e-4 * abs(expected).max()


def test_at_hand_it_is_opened_only_with_its_checksum(
    source, content, opened, tmp_path, monkeypatch
):
    monkeypatch.setenv(addresses.AT_HAND, str(tmp_path))
    model, path = small("basic", "A", None, True), tmp_path / "akamaster" / "net.th"
    refuses(
        model, source.name, "was expected as .*net.th or .*small.safetensors", FileNotFoundError
    )
    path.parent.mkdir()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    refuses(model, source.name, f"must have the checksum {source.sha256}")
    refuses(model, path, r"its name ends in \.th.*weights_only=True")  # as any other pickle
    assert not opened
    path.write_bytes(content)
    for name in (source.name, path):
        model.set_weights([0 * w for w in model.get_weights()])
        loaded = weights.load(model, name)
        assert loaded == weights.Loaded(str(name), source.preprocessing, source.sha256, True)
        assert computes(model)
    assert opened == [path, path]
    message = "has the option A 'both sides': leave `option_a` out"
    with pytest.raises(ValueError, match=message):
        weights.load(model, source.name, option_a="zeros behind")


def test_it_is_fetched_once_and_a_damaged_one_is_never_opened(
    source, content, opened, tmp_path, monkeypatch
):
    monkeypatch.delenv(addresses.AT_HAND, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setattr(addresses, "_CACHE", str(tmp_path))  # an absolute path stays as it is
    model = small("basic", "A", None, True)
    with hub_server.running() as server:
        address = f"{server.address}/stored/user/name/net.th"
        there = dataclasses.replace(source, url=address)
        monkeypatch.setitem(published._SOURCES, source.name, there)
        refuses(model, source.name, "could not be fetched .*FOLDER/akamaster/", ConnectionError)
        server.files["user/name/net.th"] = content
        server.damage = lambda sent: sent[:-1] + b"?"
        refuses(model, source.name, f"must have the checksum {source.sha256}")
        assert not opened
        server.damage = lambda sent: sent
        assert weights.load(model, source.name).verified
        assert computes(model)
        asked = len(server.requests)
        assert weights.load(model, source.name).verified and len(server.requests) == asked
        (kept,) = (tmp_path / "akamaster").iterdir()
        kept.write_bytes(content + b"x")  # what lies in the cache is compared, too
        assert weights.load(model, source.name).verified and len(server.requests) > asked


def test_a_plain_net_does_not_pass_for_the_residual_one(monkeypatch, tmp_path):
    """Same layers, same shapes: refused before anything is fetched."""
    monkeypatch.setenv(addresses.AT_HAND, str(tmp_path))
    for name, other in (("a-martyn/plainnet20", "resnet20"), ("akamaster/resnet20", "plain20")):
        model = networks.build(other, initializer="zeros")
        refuses(model, name, "whose blocks are .*the arrays would fit and the outputs be wrong")
    refuses(small(*BASIC), "akamaster/resnet32", r'fits networks\.build\("resnet32"\)')
