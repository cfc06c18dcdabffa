"""causes: every intervention against NumPy or by hand, on nets of 14 layers for those of 56."""

import dataclasses
import itertools

import keras
import numpy as np
import pytest

import small_causes
from helpers import counting, networks, specs
from helpers.studies import causes
from helpers.studies.causes import INTERVENTIONS, Intervention
from small_causes import BLOCKS, SHAPE, build, outputs


@pytest.fixture(autouse=True)
def short(monkeypatch):
    small_causes.shorten(monkeypatch)


@pytest.fixture
def batch():
    return small_causes.noise()


# --- as data ---------------------------------------------------------------------------


def test_each_intervention_changes_one_field_of_a_net_as_it_is():
    for name, what in INTERVENTIONS.items():
        bare = dataclasses.asdict(Intervention(what.network))
        changed = [key for key, value in dataclasses.asdict(what).items() if value != bare[key]]
        assert len(changed) == (0 if what.bare else 1), name
    bare = {name: what.network for name, what in INTERVENTIONS.items() if what.bare}
    assert bare == {n: n for n in ("plain20", "resnet20", "plain56", "resnet56")}
    assert len(set(INTERVENTIONS.values())) == len(INTERVENTIONS)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"network": "resnet56", "dirac": "added"}, "dirac: only a plain net"),
        ({"shortcut": 0.5}, "shortcut: only a residual net"),
        ({"network": "plain110"}, "plain20, plain56"),
        ({"dirac": "yes"}, "no, added, scaled"),
        ({"slope": 1.0}, "below 1"),
        ({"clip_norm": 0.0}, "clip_norm.*above 0"),
        ({"learning_rate": 0.0}, "learning_rate.*above 0"),
        ({"deepened_from": "resnet20"}, "a plain net of at most"),
        ({"network": "plain20", "deepened_from": "plain56"}, "a plain net of at most"),
    ],
)
def test_what_is_none_is_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        Intervention(**fields)
    with pytest.raises(ValueError, match=r"leaky0\.5.*'leaky0\.9'"):
        causes.get("leaky0.9")


def test_recipes_are_chapter_1_s_over_twice_the_steps():
    recipe = causes.recipe(INTERVENTIONS["plain56"])
    assert (recipe.steps, recipe.boundaries, recipe.batch_size) == (900, (450, 674), 128)
    assert (recipe.learning_rate, recipe.padding, recipe.warmup_steps) == (0.1, 2, 100)
    rates = [recipe.learning_rate_at(step) for step in (0, 50, 100, 449, 450, 674)]
    assert rates == pytest.approx([0.001, 0.0505, 0.1, 0.1, 0.01, 0.001])
    changed = {n: causes.recipe(w) for n, w in INTERVENTIONS.items() if causes.recipe(w) != recipe}
    assert list(changed) == ["tenth-rate"]
    assert causes.recipe(INTERVENTIONS["plain56"], 90).warmup_steps == 10  # as its boundaries
    cold = causes.recipe(INTERVENTIONS["plain56"], warmup=0)
    assert (cold.name, cold.warmup_steps) == ("quick-900steps", 0)
    assert cold.learning_rate_at(0) == pytest.approx(0.1)
    rates = [changed["tenth-rate"].learning_rate_at(step) for step in (0, 100)]
    assert rates == pytest.approx([0.0001, 0.01])
    assert len({recipe.name, cold.name, changed["tenth-rate"].name}) == 3


