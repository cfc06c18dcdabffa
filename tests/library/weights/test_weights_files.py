"""weights: files with PyTorch's names, read and written, against files made by hand."""

import functools
import hashlib

import keras
import numpy as np
import pytest

import reference
from helpers import networks, specs, weights
from torch_files import BASIC, CODES, SMALL, read, small, torch_arrays, write

pytestmark = [pytest.mark.backends, pytest.mark.quick]


def torch_logits(arrays, x, block, stride, both_sides=False):
    """The net of `torch_arrays` in NumPy: (N, H, W, 3) -> (N, 5).

    With `both_sides` option A has half of its zeros before x, the other half behind.
    """

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
            front = (fx.shape[-1] - x.shape[-1]) // 2 if both_sides else 0
            fx[..., front : front + x.shape[-1]] += x[:, ::step, ::step]
        x = reference.relu(fx)
    return x.mean(axis=(1, 2)) @ arrays["fc.weight"].T + arrays["fc.bias"]


@pytest.mark.parametrize("net", SMALL, ids=lambda net: "-".join(map(str, net)))
def test_a_file_with_torchvisions_names_against_numpy(net, tmp_path):
    model, arrays = small(*net), torch_arrays(*net)
    metadata = {"bottleneck_stride": "1x1"} if net[2] == "1x1" else {}
    metadata |= {"option_a": "zeros behind"} if net[1] == "A" else {}
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
    zeros = {"option_a": "zeros behind"} if net[1] == "A" else {}
    settings = {"pooling": "avg", "activation": "relu"}
    settings |= {"normalization": "batchnorm", "epsilon": "1e-05"} if net[3] else {}
    said = {"name": model.name, "block": net[0], **stride, **zeros, **settings}
    assert metadata == {"format": "pt", "resnet_book_format": "1", **said}

    before = model.get_weights()
    model.set_weights([0 * w for w in before])
    weights.load(model, str(path))
    for variable, old, new in zip(model.weights, before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(new, old, err_msg=variable.path)


def test_a_full_disk_leaves_no_part_of_the_weights(tmp_path, full_disk):
    with pytest.raises(OSError, match="No space left"):
        weights.save(small(*SMALL[0]), tmp_path / "net.safetensors")
    assert not list(tmp_path.iterdir())


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


# --- what comes of it -------------------------------------------------------------------


def test_what_was_loaded_is_said(tmp_path):
    """A file of one's own: its author knows how the images were prepared, the file does not."""
    path = write(tmp_path / "net.safetensors", torch_arrays(*BASIC))
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    loaded = weights.load(small(*BASIC), path)
    assert loaded == weights.Loaded(str(path), None, sha256, verified=False)


def bfloat16(array):
    """The upper 16 of a float32's 32 bits, rounded toward zero, as integers."""
    return (np.ascontiguousarray(array, "<f4").view("<u4") >> 16).astype("uint16")


@pytest.mark.parametrize(
    ("convert", "tolerance"),
    [
        (lambda array: array.astype("float16"), 2**-10),
        (lambda array: array.astype("float64"), 0),
        (bfloat16, 2**-7),
    ],
    ids=["float16", "float64", "bfloat16"],
)
def test_other_precisions_become_float32(convert, tolerance, tmp_path):
    model, expected = small(*BASIC), torch_arrays(*BASIC)
    arrays = {k: convert(v) if v.dtype == "float32" else v for k, v in expected.items()}
    arrays["fc.weight"] = expected["fc.weight"]  # a file may mix them
    codes = {**CODES, "uint16": "BF16"}
    weights.load(model, write(tmp_path / "net.safetensors", arrays, codes=codes))
    kernel, (fc, bias) = (model.get_layer(n).get_weights() for n in ("conv3_1_2_conv", "fc"))
    assert {array.dtype.name for array in (*kernel, fc, bias)} == {"float32"}
    np.testing.assert_array_equal(fc.T, expected["fc.weight"])
    close = functools.partial(np.testing.assert_allclose, rtol=tolerance, atol=1e-6)
    close(kernel[0].transpose(3, 2, 0, 1), expected["layer2.0.conv2.weight"])
    close(bias, expected["fc.bias"])


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "float16", "bfloat16"])
def test_a_network_of_less_precision_takes_float32(policy, tmp_path):
    """Where the variables themselves are of half precision, they round what they get."""
    keras.config.set_dtype_policy(policy)
    try:
        spec = specs.narrowed(specs.get("resnet20"), 4)
        model = networks.build(spec, classifier_activation=None)
    finally:
        keras.config.set_dtype_policy("float32")
    exact = networks.build(spec, classifier_activation=None)
    reference.random_weights(exact)
    weights.load(model, weights.save(exact, tmp_path / "net.safetensors"))
    rounding = 0 if policy.startswith("mixed") else 2**-7
    for ours, theirs in zip(model.weights, exact.weights, strict=True):
        found = keras.ops.convert_to_numpy(keras.ops.cast(ours, "float32"))
        expected = keras.ops.convert_to_numpy(theirs.value)
        np.testing.assert_allclose(found, expected, rtol=rounding, atol=1e-6, err_msg=ours.path)


