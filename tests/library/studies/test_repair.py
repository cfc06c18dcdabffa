"""repair: the published notebook by hand and by its numbers, and each step against the last."""

import dataclasses
import itertools

import keras
import numpy as np
import pytest

from helpers import checks, counting, networks
from helpers.studies import repair
from helpers.studies.repair import DESIGNS, PUBLISHED, STEPS

SIDES = {name: 24 if design.crop == "central" else 32 for name, design in DESIGNS.items()}
ORDER = ("published", "validation", "shuffled", "order", "biases", "head", "downsampling")
ORDER += ("filters", "stem", "crop", "defaults", "recipe")


@pytest.fixture(scope="module")
def models():
    found = {}
    for name, design in DESIGNS.items():
        keras.utils.set_random_seed(0)
        found[name] = repair.build(design, (SIDES[name], SIDES[name], 3))
    return found


def weights(model):
    return sum(int(np.prod(w.shape)) for w in model.trainable_weights)


# --- the published notebook ----------------------------------------------------------


def test_the_published_layers_one_after_the_other(models):
    """As the notebook describes itself; its own layers hold an activation, ours follow."""
    kinds = [type(layer).__name__ for layer in models["published"].layers]
    block = ["Conv2D", "ReLU", "BatchNormalization", "Conv2D", "BatchNormalization", "Add", "ReLU"]
    stem = ["InputLayer", "Rescaling", "Conv2D", "ReLU", "Conv2D", "ReLU", "MaxPooling2D"]
    head = ["Conv2D", "ReLU", "GlobalAveragePooling2D", "Dense", "Dropout", "Dense"]
    assert kinds == stem + 10 * block + head


def test_the_published_shapes(models):
    shapes = {layer.name: tuple(layer.output.shape[1:]) for layer in models["published"].layers}
    assert shapes["conv1_1_conv"] == (22, 22, 32)  # 24 - 2: no padding
    assert shapes["conv1_2_conv"] == (20, 20, 64)
    assert shapes["pool1"] == (6, 6, 64)
    in_blocks = {shape for name, shape in shapes.items() if name.startswith("conv2_")}
    assert in_blocks == {(6, 6, 64)}
    assert shapes["last_conv"] == (4, 4, 64)
    assert (shapes["avg_pool"], shapes["fc1"], shapes["fc"]) == ((64,), (256,), (10,))


def test_the_published_parameters_and_multiply_adds(models):
    stem = (3 * 9 * 32 + 32) + (32 * 9 * 64 + 64)
    convolution = 64 * 9 * 64 + 64
    block = 2 * convolution + 2 * (64 + 64)  # gamma and beta
    head = convolution + (64 * 256 + 256) + (256 * 10 + 10)
    assert weights(models["published"]) == stem + 10 * block + head == 816_650
    stem = 22 * 22 * 32 * 27 + 20 * 20 * 64 * 288
    head = 4 * 4 * 64 * 576 + 64 * 256 + 256 * 10
    expected = stem + 20 * (6 * 6 * 64 * 576) + head
    assert repair.multiply_adds(models["published"]) == expected == 34_941_824


def test_the_published_choices_that_no_shape_shows(models):
    model = models["published"]
    assert model.get_layer("dropout").rate == 0.5
    assert model.get_layer("fc1").activation is keras.activations.relu
    assert model.get_layer("fc").activation is keras.activations.softmax
    assert model.get_layer("rescaling").scale == pytest.approx(1 / 255)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            assert layer.use_bias
            assert isinstance(layer.kernel_initializer, keras.initializers.GlorotUniform)
        if isinstance(layer, keras.layers.BatchNormalization):
            assert (layer.momentum, layer.epsilon) == (0.99, 1e-3)


def test_the_published_network_against_layers_of_keras_alone():
    """Written again as in paper.md, on smaller images, with Keras' own normalization."""
    layers = keras.layers
    x = inputs = keras.Input((16, 16, 3))
    x = layers.Rescaling(1 / 255)(x)
    x = layers.Conv2D(32, 3, activation="relu")(x)
    x = layers.Conv2D(64, 3, activation="relu")(x)
    x = layers.MaxPooling2D(3)(x)
    for _ in range(10):
        y = layers.Conv2D(64, 3, padding="same", activation="relu")(x)
        y = layers.BatchNormalization()(y)
        y = layers.Conv2D(64, 3, padding="same")(y)
        y = layers.BatchNormalization()(y)
        x = layers.Activation("relu")(layers.Add()([y, x]))
    x = layers.Conv2D(64, 3, activation="relu")(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.5)(layers.Dense(256, activation="relu")(x))
    by_hand = keras.Model(inputs, layers.Dense(10, activation="softmax")(x))
    checks.same_outputs(by_hand, repair.build(PUBLISHED, (16, 16, 3)))


