"""Files that PyTorch's `torch.save` wrote, read without PyTorch: tensors, and nothing else.

Such a file is a pickle, and a pickle is a program. Here it is run by Python's own unpickler,
and finds no more than the table below: dictionaries, the function that makes a tensor, and
the types of the numbers. Any other global is an error that names it, before anything of it
is called. Numbers are read from the file and never reserved by what the file promises.

`torch.save` has written two formats: since 1.6 a zip of the pickle and of one entry for each
storage; before, one stream of five pickles and the storages. Both are read.

Source: Python, library reference, pickle ("Restricting Globals"); torch/serialization.py.
Book: chapter 5.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
import zipfile
from dataclasses import dataclass
from pathlib import Path
from reprlib import repr as short  # of what a file holds, which may be deep, or without end
from typing import Any

import numpy as np

SUFFIXES = (".pt", ".th")
LARGEST = 64 * 2**20  # bytes; ResNet-56's weights are 3.5 million
DEEPEST = 32  # things in things; a state dict in a checkpoint has 9
MOST_AXES = 8
_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_ZIP = b"PK\x03\x04"

# What `torch.save` writes: a mark, a number, a text, a tuple, a dictionary, a call. An
# operation that would make an object of a class, or one of an extension, is not among them.
_OPERATIONS = (
    "PROTO FRAME STOP MARK POP POP_MARK DUP NONE NEWTRUE NEWFALSE INT LONG LONG1 LONG4 BININT "
    "BININT1 BININT2 FLOAT BINFLOAT UNICODE BINUNICODE SHORT_BINUNICODE STRING BINSTRING "
    "SHORT_BINSTRING EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3 EMPTY_LIST LIST APPEND APPENDS "
    "EMPTY_DICT DICT SETITEM SETITEMS GET BINGET LONG_BINGET PUT BINPUT LONG_BINPUT MEMOIZE "
    "GLOBAL STACK_GLOBAL REDUCE BUILD BINPERSID"
)


class _Refused(ValueError):
    """Says what is wrong with a file; `read` adds which file it is."""


class _Closed:
    """What the unpickler may hand out: it cannot be given a state."""

    def __setstate__(self, _):
        raise _Refused("it gives a state to something that is no dictionary")


class _Dictionary(dict):
    """An OrderedDict. PyTorch gives it attributes, which are not kept."""

    def __setstate__(self, _):
        pass


class _MakeDictionary(_Closed):
    def __call__(self, *arguments):
        return _Dictionary(*arguments)


class _MakeTensor(_Closed):
    def __call__(self, storage, offset, size, stride, *_):
        if not isinstance(storage, _Storage):
            raise _Refused("a tensor in it has no storage")
        whole = (offset, *size, *stride)
        fits = len(size) == len(stride) <= MOST_AXES
        if not fits or not all(type(n) is int and 0 <= n < 2**63 for n in whole):
            raise _Refused(f"a tensor in it has the size {short(size)}, stride {short(stride)}")
        return _Tensor(storage, offset, tuple(size), tuple(stride))


@dataclass(frozen=True)
class _Type(_Closed):
    """What kind of numbers a storage holds, as NumPy calls it."""

    dtype: str


@dataclass(frozen=True)
class _Storage(_Closed):
    """`numbers` in a row, which the file holds under `key`."""

    key: str
    type: _Type
    numbers: int

    @property
    def bytes(self) -> int:
        return self.numbers * np.dtype(self.type.dtype).itemsize


@dataclass(frozen=True)
class _Tensor(_Closed):
    storage: _Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]

    def array(self, content: bytes) -> np.ndarray:
        """A view of the storage's bytes, not to be written to."""
        step, expected = 1, []
        for n in reversed(self.size):
            expected.insert(0, step)
            step *= n
        pairs = zip(self.size, self.stride, expected, strict=True)
        if step and any(n != 1 and a != b for n, a, b in pairs):
            raise _Refused("a tensor in it does not lie in one piece: save tensor.contiguous()")
        count = math.prod(self.size)
        if self.offset + count > self.storage.numbers:
            raise _Refused(
                f"a tensor of size {self.size} goes beyond its {self.storage.numbers} numbers"
            )
        numbers = np.frombuffer(content, self.storage.type.dtype)
        return numbers[self.offset : self.offset + count].reshape(self.size)


