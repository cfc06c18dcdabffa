"""Files of weights made by hand: names, shapes and bytes as PyTorch's users have them.

Nothing here reads or writes with the library that `helpers` reads and writes with.
"""

import functools
import json
import struct

import numpy as np

from helpers import networks
from helpers.specs import Network, Stage, Stem

FILTERS, REPEATED = (4, 6), (2, 2)
SMALL = [  # block, option, stride of the bottlenecks, batch normalization
    *(("plain", None, None, norm) for norm in (True, False)),
    *(("basic", option, None, True) for option in "ABC"),
    ("basic", "B", None, False),
    *(("bottleneck", option, "1x1", True) for option in "ABC"),
    ("bottleneck", "B", "3x3", True),
]
BASIC, V1, V15 = SMALL[3], SMALL[7], SMALL[9]


@functools.cache
def small(block, option, stride, norm):
    """A net of 5 classes, built once: a test that needs certain weights puts them there."""
    stages = tuple(
        Stage(f"conv{i}_x", block, f, n, stride=i - 1)
        for i, f, n in zip((2, 3), FILTERS, REPEATED, strict=True)
    )
    stem = Stem(kernel_size=3, filters=4, stride=1, max_pooling=False)
    spec = Network(
        "small", (8, 9, 3), 5, stem, stages, option, norm, bottleneck_stride=stride or "1x1"
    )
    return networks.build(spec, classifier_activation=None)


def torch_arrays(block, option, stride, norm, stem=(3, 4), filters=FILTERS, repeats=REPEATED):
    """What PyTorch's `state_dict` of such a net holds, by torchvision's names, at random."""
    random = np.random.default_rng(3)
    arrays = {}

    def conv(name, outputs, inputs, size, bn):
        arrays[f"{name}.weight"] = random.normal(0, 0.4, (outputs, inputs, size, size))
        if norm:
            arrays[f"{bn}.weight"] = random.uniform(0.5, 1.5, outputs)
            arrays[f"{bn}.bias"] = random.normal(size=outputs)
            arrays[f"{bn}.running_mean"] = random.normal(size=outputs)
            arrays[f"{bn}.running_var"] = random.uniform(0.5, 1.5, outputs)
            arrays[f"{bn}.num_batches_tracked"] = np.array(7)
        else:
            arrays[f"{name}.bias"] = random.normal(size=outputs)

    conv("conv1", stem[1], 3, stem[0], "bn1")
    inputs = stem[1]
    for stage, (f, blocks) in enumerate(zip(filters, repeats, strict=True), start=1):
        for b in range(blocks):
            sizes = [(f, 1), (f, 3), (4 * f, 1)] if block == "bottleneck" else [(f, 3), (f, 3)]
            before = inputs
            for i, (outputs, size) in enumerate(sizes, start=1):
                name = f"layer{stage}.{b}"
                conv(f"{name}.conv{i}", outputs, inputs, size, f"{name}.bn{i}")
                inputs = outputs
            changed = before != inputs or (stage > 1 and b == 0)
            if option == "C" or (option == "B" and changed):
                conv(f"{name}.downsample.0", inputs, before, 1, f"{name}.downsample.1")
    arrays["fc.weight"] = random.normal(size=(5, inputs))
    arrays["fc.bias"] = random.normal(size=5)
    return {k: v.astype("float32" if v.dtype == float else "int64") for k, v in arrays.items()}


CODES = {"float32": "F32", "float16": "F16", "float64": "F64", "int64": "I64", "int8": "I8"}


def write(path, arrays, metadata=None, codes=CODES):
    """A .safetensors file by hand: the length of the header, the header, the numbers."""
    header, data = {}, b""
    for name, array in arrays.items():
        place = [len(data), len(data) + array.nbytes]
        code = codes[array.dtype.name]
        header[name] = {"dtype": code, "shape": list(array.shape), "data_offsets": place}
        data += array.tobytes()
    if metadata:
        header["__metadata__"] = metadata
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def read(path, codes=("F32",)):
    """What stands in a .safetensors file of these types: (arrays, metadata)."""
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    metadata, data = header.pop("__metadata__"), content[8 + length :]
    assert {entry["dtype"] for entry in header.values()} == set(codes)
    kinds = {"F32": "<f4", "F16": "<f2"}
    arrays = {}
    for name, entry in header.items():
        part = data[slice(*entry["data_offsets"])]
        arrays[name] = np.frombuffer(part, kinds[entry["dtype"]]).reshape(entry["shape"])
    return arrays, metadata