def test_half_precision_on_request(tmp_path):
    model = small(*SMALL[0])
    reference.random_weights(model)
    exact, _ = read(weights.save(model, tmp_path / "whole.safetensors"))
    path = weights.save(model, tmp_path / "half.safetensors", dtype="float16")
    rounded, _ = read(path, ("F16", "F32"))
    assert set(rounded) == set(exact)
    for name, array in exact.items():
        np.testing.assert_allclose(rounded[name], array, rtol=2**-11, atol=2**-24)
        averages = ".running_" in name
        assert rounded[name].dtype == ("float32" if averages else "float16"), name
    other = tmp_path / "other.safetensors"
    with pytest.raises(ValueError, match=r"one of float32, float16.*dtype='int8'"):
        weights.save(model, other, dtype="int8")
    bias = model.get_layer("fc").bias
    bias.assign(bias + 1e5)
    with pytest.raises(ValueError, match=r"fc.bias of small.*largest float16, 6.55e\+04"):
        weights.save(model, other, dtype="float16")
    assert not other.exists()


def test_a_variance_above_the_largest_float16_is_kept(tmp_path):
    """plain-56 after 20 epochs of CIFAR-10 had one of 287,000 behind its first layer."""
    model = small(*SMALL[0])
    reference.random_weights(model)
    variance = next(w for w in model.weights if w.path.endswith("moving_variance"))
    variance.assign(variance + 2.87e5)
    expected = keras.ops.convert_to_numpy(variance)
    path = weights.save(model, tmp_path / "half.safetensors", dtype="float16")
    variance.assign(0 * variance)
    weights.load(model, path)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(variance), expected)


@pytest.mark.parametrize("stored", ["another number of classes", "no classifier"])
def test_without_the_head_the_classifier_stays(stored, tmp_path):
    model, arrays = small(*BASIC), torch_arrays(*BASIC)
    reference.random_weights(model, seed=5)
    before = model.get_layer("fc").get_weights()
    arrays["fc.weight"], arrays["fc.bias"] = np.ones((9, 6), "float32"), np.ones(9, "float32")
    if stored == "no classifier":
        del arrays["fc.weight"], arrays["fc.bias"]
    weights.load(model, write(tmp_path / "net.safetensors", arrays), head=False)
    for old, new in zip(before, model.get_layer("fc").get_weights(), strict=True):
        np.testing.assert_array_equal(new, old)
    kernel = model.get_layer("conv3_2_2_conv").get_weights()[0]
    np.testing.assert_array_equal(kernel.transpose(3, 2, 0, 1), arrays["layer2.1.conv2.weight"])


def test_a_compiled_network_computes_with_what_was_loaded(tmp_path):
    """The function that `predict` made before must not keep the old weights."""
    model, x = small(*BASIC), np.ones((2, 8, 9, 3), "float32")
    reference.random_weights(model, seed=6)
    model.compile("sgd", "mse")
    before = model.predict(x, verbose=0)
    arrays = torch_arrays(*BASIC)
    weights.load(model, write(tmp_path / "net.safetensors", arrays))
    logits = torch_logits(arrays, x.astype("float64"), "basic", None)
    found = model.predict(x, verbose=0)
    assert abs(found - logits).max() < 1e-5 * abs(logits).max() < 1e-2 * abs(found - before).max()
