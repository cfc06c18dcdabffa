"""inside: measurements of trained nets, on small nets, and what the book's records hold."""

import json
import os

import keras
import numpy as np
import pytest

from helpers import datasets, inspection, networks, runs, specs
from helpers.__main__ import main
from helpers.datasets import memory
from helpers.studies import inside
from helpers.studies.inside import measures, recording
from helpers.studies.inside.nets import Net


@pytest.fixture
def little(monkeypatch, tmp_path):
    """A data set of noise, nets of 14 layers and 4 filters, and an empty folder for records."""
    monkeypatch.setenv(runs.DIRECTORY_VARIABLE, str(tmp_path))
    for name, value in (("TEST", 30), ("RENEW", 20), ("FEWER", 10), ("DRAWS", 2), ("PROBED", 40)):
        monkeypatch.setattr(measures, name, value)
    monkeypatch.setattr(measures, "COORDINATES", [-1.0, 0.0, 1.0])
    monkeypatch.setattr(measures, "ITERATIONS", 2)
    data = datasets.reduce(datasets.load("shapes"), size=8, train=200, test=50)

    def get(name, data):
        keras.utils.set_random_seed(0)
        name = name.replace("56", "14").replace("20", "14")
        if name.startswith("untrained/"):
            kind = name.split("/")[1]
            name = specs.cifar(11 if "bottleneck" in kind else 8, kind)
        spec = specs.resolve(name, **data.build_arguments)
        model = networks.build(specs.narrowed(spec, 4))
        prepare = lambda images: (images - data.mean).astype("float32")  # noqa: E731
        return Net(name, model, prepare, "0" * 64)

    monkeypatch.setattr(recording, "get", get)
    return data


@pytest.mark.parametrize("what", inside.MEASURES)
def test_each_measurement_is_recorded_whole(little, what):
    nets = [net for net in inside.MEASURES[what].nets if not net.startswith("a-martyn/")][-2:]
    path = inside.measure(what, little, nets, command="as it was called", say=lambda text: None)
    record = inside.record(what)
    assert list(record["nets"]) == nets and record["command"] == "as it was called"
    assert record["data"] == little.description and record["versions"] == runs.versions()
    for found in record["nets"].values():
        assert set(found) >= {"sha256", "seconds"}
        assert "NaN" not in json.dumps(found)
    assert path == runs.directory() / "inside" / f"{what}.json"


def test_what_is_recorded_is_not_measured_again(little):
    said = []
    inside.measure("responses", little, ["plain20"], say=said.append)
    inside.measure("responses", little, ["plain20", "resnet20"], say=said.append)
    assert [line.split(" in ")[0] for line in said] == ["responses: plain20", "responses: resnet20"]


def test_another_data_set_is_refused(little):
    path = inside.measure("responses", little, ["plain20"], say=lambda text: None)
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "data": "others"}))
    with pytest.raises(ValueError, match=r"measured with other data. Remove it"):
        inside.measure("responses", little, ["resnet20"], say=lambda text: None)


def test_a_record_says_its_format_and_one_that_says_none_is_of_the_first(little):
    path = inside.measure("responses", little, ["plain20"], say=lambda text: None)
    stored = json.loads(path.read_text())
    assert stored["format"] == recording.FORMAT == 1
    del stored["format"]
    path.write_text(json.dumps(stored))
    assert inside.record("responses")["format"] == 1
    inside.measure("responses", little, ["resnet20"], say=lambda text: None)
    whole = json.loads(path.read_text())
    assert whole["format"] == 1 and list(whole["nets"]) == ["plain20", "resnet20"]


@pytest.mark.parametrize("number, message", [(2, "has the format 2"), ("two", "is damaged")])
def test_a_record_of_a_later_format_is_refused_and_stays(number, message, little):
    path = inside.measure("responses", little, ["plain20"], say=lambda text: None)
    path.write_text(later := json.dumps({**json.loads(path.read_text()), "format": number}))
    with pytest.raises(ValueError, match=rf"responses\.json {message}"):
        inside.record("responses")
    with pytest.raises(ValueError, match=rf"responses\.json {message}"):
        inside.measure("responses", little, ["resnet20"], say=lambda text: None)
    assert path.read_text() == later


def test_a_record_that_is_not_there_says_how_it_is_made(little):
    with pytest.raises(FileNotFoundError, match="`python -m helpers inside paths` makes it"):
        inside.record("paths")
    with pytest.raises(ValueError, match="`what` must be one of responses"):
        inside.record("path")
    with pytest.raises(ValueError, match="`name` must be one of plain20"):
        inside.get("plain32", little)


def test_the_command_line_tells_of_an_unknown_measurement(capsys, monkeypatch, little):
    monkeypatch.setattr(memory, "cifar10", lambda *a, **k: little, raising=False)
    monkeypatch.setattr(datasets, "load", lambda *a, **k: little)
    assert main(["inside", "lesion"]) == 1
    assert "`what` must be one of responses" in capsys.readouterr().err
    assert main(["inside", "responses", "plain20"]) == 0
    assert "responses: plain20" in capsys.readouterr().out


# --- nets before training ---------------------------------------------------------------------


