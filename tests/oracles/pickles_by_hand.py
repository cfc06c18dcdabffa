"""Files of PyTorch's made by hand, operation by operation, in both formats; without PyTorch."""

import io
import pickle
import zipfile

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
