"""costs: the price of a training against arithmetic by hand."""

import pytest

import he2015
from helpers.recipes import HE2015_IMAGENET, Recipe, costs
from helpers.recipes.costs import Machine
from helpers.specs import Network, Stage, Stem

ONE = Machine(devices=1, multiply_adds_per_second=1e12, share_of_peak=0.5, price=2.0)
# Convolutions 3x3 from 3 to 4 and from 4 to 4 channels at 8x8, then 10 numbers from 4.
STEM, STAGE = Stem(3, 4, 1, max_pooling=False), Stage("conv2_x", "convolution", 4, 1, 1)
TINY = Network("tiny", (8, 8, 3), 10, STEM, (STAGE,))
FORWARD = 8 * 8 * 9 * (3 * 4 + 4 * 4) + 4 * 10
PARAMETERS = 9 * (3 * 4 + 4 * 4) + 2 * (4 + 4) + 4 * 10 + 10
# The image; of each convolution its output and the ReLU's; the average; the logits.
KEPT = 8 * 8 * 3 + 2 * 2 * 8 * 8 * 4 + 4 + 10


def test_every_quantity_of_a_tiny_training_by_hand():
    recipe = Recipe("r", "tests", steps=100, batch_size=32)
    machine = Machine(devices=4, multiply_adds_per_second=1e6, share_of_peak=0.25, price=3.0)
    cost = costs.training(TINY, recipe, machine, training_images=640, bytes_per_image=1000)
    assert (cost.images, cost.epochs) == (3_200, 5)
    assert cost.multiply_adds == 3 * FORWARD * 3_200
    assert cost.bytes_read == 3_200_000
    assert cost.activation_bytes == 8 * KEPT * 4  # 8 images for each device, 4 bytes a number
    assert cost.state_bytes == 3 * PARAMETERS * 4
    seconds = 3 * FORWARD * 3_200 / (4 * 0.25e6)
    assert cost.hours == pytest.approx(seconds / 3600)
    assert cost.device_hours == pytest.approx(4 * seconds / 3600)
    assert cost.money == pytest.approx(3 * 4 * seconds / 3600)
    assert cost.bytes_per_second == pytest.approx(3_200_000 / seconds)


def test_resnet50_by_the_papers_recipe():
    """3.858 billion multiply-adds times 3, for 600,000 batches of 256: 1.78e18."""
    cost = costs.training(
        "resnet50", HE2015_IMAGENET, ONE, training_images=1_281_167, bytes_per_image=110_000
    )
    forward = he2015.by_hand("resnet50", "B")[2]
    assert cost.multiply_adds == 3 * forward * 600_000 * 256
    assert cost.multiply_adds == pytest.approx(1.7776e18, rel=1e-3)
    assert cost.epochs == pytest.approx(119.89, abs=0.01)
    assert cost.device_hours == pytest.approx(1.7776e18 / 0.5e12 / 3600, rel=1e-3)
    assert cost.state_bytes == 3 * 4 * 25_557_032


def test_bfloat16_halves_the_activations_and_a_batch_that_is_larger_costs_the_same_work():
    how = {"training_images": 1_271_167, "bytes_per_image": 1e5}
    float32, bfloat16, large = (
        costs.training("resnet50", recipe, ONE, **how)
        for recipe in (
            HE2015_IMAGENET,
            HE2015_IMAGENET.in_precision("mixed_bfloat16"),
            HE2015_IMAGENET.for_batch(8_192, images=1_271_167),
        )
    )
    assert 2 * bfloat16.activation_bytes == float32.activation_bytes
    assert large.multiply_adds == float32.multiply_adds
    assert large.activation_bytes == 32 * float32.activation_bytes


def test_the_table_has_a_line_for_each():
    cost = costs.training(
        "resnet50", HE2015_IMAGENET, ONE, training_images=1e6, bytes_per_image=1e5
    )
    lines = costs.table(cost).splitlines()
    assert len(lines) == 7
    assert "153,600,000, 153.6 epochs" in lines[0]
    assert "1.78 x 10^18," in lines[1]
    assert "15.4 TB" in lines[2]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"devices": 0}, "devices.*at least 1.*devices=0"),
        ({"devices": 1.5}, "devices.*integer.*devices=1.5"),
        ({"multiply_adds_per_second": 0}, "multiply_adds_per_second.*above 0.*=0"),
        ({"share_of_peak": 30}, "share_of_peak.*above 0 and at most 1.*=30"),
        ({"share_of_peak": 0}, "share_of_peak.*=0"),
        ({"price": -1}, "price.*at least 0.*=-1"),
        ({"price": float("inf")}, "price.*=inf"),
    ],
)
def test_a_machine_that_cannot_be_is_refused(change, message):
    how = {"devices": 1, "multiply_adds_per_second": 1e12, "share_of_peak": 0.5, "price": 1.0}
    with pytest.raises(ValueError, match=message):
        Machine(**{**how, **change})


def test_a_batch_that_the_devices_do_not_divide_is_refused():
    three = Machine(devices=3, multiply_adds_per_second=1e12, share_of_peak=0.5, price=1.0)
    how = {"training_images": 100, "bytes_per_image": 1}
    with pytest.raises(ValueError, match=r"256 images.*devices=3"):
        costs.training("resnet50", HE2015_IMAGENET, three, **how)
    for key in how:
        with pytest.raises(ValueError, match=f"`{key}` must be a finite number above 0"):
            costs.training("resnet50", HE2015_IMAGENET, ONE, **{**how, key: 0})
