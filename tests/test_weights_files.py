"""weights: files with PyTorch's names, read and written, against files made by hand."""

import functools
import json
import pickle
import struct

import keras
import numpy as np
import pytest

import reference
from helpers import networks, weights
from helpers.specs import Network, Stage, Stem
from test_weights import refuses

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


def torch_logits(arrays, x, block, stride):
    """The net of `torch_arrays` in NumPy: (N, H, W, 3) -> (N, 5)."""

    def conv(x, name, bn, stride):
        kernel, bias = arrays[f"{name}.weight"], arrays.get(f"{name}.bias")
        x = reference.conv(
            x, kernel.transpose(2, 3, 1, 0), bias, stride, padding=kernel.shape[-1] // 2
        )
        if f"{bn}.weight" not in arrays:
            return x
        parts = ("weight", "bias", "running_mean", "running_var")
        return reference.batch_norm(x, *(arrays[f"{bn}.{p}"] for p in parts), training=False)

    x = reference.relu(conv(x, "conv1", "bn1", 1))
    for name, step in (("layer1.0", 1), ("layer1.1", 1), ("layer2.0", 2), ("layer2.1", 1)):
        n = 3 if block == "bottleneck" else 2
        strides = [1] * n
        strides[1 if stride == "3x3" else 0] = step
        fx = x
        for i in range(n):
            fx = conv(fx, f"{name}.conv{i + 1}", f"{name}.bn{i + 1}", strides[i])
            fx = fx if i == n - 1 else reference.relu(fx)
        if f"{name}.downsample.0.weight" in arrays:
            fx = fx + conv(x, f"{name}.downsample.0", f"{name}.downsample.1", step)
        elif block != "plain":
            fx[..., : x.shape[-1]] += x[:, ::step, ::step]
        x = reference.relu(fx)
    return x.mean(axis=(1, 2)) @ arrays["fc.weight"].T + arrays["fc.bias"]


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