def test_the_published_recipe():
    recipe = repair.recipe(PUBLISHED)
    assert (recipe.steps, recipe.steps_per_epoch, recipe.batch_size) == (5850, 195, 64)
    assert (recipe.optimizer, recipe.momentum, recipe.weight_decay) == ("adam", 0.9, 0)
    assert [recipe.learning_rate_at(step) for step in (0, 5849)] == [0.001, 0.001]
    assert (recipe.shuffle, recipe.padding, recipe.flip) == ("batches", 0, True)


# --- images ---------------------------------------------------------------------------


def test_the_crop_is_tensorflows(larger_data):
    import tensorflow as tf

    seen = repair.images(PUBLISHED, larger_data)
    expected = tf.image.central_crop(larger_data.test.images, 0.75).numpy()
    assert expected.shape[1:] == (18, 18, 3)
    np.testing.assert_array_equal(seen.test.images, expected)


def test_without_a_validation_split_the_test_images_are_watched(larger_data):
    seen = repair.images(PUBLISHED, larger_data)
    assert (len(seen.train), len(seen.validation), len(seen.test)) == (180, 24, 24)
    np.testing.assert_array_equal(seen.validation.images, seen.test.images)
    labels = np.concatenate([larger_data.train.labels, larger_data.validation.labels])
    np.testing.assert_array_equal(seen.train.labels, labels)
    assert seen.description == "tiny (noise), central 18x18, validated on the test images"
    split = repair.images(STEPS["validation"], larger_data)
    assert split.description == "tiny (noise), central 18x18"


def test_the_mean_is_subtracted_by_the_papers_recipe_alone(larger_data):
    assert not repair.images(PUBLISHED, larger_data).mean.any()
    seen = repair.images(STEPS["recipe"], larger_data)
    np.testing.assert_array_equal(seen.mean, larger_data.mean)
    assert seen.description == larger_data.description


# --- the steps --------------------------------------------------------------------------


def test_each_step_changes_one_field():
    assert tuple(STEPS) == ORDER
    designs = [dataclasses.asdict(design) for design in STEPS.values()]
    for before, after in itertools.pairwise(designs):
        assert sum(before[key] != after[key] for key in before) == 1
    changed = {key for key in designs[0] if designs[0][key] != designs[-1][key]}
    assert changed == set(designs[0]) - {"shortcut"}


@pytest.mark.parametrize("step", ["validation", "shuffled"])
def test_steps_that_leave_the_network_alone(models, step):
    mine, theirs = models[step].get_weights(), models["published"].get_weights()
    for a, b in zip(mine, theirs, strict=True):
        np.testing.assert_array_equal(a, b)


def kinds_after(model, kind):
    """The kinds of the layers behind each layer of one kind."""
    return {
        type(node.operation).__name__
        for layer in model.layers
        if isinstance(layer, kind)
        for node in layer._outbound_nodes
    }


def test_order_puts_bn_between_every_convolution_and_its_relu(models):
    assert kinds_after(models["order"], keras.layers.Conv2D) == {"BatchNormalization"}
    assert kinds_after(models["shuffled"], keras.layers.Conv2D) == {"ReLU", "BatchNormalization"}
    behind = kinds_after(models["order"], keras.layers.BatchNormalization)
    assert behind == {"ReLU", "Add"}
    more = 2 * (32 + 64 + 64)  # gamma and beta of the stem's two and of the last one
    assert weights(models["order"]) - weights(models["shuffled"]) == more


def test_biases_before_bn_do_nothing(models):
    """Whatever they are: in training mode the mean of the batch takes them out."""
    with_biases, without = models["order"], models["biases"]
    number = 32 + 64 + 20 * 64 + 64
    assert weights(with_biases) - weights(without) == number
    kernels = [
        w for w in with_biases.weights if "conv" not in w.path or not w.path.endswith("bias")
    ]
    for one, other in zip(kernels, without.weights, strict=True):  # the seed draws no biases
        np.testing.assert_array_equal(one.numpy(), other.numpy())
    x = np.random.default_rng(0).integers(0, 256, (8, 24, 24, 3)).astype("float32")
    without.set_weights([w.numpy() for w in kernels])
    with_biases.get_layer("dropout").rate = without.get_layer("dropout").rate = 0.0
    np.testing.assert_array_equal(with_biases(x).numpy(), without(x).numpy())
    old = {w.path: w.numpy() for w in with_biases.weights}
    try:
        for layer in with_biases.layers:
            if isinstance(layer, keras.layers.Conv2D):
                layer.bias.assign(np.linspace(-1, 1, layer.filters))
        a, b = with_biases(x, training=True).numpy(), without(x, training=True).numpy()
    finally:
        for w in with_biases.weights:
            w.assign(old[w.path])
        without.set_weights([old[w.path] for w in kernels])
    np.testing.assert_allclose(a, b, atol=1e-4)