_GLOBALS = {
    ("collections", "OrderedDict"): _MakeDictionary(),
    ("torch._utils", "_rebuild_tensor"): _MakeTensor(),
    ("torch._utils", "_rebuild_tensor_v2"): _MakeTensor(),
    ("torch", "HalfStorage"): _Type("<f2"),
    ("torch", "FloatStorage"): _Type("<f4"),
    ("torch", "DoubleStorage"): _Type("<f8"),
    ("torch", "LongStorage"): _Type("<i8"),
}


class _Unpickler(pickle.Unpickler):
    """Python's, with closed doors."""

    def __init__(self, file: io.BytesIO):
        super().__init__(file)
        self.storages = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _GLOBALS:
            known = ", ".join(map(".".join, _GLOBALS))
            raise _Refused(
                f"it asks for {module}.{name}. A file of tensors needs these and no others: {known}"
            )
        return _GLOBALS[module, name]

    def persistent_load(self, pid: Any) -> _Storage:
        kind, type_, key, _, numbers, *views = pid
        if kind != "storage" or any(view is not None for view in views):
            raise _Refused(f"it refers to {short(pid)}, which is not a whole storage")
        if not isinstance(type_, _Type) or type(key) is not str or type(numbers) is not int:
            raise _Refused(f"it refers to a storage by {short(pid)}")
        storage = _Storage(key, type_, numbers)
        if numbers < 0 or self.storages.setdefault(key, storage) != storage:
            raise _Refused(f"it says two things of the storage {key!r:.40}")
        return storage


def read(path: Path) -> dict[str, np.ndarray]:
    """{name: array} of a state dict, or of what stands under `state_dict` in a checkpoint.

    The arrays are views of the file's bytes, float64, 32 and 16 and int64, not to be written
    to. Raises ValueError if the file is larger than `LARGEST`, not whole, longer than what it
    holds, or if anything but tensors is in it; FileNotFoundError if there is none.
    """
    if (size := path.stat().st_size) > LARGEST:
        raise ValueError(f"{path} has {size:,} bytes. Expected at most {LARGEST:,}.")
    content = path.read_bytes()
    try:
        found, storages = (_zip if content.startswith(_ZIP) else _stream)(content)
        if isinstance(found, dict) and "state_dict" in found:
            found = found["state_dict"]
        if not isinstance(found, dict) or not found:
            raise _Refused(f"it holds a {type(found).__name__} and no state dict")
        for name, value in found.items():
            if not isinstance(name, str) or not isinstance(value, _Tensor):
                raise _Refused(f"{short(name)} in it is no tensor")
        return {name: tensor.array(storages[tensor.storage.key]) for name, tensor in found.items()}
    except _Refused as error:
        raise ValueError(f"{path} is not read: {error}.") from error
    except Exception as error:  # whatever an unpickler or a zip's reader may stumble over
        raise ValueError(
            f"{path} is no whole file of PyTorch's: {type(error).__name__}, {error!s:.200}. "
            "Download it again."
        ) from error


def _unpickle(file: io.BytesIO) -> tuple[Any, dict[str, _Storage]]:
    """The next pickle of a stream, and the storages that it refers to."""
    start = file.tell()
    _check_operations(file)
    file.seek(start)
    unpickler = _Unpickler(file)
    return unpickler.load(), unpickler.storages