def test_the_four_kinds_of_untrained_nets():
    shape = {"input_shape": (8, 8, 3), "num_classes": 4}
    counts = {kind: inside.untrained(kind, 20, **shape).count_params() for kind in inside.KINDS}
    assert counts["plain"] == counts["residual"] == counts["half"]
    # The stem has no batch normalization; there is one more at the end; and where a stage begins,
    # the first one of the block has the channels that come in.
    stem, last, entries = -4 * 16, 4 * 64, 4 * (16 - 32 + 32 - 64)
    assert counts["pre-activation"] == counts["residual"] + stem + last + entries
    kernels = [
        inside.untrained(kind, 20, seed=3, **shape).get_layer("conv2_1_1_conv").kernel.numpy()
        for kind in ("residual", "half")
    ]
    np.testing.assert_array_equal(*kernels)


@pytest.mark.parametrize("kind", inside.KINDS)
def test_the_argument_predicts_the_growth(kind):
    """Within a factor of two of what is measured, of nets with 20 layers."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(64, 16, 16, 3)).astype("float32"), rng.integers(0, 10, 64)
    model = inside.untrained(kind, 20, input_shape=(16, 16, 3))
    gradients = list(inspection.activation_gradients(model, x, y).values())
    first = next(iter(inspection.activation_sizes(model, x).values())) ** 2
    measured = gradients[0] / gradients[-1]
    predicted = inside.predicted(kind, 20, 1.8, first=first)
    assert 0.5 < measured / predicted < 2


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="`kind` must be one of plain, residual, half"):
        inside.untrained("quarter", 20)


# --- the book's records -----------------------------------------------------------------------


def test_every_measurement_has_its_nets(book_records):
    for what, measure in inside.MEASURES.items():
        record = inside.record(what)
        assert set(record["nets"]) == set(measure.nets), what
        for key, value in measure.settings.items():
            assert record[key] == value, (what, key)


def test_lesions_and_the_board_agree(book_records):
    """The same subsets, measured twice: nothing removed, and one block."""
    lesions, board = inside.record("lesions")["nets"], inside.record("board")["nets"]
    for net, of_net in board.items():
        assert len(of_net["errors"]) == len(of_net["renewed"]) == 2 ** len(of_net["blocks"])
        for key in ("errors", "renewed"):
            assert of_net[key][0] == pytest.approx(lesions[net][key]["whole"], abs=0.21)
            singles = [of_net[key][2**i] for i in range(len(of_net["blocks"]))]
            assert singles == pytest.approx(lesions[net][key]["without"], abs=0.21)


def test_the_whole_nets_have_their_test_error(book_records):
    """On 1,000 of the 10,000 test images: within three standard errors."""
    for net in inside.OURS:
        error = 100 * runs.load(f"cifar10-{net}-late-drops-seed0").final["test"]["error"]
        found = inside.record("lesions")["nets"][net]["errors"]["whole"]
        assert abs(found - error) < 3 * np.sqrt(error * (100 - error) / 1000), net


def test_responses_are_gammas(book_records):
    for net in inside.record("responses")["nets"].values():
        np.testing.assert_allclose(net["deviations"], net["gammas"], rtol=2e-3)


def test_paths_add_up(book_records):
    for net in inside.record("paths")["nets"].values():
        assert sum(net["share"]) == pytest.approx(1, abs=1e-5)
        assert sum(net["contribution"]) == pytest.approx(1, abs=1e-5)
        shares = inspection.lengths(net["blocks"])
        np.testing.assert_allclose(net["share"], shares, rtol=1e-4)


def test_slices_have_their_net_in_the_middle(book_records):
    """The net's own loss on the first 500 training images is far below what surrounds it."""
    record = inside.record("slices")
    middle = len(record["coordinates"]) // 2
    assert record["coordinates"][middle] == 0
    for net in record["nets"].values():
        losses = np.array(net["losses"])
        assert losses.shape == 2 * (len(record["coordinates"]),)
        assert losses[middle, middle] < np.median(losses)
        assert net["along_gradient"][0] > 0 and net["steps"][0] == 0


def test_refinement_ends_in_the_net_itself(book_records):
    lesions = inside.record("lesions")["nets"]
    for name, net in inside.record("refinement")["nets"].items():
        assert list(net["exits"].values())[-1] == pytest.approx(lesions[name]["errors"]["whole"])
        cka = np.array(net["cka"])
        np.testing.assert_allclose(np.diag(cka), 1, atol=1e-3)
        np.testing.assert_allclose(cka, cka.T, atol=1e-3)


def test_a_lesion_of_the_record_comes_again(book_records):
    """The images are those of the record; two removals, measured now."""
    if not (folder := os.environ.get("TFDS_DATA_DIR")):
        pytest.skip("no CIFAR-10 on this machine: set TFDS_DATA_DIR to the folder of cifar10/")
    cifar10 = datasets.load("cifar10", data_dir=folder)
    net = inside.get("resnet20", cifar10)
    images = net.prepare(cifar10.test.images[:1000]), cifar10.test.labels[:1000]
    blocks = inside.record("lesions")["nets"]["resnet20"]
    found = inspection.errors_without(net.model, *images, [[], [blocks["blocks"][3]]])
    expected = [blocks["errors"]["whole"], blocks["errors"]["without"][3]]
    assert found == pytest.approx(expected, abs=0.31)
