"""measuring: times of a layer that sleeps, memory of networks whose sizes are known."""

import time

import keras
import numpy as np
import pytest

from helpers import counting, networks, specs
from helpers.inspection import time_and_memory

# One block, so that TensorFlow traces it in a moment.
TINY = specs.Network(
    name="tiny",
    input_shape=(8, 8, 3),
    num_classes=2,
    stem=specs.Stem(kernel_size=3, filters=4, stride=1, max_pooling=False),
    stages=(specs.Stage("conv2_x", "basic", 4, 1, stride=1),),
    shortcut="A",
)
calls = []


class Sleep(keras.layers.Layer):
    """Passes its input on after a number of milliseconds, and notes which way it went."""

    def __init__(self, milliseconds, **kwargs):
        super().__init__(**kwargs)
        self.milliseconds = milliseconds

    def call(self, x):
        import tensorflow as tf

        def wait(value, way):
            calls.append((int(self.milliseconds), "back" if int(way) else "forth"))
            time.sleep(self.milliseconds / 1000)
            return value

        @tf.custom_gradient
        def pass_on(value):
            return tf.py_function(wait, [value, 0], "float32"), lambda upstream: tf.py_function(
                wait, [upstream, 1], "float32"
            )

        y = pass_on(x)
        y.set_shape(x.shape)
        return y

    def get_config(self):
        return {**super().get_config(), "milliseconds": self.milliseconds}


def sleeper(milliseconds):
    inputs = keras.Input((4,))
    x = keras.layers.Dense(3)(inputs)
    return keras.Model(inputs, keras.layers.Dense(2)(Sleep(milliseconds)(x)))


# --- time -------------------------------------------------------------------------


@pytest.mark.parametrize(("training_step", "ways"), [(False, 1), (True, 2)])
def test_a_layer_that_sleeps(training_step, ways):
    """120 ms for a batch of 4 are 30 ms an image, and twice that there and back."""
    models = {"short": sleeper(20), "long": sleeper(120)}
    times = time_and_memory.seconds_per_image(models, 4, training_step=training_step, rounds=5)
    assert list(times) == ["short", "long"]
    assert times["long"].shape == (5,)
    assert times["long"].min() >= ways * 0.030
    assert times["short"].min() >= ways * 0.005
    assert times["long"].min() < ways * 4 * 0.030, "the batch is one image to it?"
    assert np.median(times["long"] / times["short"]) > 1


def test_the_models_take_turns_and_the_first_turns_do_not_count():
    calls.clear()
    models = {"a": sleeper(1), "b": sleeper(2)}
    time_and_memory.seconds_per_image(models, 2, rounds=4)
    assert calls == [(i, "forth") for i in [1, 1, 2, 2, *[1, 2, 2, 1] * 2]]


def test_a_training_step_goes_back_as_well():
    calls.clear()
    time_and_memory.seconds_per_image({"a": sleeper(1)}, 2, training_step=True, rounds=1)
    assert calls == [(1, "forth"), (1, "back")] * 3


@pytest.mark.parametrize("training_step", [False, True])
def test_a_model_is_left_as_it_was(training_step):
    model = networks.build(TINY)
    before = model.get_weights()
    time_and_memory.seconds_per_image({"net": model}, 2, training_step=training_step, rounds=1)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert not model.compiled


def test_nothing_is_printed(capfd, caplog):
    """TensorFlow complains of retracing when many models run; here that is as it should be."""
    time_and_memory.seconds_per_image({str(i): sleeper(0) for i in range(8)}, 2, rounds=1)
    assert "retracing" not in caplog.text + "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("models", "options", "error", "message"),
    [
        ({}, {}, ValueError, "at least one model"),
        ({"a": "resnet20"}, {}, TypeError, r"a: expected a keras.Model.*Received: str"),
        ({"a": sleeper(0)}, {"batch_size": 0}, ValueError, "Received: batch_size=0"),
        ({"a": sleeper(0)}, {"rounds": 1.5}, ValueError, "Received: rounds=1.5"),
    ],
)
def test_wrong_arguments_of_seconds_per_image(models, options, error, message):
    with pytest.raises(error, match=message):
        time_and_memory.seconds_per_image(models, **options)


# --- memory -----------------------------------------------------------------------


def test_the_slope_and_the_rest():
    """Three points on the line 700 + 30 n."""
    memory = time_and_memory.TrainingMemory((1, 2, 4), (730, 760, 820))
    assert memory.per_image == pytest.approx(30)
    assert memory.fixed == pytest.approx(700)


def test_memory_grows_as_counted():
    """Predicted from the spec alone, and not disturbed by what this process holds."""
    spec = specs.resolve("resnet20", input_shape=(64, 64, 3))
    ballast = np.ones(800_000_000, "uint8")
    memory = time_and_memory.training_memory(spec, (8, 40))
    assert memory.batch_sizes == (8, 40)
    assert memory.per_image == pytest.approx(4 * counting.activations(spec), rel=0.1)
    assert ballast.all()
    assert memory.fixed > 100 * 2**20, "TensorFlow alone takes hundreds of MiB"


@pytest.mark.parametrize(
    ("name", "sizes", "message"),
    [
        ("resnet35", (1, 2), "name='resnet35'"),
        ("resnet20", (4,), r"at least two.*batch_sizes=\(4,\)"),
        ("resnet20", (4, 4), "at least two different"),
        ("resnet20", (0, 4), "batch_size=0"),
    ],
)
def test_wrong_arguments_of_training_memory(name, sizes, message):
    with pytest.raises(ValueError, match=message):
        time_and_memory.training_memory(name, sizes)


def test_a_process_that_fails_is_named(monkeypatch):
    monkeypatch.setitem(time_and_memory._SURROUNDINGS, "KERAS_BACKEND", "nonsense")
    with pytest.raises(RuntimeError, match=r"resnet20 with 1 images.*exit status 1.*nonsense"):
        time_and_memory.training_memory("resnet20", (1, 2))