def read(path):
    """What stands in a .safetensors file of float32: (arrays, metadata)."""
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    metadata, data = header.pop("__metadata__"), content[8 + length :]
    assert {entry["dtype"] for entry in header.values()} == {"F32"}
    return {
        name: np.frombuffer(data[slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"])
        for name, entry in header.items()
    }, metadata


@pytest.mark.parametrize("net", SMALL, ids=lambda net: "-".join(map(str, net)))
def test_a_file_with_torchvisions_names_against_numpy(net, tmp_path):
    model, arrays = small(*net), torch_arrays(*net)
    metadata = {"bottleneck_stride": "1x1"} if net[2] == "1x1" else None
    weights.load(model, write(tmp_path / "net.safetensors", arrays, metadata))
    x = np.random.default_rng(4).normal(size=(2, 8, 9, 3)).astype("float32")
    expected = torch_logits(arrays, x.astype("float64"), net[0], net[2])
    found = keras.ops.convert_to_numpy(model(x, training=False))
    assert abs(found - expected).max() < 1e-5 * abs(expected).max()


@pytest.mark.parametrize("net", SMALL, ids=lambda net: "-".join(map(str, net)))
def test_saved_as_pytorch_has_it_and_loaded_back(net, tmp_path):
    model = small(*net)
    reference.random_weights(model)
    path = weights.save(model, tmp_path / "new" / "net.safetensors")
    assert [p.name for p in path.parent.iterdir()] == ["net.safetensors"]  # nothing half-written
    arrays, metadata = read(path)
    expected = torch_arrays(*net)
    assert {k: v.shape for k, v in arrays.items()} == {
        k: v.shape for k, v in expected.items() if "num_batches" not in k
    }
    x = np.random.default_rng(4).normal(size=(2, 8, 9, 3)).astype("float32")
    logits = torch_logits(arrays, x.astype("float64"), net[0], net[2])
    found = keras.ops.convert_to_numpy(model(x, training=False))
    assert abs(found - logits).max() < 1e-5 * abs(logits).max()
    stride = {"bottleneck_stride": net[2]} if net[2] else {}
    assert metadata == {"format": "pt", "name": model.name, "block": net[0], **stride}

    before = model.get_weights()
    model.set_weights([0 * w for w in before])
    weights.load(model, str(path))
    for variable, old, new in zip(model.weights, before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(new, old, err_msg=variable.path)


def test_resnet18_has_the_names_of_torchvision(tmp_path, built):
    expected = torch_arrays("basic", "B", None, True, (7, 64), (64, 128, 256, 512), (2, 2, 2, 2))
    counters = [k for k in expected if k.endswith("num_batches_tracked")]
    # torchvision.models.resnet18().state_dict() has 122 entries, 20 of them count batches.
    assert (len(expected), len(counters)) == (122, 20)
    expected["fc.weight"], expected["fc.bias"] = np.empty((1000, 512)), np.empty(1000)
    arrays, _ = read(weights.save(built("resnet18"), tmp_path / "net.safetensors"))
    assert {k: v.shape for k, v in arrays.items()} == {
        k: v.shape for k, v in expected.items() if k not in counters
    }


# --- what is refused ----------------------------------------------------------------


@pytest.fixture
def file(tmp_path):
    """Writes the arrays of a small net as a file, some of them changed."""

    def written(net, change=lambda arrays: None, metadata=None, name="net.safetensors", **kw):
        arrays = torch_arrays(*net)
        change(arrays)
        return write(tmp_path / name, arrays, metadata, **kw)

    return written


def put(**changes):
    """Puts `value(array)` in an array's place; a dot in a name is written `__`."""

    def change(arrays):
        for name, value in changes.items():
            name = name.replace("__", ".")
            arrays[name] = value(arrays.get(name))

    return change


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (
            lambda a: a.pop("layer2.0.bn1.running_mean"),
            r"net\.safetensors does not fit small: it has no layer2\.0\.bn1\.running_mean of shape "
            r"\(6,\) for conv3_1_1_bn\. Build the network",
        ),
        (
            lambda a: [a.pop(k) for k in list(a) if k.startswith("layer2.1.conv")],
            r"no layer2\.1\.conv1\.weight of shape \(6, 6, 3, 3\) for conv3_2_1_conv, ",
        ),
        (
            put(layer9__0__conv1__weight=lambda _: np.zeros((2, 2), "float32")),
            r"it has layer9\.0\.conv1\.weight, for which small has no place",
        ),
        (put(conv1__bias=lambda _: np.zeros(4, "float32")), r"it has conv1\.bias, for which"),
        (
            lambda a: [a.update({f"module.{k}": a.pop(k)}) for k in list(a)],
            r"no conv1\.weight .* more and it has module\.bn1\.bias, .* more",
        ),
        (
            put(layer1__0__conv2__weight=lambda a: a[:3]),
            r"layer1\.0\.conv2\.weight for conv2_1_2_conv must have the shape \(4, 4, 3, 3\)\. "
            r"Received: shape \(3, 4, 3, 3\)",
        ),
        (
            put(conv1__weight=lambda a: a.transpose(2, 3, 1, 0).copy()),
            r"conv1_conv must have the shape \(4, 3, 3, 3\)\. Received: shape \(3, 3, 3, 4\)",
        ),
        (
            put(fc__weight=lambda a: a.T.copy()),
            r"fc\.weight for fc must have the shape \(5, 6\)\. Received: shape \(6, 5\)",
        ),
        (
            put(fc__bias=lambda a: a[:4]),
            r"fc\.bias for fc .* \(5,\)\. Received: shape \(4,\)\. .*`num_classes`",
        ),
        (
            lambda a: [a.pop("fc.weight"), a.pop("fc.bias")],
            r"no fc\.weight of shape \(5, 6\) for fc, fc\.bias of shape .* `fc` is needed",
        ),
        (
            put(fc__bias=lambda a: a.astype("int8")),
            r"fc\.bias must be of type F64, F32 or F16\. Received: I8",
        ),
    ],
)
def test_a_file_that_does_not_fit_is_refused_whole(change, match, file):
    refuses(small(*BASIC), file(BASIC, change), match)


def test_half_and_double_precision_are_read_and_bfloat16_is_not(file):
    model, expected = small(*BASIC), torch_arrays(*BASIC)["fc.bias"]
    for kind, tolerance in (("float16", 1e-3), ("float64", 0)):
        weights.load(model, file(BASIC, put(fc__bias=lambda a, kind=kind: a.astype(kind))))
        np.testing.assert_allclose(model.get_layer("fc").get_weights()[1], expected, rtol=tolerance)
    codes = {**CODES, "float16": "BF16"}
    half = file(BASIC, put(fc__bias=lambda a: a.astype("float16")), codes=codes)
    refuses(small(*BASIC), half, r"Received: BF16\. Convert it with PyTorch: tensor\.float")


@pytest.mark.parametrize(
    ("net", "metadata", "match"),
    [
        (V1, None, 'on the 3x3, small on the 1x1.*bottleneck_stride="3x3".*do not say where'),
        (V1, {"name": "x"}, r"do not say where.*\{'bottleneck_stride': '1x1'\}"),
        (V1, {"bottleneck_stride": "3x3"}, 'on the 3x3, small on the 1x1.*="3x3"\\.$'),
        (V15, {"bottleneck_stride": "1x1"}, r'on the 1x1, small-v1\.5 on the 3x3.*="1x1"\.$'),
        (V15, {"bottleneck_stride": "2"}, "one of 1x1, 3x3. Received: bottleneck_stride='2'"),
        (BASIC, {"block": "plain"}, "a network of plain blocks, small has basic ones"),
    ],
)
def test_a_file_that_fits_in_shape_and_means_another_net_is_refused(net, metadata, match, file):
    refuses(small(*net), file(net, metadata=metadata), match)


def test_a_plain_net_does_not_pass_for_option_a(tmp_path):
    """Same names, same shapes: what the file says of itself decides."""
    plain, residual = small("plain", None, None, True), small("basic", "A", None, True)
    refuses(residual, weights.save(plain, tmp_path / "plain.safetensors"), "of plain blocks")
    refuses(plain, weights.save(residual, tmp_path / "a.safetensors"), "of basic blocks")


def test_the_stride_that_is_refused_would_indeed_be_wrong():
    arrays, x = torch_arrays(*V1), np.random.default_rng(4).normal(size=(2, 8, 9, 3))
    one, three = (torch_logits(arrays, x, "bottleneck", stride) for stride in ("1x1", "3x3"))
    assert abs(one - three).max() > 0.05 * abs(one).max()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (pickle.dumps({"conv1.weight": [1.0]}), "net.pth"),
        (b"PK\x03\x04" + bytes(100), "net.pt"),  # PyTorch's zip of pickles
        (b"", "net.safetensors"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "net.weights.h5"),
    ],
)
def test_other_files_are_refused_and_say_how_to_convert(content, name, tmp_path):
    path = tmp_path / name
    path.write_bytes(content)
    match = f"{name} is not a whole .safetensors file.*torch.load.*weights_only=True"
    refuses(small(*BASIC), path, match)