# --- the nets ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", INTERVENTIONS)
def test_the_net_is_the_book_s_with_the_same_first_kernels(name):
    what = INTERVENTIONS[name]
    spec = specs.narrowed(specs.resolve(what.network, **SHAPE), causes.FILTERS)
    keras.utils.set_random_seed(3)
    book, model = networks.build(spec), build(name, seed=3)
    assert model.name == (spec.name if what.bare else f"{spec.name}-{name}")
    names = [layer.name for layer in book.layers]
    if what.skip_init:
        names = [n for n in names if not n.endswith("_bn")]
    scales = [f"{block}_scale" for block in BLOCKS] if what.skip_init else []
    scales += ["image_scale"] * what.skip_init
    assert [x.name for x in model.layers if x.name not in scales] == names
    assert len(model.layers) == len(names) + len(scales)
    for layer in model.layers:
        if hasattr(layer, "kernel"):
            np.testing.assert_array_equal(layer.kernel, book.get_layer(layer.name).kernel)
        if isinstance(layer, keras.layers.Add | causes.ScaledAdd):  # the wiring: F(x), then x
            ours, theirs = (
                [x._keras_history.operation.name for x in net.get_layer(layer.name).input]
                for net in (model, book)
            )
            # SkipInit's F ends with its scale, that without batch normalization with a convolution.
            ours = [x.replace("_scale", "_2_bn").replace("_conv", "_bn") for x in ours]
            assert ours == theirs
    extra = {"dirac-scaled": 2 * 4 * (8 + 16 + 32), "skipinit": len(BLOCKS)}.get(name, 0)
    if what.skip_init:
        spec = dataclasses.replace(spec, batch_norm=False)
    trained = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    assert trained == counting.parameters(spec) + extra