def _check_operations(file: io.BytesIO) -> None:
    """Raises _Refused for an operation that no file of tensors needs, and for things in things
    without end: to look at them, or to use them as a key, would take for ever or end the process.

    Goes through the operations as the unpickler will, with the weight and the depth of each thing
    in its place. A thing that is used again by its number counts again.
    """
    size, stack, marks, memo = len(file.getbuffer()), [], [], {}
    for operation, argument, _ in pickletools.genops(file):
        name = operation.name
        if name not in _OPERATIONS.split():
            raise _Refused(f"it does what no file of tensors does: {name}")
        # The unpickler's memo is an array, as long as the largest number that is put into it.
        if name.endswith("PUT") and not 0 <= int(argument) < size:
            raise _Refused(f"it numbers its parts up to {argument}, more than it has")
        if name == "MARK":
            marks.append(len(stack))
        elif name.endswith("PUT") or name == "MEMOIZE":
            memo[len(memo) if name == "MEMOIZE" else int(argument)] = stack[-1]
        elif name.endswith("GET"):
            stack.append(memo[int(argument)])
        elif name == "DUP":
            stack.append(stack[-1])
        else:
            _step(operation, stack, marks)
        if stack and (stack[-1][0] > size or stack[-1][1] > DEEPEST):
            raise _Refused("it holds things in things, more than a file of tensors has")


def _step(operation: pickletools.OpcodeInfo, stack: list, marks: list[int]) -> None:
    """What an operation takes from the stack becomes one thing, heavier and deeper than each."""
    before = operation.stack_before
    first = len(stack) - len(before)
    if pickletools.markobject in before:
        first = marks.pop() - before.index(pickletools.markobject)
    taken = stack[max(first, 0) :]
    del stack[max(first, 0) :]
    if operation.stack_after:
        weight = 1 + sum(weight for weight, _ in taken)
        stack.append((weight, 1 + max((depth for _, depth in taken), default=0)))


def _zip(content: bytes) -> tuple[Any, dict[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        if any(e.compress_type != zipfile.ZIP_STORED for e in entries):
            raise _Refused("it is compressed, as PyTorch's files are not")
        if sum(e.file_size for e in entries) > len(content):
            raise _Refused("its entries are said to be longer than the file")
        (pickled,) = [e.filename for e in entries if e.filename.endswith("/data.pkl")]
        root = pickled.removesuffix("data.pkl")
        names = {e.filename for e in entries}
        order = archive.read(f"{root}byteorder") if f"{root}byteorder" in names else b"little"
        if order != b"little":
            raise _Refused(f"its numbers are written {order!r:.20}, not little-endian")
        found, storages = _unpickle(io.BytesIO(archive.read(pickled)))
        data = {e.filename.removeprefix(f"{root}data/"): e for e in entries}
        data = {key: e for key, e in data.items() if e.filename == f"{root}data/{key}"}
        _check_keys(data, storages)
        for key, storage in storages.items():
            _check_size(storage, data[key].file_size)
        return found, {key: archive.read(data[key]) for key in storages}


def _stream(content: bytes) -> tuple[Any, dict[str, bytes]]:
    file = io.BytesIO(content)
    for expected, what in ((_MAGIC, "number"), (_PROTOCOL, "version")):
        if (value := _unpickle(file)[0]) != expected:
            raise _Refused(f"it begins with another {what} than PyTorch's: {short(value)}")
    system = _unpickle(file)[0]
    if system.get("little_endian") is not True:
        raise _Refused("its numbers are not written little-endian")
    found, storages = _unpickle(file)
    keys, _ = _unpickle(file)
    _check_keys(keys, storages)
    data = {}
    for key in keys:
        storage = storages[key]
        said = int.from_bytes(file.read(8), "little") * np.dtype(storage.type.dtype).itemsize
        _check_size(storage, said)
        data[key] = file.read(said)
        _check_size(storage, len(data[key]))
    if rest := len(file.read()):
        raise _Refused(f"it goes on for {rest} bytes after its last number")
    return found, data


def _check_keys(keys: Any, storages: dict[str, _Storage]) -> None:
    if sorted(keys) != sorted(storages):
        raise _Refused(
            f"it holds {len(keys)} storages, and its tensors need {len(storages)}, or others"
        )


def _check_size(storage: _Storage, found: int) -> None:
    if storage.bytes != found:
        raise _Refused(
            f"its storage {storage.key!r:.40} must have {storage.bytes} bytes. Received: {found}"
        )