def test_the_published_biases_before_relu_are_no_repair():
    """Without `order`, only the second convolution of a block has BN at once behind it."""
    model = repair.build(dataclasses.replace(PUBLISHED, biases=False))
    without = {
        x.name for x in model.layers if isinstance(x, keras.layers.Conv2D) and not x.use_bias
    }
    assert without == {f"conv2_{i}_2_conv" for i in range(1, 11)}


def test_head(models):
    assert models["head"].layers[-3].name == "conv2_10_relu"
    less = (64 * 9 * 64 + 2 * 64) + (64 * 256 + 256) + (256 * 10 + 10) - (64 * 10 + 10)
    assert weights(models["biases"]) - weights(models["head"]) == less


def test_downsampling_and_filters(models):
    for step, filters in (("downsampling", 64), ("filters", 128)):
        shapes = {x.name: tuple(x.output.shape[1:]) for x in models[step].layers}
        assert shapes["conv2_5_relu"] == (6, 6, 64)
        assert shapes["conv3_1_zero_pad"] == shapes["conv3_5_relu"] == (3, 3, filters)
    assert weights(models["downsampling"]) == weights(models["head"])  # the shortcut has none


def test_a_convolution_costs_the_same_behind_both_stems(models):
    costs = [6 * 6 * 64 * 576, 24 * 24 * 16 * 144]
    assert costs[0] == costs[1]
    output = models["stem"].get_layer("conv2_1_1_conv").output
    assert tuple(output.shape[1:]) == (24, 24, 16)


def test_the_last_step_is_resnet20(models, larger_data):
    resnet20 = networks.build("resnet20")
    checks.same_outputs(models["recipe"], resnet20)
    names = [layer.name for layer in resnet20.layers if layer.weights]
    assert [layer.name for layer in models["recipe"].layers if layer.weights] == names
    assert repair.multiply_adds(models["recipe"]) == counting.multiply_adds("resnet20")
    for mine in models["recipe"].layers:
        if isinstance(mine, keras.layers.Conv2D):
            theirs = resnet20.get_layer(mine.name).kernel_initializer
            assert type(mine.kernel_initializer) is type(theirs)


def test_the_recipe_of_the_last_step_is_the_papers_at_this_length():
    recipe = repair.recipe(STEPS["recipe"])
    assert (recipe.steps, recipe.batch_size, recipe.boundaries) == (5850, 64, (2925, 4387))
    assert (recipe.optimizer, recipe.weight_decay, recipe.padding) == ("sgd", 1e-4, 4)
    before = dataclasses.asdict(repair.recipe(STEPS["defaults"]))
    changed = {key for key, value in dataclasses.asdict(recipe).items() if before[key] != value}
    assert changed == {"name", "source", "optimizer", "learning_rate", "weight_decay", "boundaries"}


@pytest.mark.parametrize(("step", "keys"), [("shuffled", {"shuffle"}), ("crop", {"padding"})])
def test_steps_that_change_the_recipe(step, keys):
    previous = ORDER[ORDER.index(step) - 1]
    after, before = (dataclasses.asdict(repair.recipe(STEPS[s])) for s in (step, previous))
    assert {key for key in after if after[key] != before[key]} == {"name", *keys}


def test_the_names_of_different_recipes_differ():
    recipes = {repair.recipe(design) for design in DESIGNS.values()}
    assert len({recipe.name for recipe in recipes}) == len(recipes)


def test_plain_is_the_published_network_without_the_addition(models):
    names = [layer.name for layer in models["plain"].layers]
    assert [n.name for n in models["published"].layers if not n.name.endswith("_add")] == names
    assert weights(models["plain"]) == weights(models["published"])


def test_every_combination_builds_or_is_refused():
    for stem in ("pooling", "convolution"):
        for downsampling in (False, True):
            for filters in ("same", "doubled"):
                design = dataclasses.replace(
                    PUBLISHED, stem=stem, downsampling=downsampling, filters=filters, head="pooling"
                )
                assert sum(n for n, _ in design.stages) == (10 if stem == "pooling" else 9)
    with pytest.raises(ValueError, match="`order` must be one of relu-bn, bn-relu"):
        dataclasses.replace(PUBLISHED, order="bn")
