"""causes: how the nets learn, step by step, and how a shallow net is made deep."""

import numpy as np
import pytest

import small_causes
from helpers import inspection, networks, runs, specs, training
from helpers.studies import causes
from helpers.studies.causes import INTERVENTIONS, Intervention
from small_causes import SHAPE, build, outputs


@pytest.fixture(autouse=True)
def short(monkeypatch):
    small_causes.shorten(monkeypatch)


@pytest.fixture
def batch():
    return small_causes.noise()


# --- the trainings ----------------------------------------------------------------------


def steps(model, batch, n=1, callbacks=()):
    """n steps by the book's optimizer on one batch, in a graph as `training.train` takes them."""
    training.compile_model(model, causes.recipe(Intervention(), 90, warmup=0))
    model.fit(*batch, batch_size=len(batch[1]), epochs=n, verbose=0, callbacks=list(callbacks))


def test_kernels_keep_the_norm_that_they_had_before_the_first_step(batch):
    norms = {}
    for name in ("plain56", "fixed-norms"):
        model = build(name)
        before, first = inspection.kernel_norms(model), model.get_layer("conv1_conv").kernel.numpy()
        steps(model, batch, 3)
        after, last = inspection.kernel_norms(model), model.get_layer("conv1_conv").kernel.numpy()
        norms[name] = np.array(list(after.values())) / np.array(list(before.values()))
        assert np.abs(last - first).max() > 1e-3, "it has learned"
    np.testing.assert_allclose(norms["fixed-norms"], 1, rtol=1e-5)
    assert norms["plain56"].max() > 1.005


def test_the_gradient_is_clipped_before_decay_and_momentum(batch):
    """One step without momentum behind it: w' = w - rate (clipped gradient + decay w)."""
    recipe, lengths = causes.recipe(Intervention(), 90, warmup=0), {}
    for name, callbacks in (("free", ()), ("clipped", (causes.Clip(1.0),))):
        model = build("plain56")
        before = [w.numpy() for w in model.trainable_variables]
        steps(model, batch, callbacks=callbacks)
        squares = 0
        for w, old in zip(model.trainable_variables, before, strict=True):
            gradient = (old - w.numpy()) / recipe.learning_rate - recipe.weight_decay * old
            squares += float((gradient.astype("float64") ** 2).sum())
        lengths[name] = np.sqrt(squares)
    assert lengths["free"] > 1.5
    assert lengths["clipped"] == pytest.approx(1, rel=1e-3)


# --- a trained shallow net made deep ------------------------------------------------------


@pytest.fixture
def shallow(batch):
    """plain-20 in name, a few steps trained, with gammas, betas and averages of its own."""
    model = build("plain20", seed=1)
    steps(model, batch, 5)
    return model


def test_the_deepened_net_is_the_shallow_one_in_inference_mode(shallow, batch):
    deep, rng = build("deepened"), np.random.default_rng(1)
    others = rng.normal(0, 50, (64, 8, 8, 3)).astype("float32")
    assert np.abs(deep(others) - shallow(others)).max() > 0.01, "not before"
    kept = shallow.get_weights()
    causes.deepen(deep, shallow, batch[0], batch_size=16)
    np.testing.assert_allclose(deep(others), shallow(others), rtol=1e-4, atol=1e-6)
    for one, two in zip(kept, shallow.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    copied = {layer.name for layer in shallow.layers if layer.weights}
    new = {layer.name for layer in deep.layers if layer.weights} - copied
    assert len([name for name in new if name.endswith("_conv")]) == 14 - 8
    x = outputs(shallow, "conv3_1_2_relu", others)[0]
    for layer in ("conv3_1_2_relu", "conv3_2_1_relu", "conv3_2_2_relu"):
        y = outputs(deep, layer, others)[0]
        np.testing.assert_allclose(y, x, rtol=1e-3, atol=1e-3)


def test_in_training_mode_it_is_the_shallow_one_on_the_batch_that_it_was_made_from(shallow, batch):
    deep = build("deepened")
    causes.deepen(deep, shallow, batch[0], batch_size=len(batch[0]))
    predicted = [m(batch[0], training=True).numpy() for m in (shallow, deep)]
    np.testing.assert_allclose(*predicted, rtol=2e-3, atol=1e-5)


def test_on_other_batches_in_training_mode_only_the_first_new_layer_of_a_stage_shifts(
    shallow, batch
):
    deep, rng = build("deepened"), np.random.default_rng(2)
    causes.deepen(deep, shallow, batch[0], batch_size=32)
    others = rng.normal(0, 60, (32, 8, 8, 3)).astype("float32")
    x, first, second = (
        outputs(deep, f"conv2_{layer}_relu", others, training=True)[0]
        for layer in ("1_2", "2_1", "2_2")
    )
    sizes = [np.sqrt((d**2).mean() / (x**2).mean()) for d in (first - x, second - first)]
    assert 1e-4 < sizes[0] < 0.2
    assert sizes[1] < sizes[0] / 2
    # Mean and variance of each channel are those of the images that it was made from.
    bn = deep.get_layer("conv2_2_1_bn")
    z = outputs(deep, "conv2_2_1_bn", others, training=True)[0]
    np.testing.assert_allclose(z.mean(axis=(0, 1, 2)), bn.beta, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(z.std(axis=(0, 1, 2)), bn.gamma, rtol=0.02, atol=0.01)


def test_nets_that_do_not_fit_are_not_deepened(batch):
    wide = networks.build(specs.resolve("plain20", **SHAPE))
    with pytest.raises(ValueError, match=r"one width.*conv1_conv.*16"):
        causes.deepen(build("deepened"), wide, batch[0], 16)
    with pytest.raises(ValueError, match="Expected a plain net"):
        causes.deepen(build("deepened"), build("resnet20"), batch[0])


def test_a_seed_counts_when_every_intervention_is_recorded_with_it():
    assert causes.seeds_recorded() == ()
    paths = [runs.directory() / f"{causes.record(name, seed=1)}.json" for name in INTERVENTIONS]
    for path in paths:
        path.write_text("{}")
    assert causes.seeds_recorded() == (1,)
    paths[3].unlink()
    assert causes.seeds_recorded() == ()
