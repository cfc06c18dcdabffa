"""weights: files that are refused, each time the network as it was."""

import pickle

import keras
import numpy as np
import pytest
from test_weights import refuses
from test_weights_files import torch_logits

from helpers import networks, weights
from helpers.specs import Network, Stage
from torch_files import BASIC, SMALL, V1, V15, small, torch_arrays, write

pytestmark = pytest.mark.backends


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
            lambda a: [a.update({f"part{len(k) % 2}.{k}": a.pop(k)}) for k in list(a)],
            r"no conv1\.weight .* more and it has part0\.bn1\.bias, .* more",
        ),
        (
            lambda a: [a.update({k.replace("fc.", "fc.1."): a.pop(k)}) for k in list(a)],
            r"it has fc\.1\.bias.* stands in a Sequential \(fc\.1\.bias\): save it anew as fc\.w",
        ),
        (
            put(optimizer__step=lambda _: np.zeros(1, "float32")),
            r"it has optimizer\.step, for which small has no place\. .* state_dict\(\) alone",
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
            r"fc\.bias for fc .* \(5,\)\. Received: shape \(4,\)\. .*`num_classes`.*head=False",
        ),
        (
            lambda a: [a.pop("fc.weight"), a.pop("fc.bias")],
            r"no fc\.weight of shape \(5, 6\) for fc, fc\.bias .* `fc` is needed.*head=False",
        ),
        (
            put(fc__bias=lambda a: a.astype("int8")),
            r"fc\.bias must be of type F64, F32, F16 or BF16\. Received: I8",
        ),
    ],
)
def test_a_file_that_does_not_fit_is_refused_whole(change, match, file):
    refuses(small(*BASIC), file(BASIC, change), match)


def without(pattern):
    return lambda arrays: [arrays.pop(name) for name in list(arrays) if pattern in name]


@pytest.mark.parametrize(
    ("net", "held", "match"),
    [  # the network, what the file holds, what to do
        (SMALL[2], BASIC, r"it has layer2\.0\.downsample\.0\.weight, .*Published .* option B"),
        (SMALL[4], BASIC, r"it has no layer1\.0\.downsample\.0\.weight .* `shortcut` that the"),
        (SMALL[0], BASIC, r"small is a plain net, without shortcuts: build the residual net"),
    ],
)
def test_where_only_the_projections_differ_the_option_is_named(net, held, match, file):
    refuses(small(*net), file(held), match)


def test_without_the_head_all_else_must_fit(file):
    model, before = small(*BASIC), small(*BASIC).get_weights()
    changed = file(BASIC, without("layer2.1.bn2.running_var"))
    with pytest.raises(ValueError, match=r"no layer2\.1\.bn2\.running_var"):
        weights.load(model, changed, head=False)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(new, old)


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


def test_a_name_of_a_pickle_is_refused_whatever_is_inside(file):
    """Nobody is to learn that passing a `.pth` works."""
    path = file(BASIC, name="net.pth")
    refuses(small(*BASIC), path, r"its name ends in \.pth.*torch\.load.*weights_only=True")


def test_a_cut_file_is_refused(file):
    path = file(BASIC)
    path.write_bytes(path.read_bytes()[:-1])
    refuses(small(*BASIC), path, "not a whole .safetensors file")


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    message = r"a \.safetensors file, .* keras\.applications .*weights\.names\(\).*{}.*not a file"
    sources = (
        tmp_path / "none.safetensors",
        tmp_path,
        "resnet50",
        "no/net.safetensors",
        "no/a.pth",
    )
    for source in sources:
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
    with pytest.raises(ValueError, match=r"none for fc6 of vgg.*save_weights"):
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