@pytest.mark.parametrize("name", ["tenth-rate", "clipped", "fixed-norms", "deepened"])
def test_what_changes_the_training_alone_leaves_the_net(name, batch):
    one, other = build("plain56"), build(name)
    np.testing.assert_allclose(one(batch[0]), other(batch[0]), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", [n for n, what in INTERVENTIONS.items() if what.slope])
def test_a_leaky_relu_in_the_place_of_each_relu(name, batch):
    model, slope = build(name), INTERVENTIONS[name].slope
    relus = [layer.name for layer in model.layers if layer.name.endswith("_relu")]
    assert len(relus) == 13
    for layer in ("conv1_relu", "conv3_1_1_relu", relus[-1]):
        y, x = outputs(model, layer, batch[0])
        assert (x < 0).any()
        np.testing.assert_allclose(y, np.where(x < 0, slope * x, x), rtol=1e-6)
    # The last block's maps have negative numbers, which no ReLU lets through.
    assert outputs(model, relus[-1], batch[0])[0].min() < 0


def convolved(x, kernel, stride=1):
    """A 3x3 convolution with a border of zeros, by NumPy: (N, H, W, C) -> (N, H', W', D)."""
    n, h, w, _ = x.shape
    x = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    y = np.zeros((n, h, w, kernel.shape[3]))
    for i, j in itertools.product(range(3), range(3)):
        y += x[:, i : i + h, j : j + w] @ kernel[i, j]
    return y[:, ::stride, ::stride]


def padded(x, filters, stride=1):
    """Option A's shortcut by NumPy: every so many pixels, zeros for new channels."""
    x = x[:, ::stride, ::stride]
    return np.pad(x, ((0, 0), (0, 0), (0, 0), (0, filters - x.shape[-1])))


@pytest.mark.parametrize("name", ["dirac", "dirac-scaled"])
@pytest.mark.parametrize("block", ["conv2_1_1", "conv3_1_1"])
def test_a_dirac_convolution_returns_its_input_and_w_x(name, block, batch):
    """conv3_1_1 has stride 2 and twice the channels: there the identity is option A's."""
    model = build(name)
    layer = model.get_layer(f"{block}_conv")
    w = layer.kernel.numpy().astype("float64")
    if name == "dirac-scaled":
        w *= 0.1 / np.sqrt((w**2).sum(axis=(0, 1, 2)))
        assert np.linalg.norm(w[..., 0]) == pytest.approx(0.1)
    came_in = {"conv2_1_1": "conv1_relu", "conv3_1_1": "conv2_2_2_relu"}[block]
    x = outputs(model, came_in, batch[0])[0]
    stride = 2 if block == "conv3_1_1" else 1
    expected = padded(x, layer.filters, stride) + convolved(x, w, stride)
    y = outputs(model, layer.name, batch[0])[0]
    np.testing.assert_allclose(y, expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max())
    assert not np.allclose(y, convolved(x, w, stride), rtol=0.1)


def test_the_factors_of_a_dirac_convolution_are_those_of_each_filter():
    layer = causes.DiracConv2D(3, 3, scaled=True, use_bias=False, name="one")
    layer.build((None, 4, 4, 2))
    a, b = np.array([1.0, 2.0, 3.0]), np.array([0.5, 0.25, 0.0])
    layer.a.assign(a)
    layer.b.assign(b)
    w = layer.kernel.numpy()
    expected = np.zeros((3, 3, 2, 3))
    expected[1, 1, 0, 0], expected[1, 1, 1, 1] = 1, 2  # the third filter has no channel
    for i in range(3):
        expected[..., i] += b[i] * w[..., i] / np.linalg.norm(w[..., i])
    np.testing.assert_allclose(layer.whole_kernel(), expected, atol=1e-6)
    again = causes.DiracConv2D.from_config(layer.get_config())
    assert (again.scaled, again.filters, again.use_bias) == (True, 3, False)


def test_the_stem_of_a_dirac_net_is_an_ordinary_convolution():
    kinds = {type(x) for x in build("dirac").layers if x.name.endswith("_conv")}
    assert kinds == {keras.layers.Conv2D, causes.DiracConv2D}
    assert type(build("dirac").get_layer("conv1_conv")) is keras.layers.Conv2D


def test_half_of_x_is_added(batch):
    model = build("halved")
    for block, mode in itertools.product(BLOCKS, (True, False)):
        y, fx, x = outputs(model, f"{block}_add", batch[0], mode)
        np.testing.assert_allclose(y, fx + x / 2, rtol=1e-5, atol=1e-5)
        assert np.abs(x).max() > 0.1
    plain = build("resnet56")
    y, fx, x = outputs(plain, "conv2_2_add", batch[0])
    np.testing.assert_allclose(y, fx + x, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["zero-gamma", "skipinit"])
@pytest.mark.parametrize("mode", [True, False])
def test_a_net_whose_branches_start_at_zero_is_its_identity_path(name, mode, batch):
    model = build(name)
    x = outputs(model, "conv1_relu", batch[0], mode)[0]
    y = outputs(model, "conv4_2_relu", batch[0], mode)[0]
    np.testing.assert_allclose(y, padded(x, 32, 4), rtol=1e-5, atol=1e-5)
    if name == "skipinit":
        for i, block in enumerate(BLOCKS):
            model.get_layer(f"{block}_scale").scale.assign(0.1 * i)
        _, fx = outputs(model, f"{BLOCKS[-1]}_scale", batch[0], mode)
        y, _, x = outputs(model, f"{BLOCKS[-1]}_add", batch[0], mode)
        np.testing.assert_allclose(y, 0.5 * fx + x, rtol=1e-4, atol=1e-3)
        assert np.abs(fx).max() > 0.1


def test_without_batch_norm_the_images_are_divided_by_64(batch):
    model = build("skipinit")
    y = outputs(model, "conv1_conv", batch[0])[0]
    expected = convolved(batch[0] / 64, model.get_layer("conv1_conv").kernel.numpy())
    np.testing.assert_allclose(y, expected, rtol=1e-3, atol=1e-4)
    assert not any("_bn" in layer.name for layer in model.layers)


def test_the_layers_come_back_from_their_configuration():
    layer = causes.ScaledAdd.from_config(causes.ScaledAdd(0.5).get_config())
    one, two = np.ones((1, 2, 2, 1), "float32"), np.full((1, 2, 2, 1), 8, "float32")
    assert np.unique(layer([one, two])) == 1 + 0.5 * 8
    assert causes.FixedNorm(**causes.FixedNorm(3.0).get_config()).norm == 3
