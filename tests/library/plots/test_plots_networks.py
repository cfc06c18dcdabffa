"""The pictures of what is counted in networks: shares of the stages, receptive fields."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers import counting, plots


@pytest.fixture(autouse=True)
def unseen():
    plt.switch_backend("Agg")
    yield
    plt.close("all")


def bars_of(ax, network):
    (bars,) = (c for c in ax.containers if c.get_label() == network)
    return list(bars)


def test_stage_shares_are_per_cent_of_the_whole_net():
    written = {"vgg19": "VGG-19", "resnet34": "ResNet-34"}
    totals = {net: counting.by_stage(net) for net in written}
    for quantity in plots.SHARED:
        ax = plots.stage_shares(totals, quantity=quantity)
        for network in totals:
            assert sum(bar.get_width() for bar in bars_of(ax, written[network])) == pytest.approx(
                100
            )
        assert ax.get_title(loc="left") == f"{quantity.replace('_', '-')}, %"
        plt.close("all")
    ax = plots.stage_shares(totals, quantity="parameters")
    # By hand: VGG-19's three fully connected layers, of 143,667,240 parameters.
    fc = (25088 + 1) * 4096 + (4096 + 1) * 4096 + (4096 + 1) * 1000
    assert bars_of(ax, "VGG-19")[-1].get_width() == pytest.approx(100 * fc / 143_667_240)
    written = [text.get_text() for text in ax.texts]
    assert written[:6] == ["< 1", "< 1", "1", "6", "7", "86"]


def test_stages_of_the_same_number_share_a_row_from_top_to_bottom():
    totals = {net: counting.by_stage(net) for net in ("vgg19", "resnet50")}
    ax = plots.stage_shares(totals)
    labels = [text.get_text() for text in ax.get_yticklabels()]
    assert labels == ["conv1", "conv2_x", "conv3_x", "conv4_x", "conv5_x", "fc"]
    first, second = (bars_of(ax, title) for title in ("VGG-19", "ResNet-50"))
    for row, (one, two) in enumerate(zip(first, second, strict=True)):
        for bar in (one, two):
            assert row - 0.5 < bar.get_y() < bar.get_y() + bar.get_height() < row + 0.5
        assert one.get_y() + one.get_height() < two.get_y()
    assert first[0].get_hatch() != second[0].get_hatch()
    assert ax.yaxis_inverted()
    ax = plots.stage_shares({"resnet50": totals["resnet50"]})
    # ResNet-50's work, counted by hand from Table 1: 3.1, 17.3, 24.6, 36.0, 19.0 %.
    shares = [bar.get_width() for bar in bars_of(ax, "ResNet-50")]
    assert np.allclose(shares, [3.1, 17.3, 24.6, 36.0, 19.0, 0.05], atol=0.06)


def test_stage_shares_refuses():
    with pytest.raises(ValueError, match="at least one network"):
        plots.stage_shares({})
    with pytest.raises(ValueError, match=r"multiply_adds.*quantity='flops'"):
        plots.stage_shares({"vgg19": counting.by_stage("vgg19")}, quantity="flops")


def test_receptive_fields_of_the_main_path():
    nets = {net: counting.layers(net) for net in ("vgg19", "resnet34", "resnet50")}
    nets["resnet50-v1.5"] = counting.layers("resnet50", bottleneck_stride="3x3")
    ax = plots.receptive_fields(nets)
    *lines, level = ax.lines
    # 1 + the sum over the layers of (kernel - 1) times the strides before them.
    by_hand = {
        "vgg19": (16, 1 + 2 * 2 * 1 + 2 * 2 * 2 + 4 * 2 * (4 + 8 + 16) + 1 + 2 + 4 + 8),
        "resnet34": (33, 7 + 4 + 2 * (6 * 4 + 4 + 7 * 8 + 8 + 11 * 16 + 16 + 5 * 32)),
        "resnet50": (49, 7 + 4 + 2 * (3 * 4 + 4 * 8 + 6 * 16 + 3 * 32)),
        "resnet50-v1.5": (49, 7 + 4 + 2 * (4 * 4 + 4 * 8 + 6 * 16 + 2 * 32)),
    }
    written = dict(
        zip(by_hand, ("VGG-19", "ResNet-34", "ResNet-50", "ResNet-50, v1.5"), strict=True)
    )
    for line, (net, (convolutions, last)) in zip(lines, by_hand.items(), strict=True):
        assert line.get_label() == written[net]
        assert list(line.get_xdata()) == list(range(1, convolutions + 1))
        assert line.get_ydata()[-1] == last, net
    assert list(level.get_ydata()) == [224, 224]
    assert len({line.get_marker() for line in lines}) == 4


def test_receptive_fields_refuses():
    with pytest.raises(ValueError, match="at least one network"):
        plots.receptive_fields({})
    with pytest.raises(ValueError, match="none in empty"):
        plots.receptive_fields({"empty": []})