def test_a_cut_file_is_refused(file):
    path = file(BASIC)
    path.write_bytes(path.read_bytes()[:-1])
    refuses(small(*BASIC), path, "not a whole .safetensors file")


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    message = "Expected a .safetensors file, or a model of keras.applications .*{}.*not a file"
    for source in (tmp_path / "none.safetensors", tmp_path, "resnet50"):
        refuses(small(*BASIC), source, message.format(source), FileNotFoundError)


@pytest.mark.parametrize("source", [None, 50, {}, keras.applications.ResNet50, ["a"]])
def test_a_source_of_another_type_is_refused(source):
    match = f"path of a .safetensors file. Received: source=.* of type {type(source).__name__}"
    refuses(small(*BASIC), source, match, TypeError)


def test_a_model_of_another_type_is_refused(file, tmp_path):
    for call in (lambda: weights.load("small", file(BASIC)), lambda: weights.save("small", "x")):
        with pytest.raises(TypeError, match=r"made by networks\.build.*'small' of type str"):
            call()


def test_vgg_has_no_file_of_this_kind(tmp_path):
    stage = Stage("conv1_x", "convolution", 4, 2, 1, pooling=True)
    spec = Network("vgg", (8, 8, 3), 5, None, (stage,), batch_norm=False, hidden=(6, 6))
    model = networks.build(spec)
    with pytest.raises(ValueError, match=r"none for conv1_1_conv of vgg.*save_weights"):
        weights.save(model, tmp_path / "vgg.safetensors")
    assert list(tmp_path.iterdir()) == []
    refuses(model, tmp_path / "vgg.safetensors", "For VGG, keras.applications' VGG16 and VGG19")


def test_nothing_is_overwritten_and_the_ending_is_the_formats(tmp_path):
    model, path = small(*BASIC), tmp_path / "net.safetensors"
    path.write_text("mine")
    with pytest.raises(FileExistsError, match=r"net\.safetensors is there already"):
        weights.save(model, path)
    assert path.read_text() == "mine"
    with pytest.raises(ValueError, match=r"must end in \.safetensors.*net\.pth"):
        weights.save(model, tmp_path / "net.pth")
    assert [p.name for p in tmp_path.iterdir()] == ["net.safetensors"]
