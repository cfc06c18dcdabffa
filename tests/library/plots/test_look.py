"""One kind of net looks the same in all pictures."""

import itertools

import pytest
from matplotlib.colors import to_rgb

from helpers import plots
from helpers.plots.look import STYLES_OF
from helpers.support.palette import KINDS

FOUR = ("plain20", "plain56", "resnet20", "resnet56")


def test_the_kind_has_the_colour_and_the_style_and_the_depth_the_shade():
    of = dict(zip(FOUR, plots.net_looks(FOUR), strict=True))
    for kind, base in (("plain", "plain"), ("resnet", "residual")):
        shallow, deep = of[f"{kind}20"], of[f"{kind}56"]
        assert to_rgb(shallow.colour) == to_rgb(KINDS[base])
        assert to_rgb(deep.colour) == pytest.approx([0.62 * v for v in to_rgb(shallow.colour)])
        assert deep.line["linewidth"] > shallow.line["linewidth"]
        assert shallow.line["linestyle"] == deep.line["linestyle"] == STYLES_OF[base][0]
    assert of["plain20"].marker == of["resnet20"].marker != of["plain56"].marker
    assert to_rgb(of["plain20"].colour) != to_rgb(of["resnet20"].colour)


@pytest.mark.parametrize(
    "labels",
    [
        FOUR,
        ("plain20", "plain32", "plain44", "plain56"),
        ("resnet56", "resnet56, estimated anew", "a-martyn/resnet56"),
        ("plain nets", "residual nets, option A", "residual nets, option B"),
        ("resnet20", "resnet20"),
        ("vgg19", "resnet34", "resnet50"),
        ("batch norm, He", "no batch norm", "Glorot"),
    ],
)
def test_no_two_nets_of_a_picture_look_alike(labels):
    looks = plots.net_looks(labels)
    for one, two in itertools.combinations(looks, 2):
        assert (one.line, one.marker) != (two.line, two.marker)
        same_colour = to_rgb(one.colour) == to_rgb(two.colour)
        assert not same_colour or one.line["linestyle"] != two.line["linestyle"]


def test_a_net_of_no_kind_has_no_colour_of_a_kind():
    taken = {to_rgb(colour) for colour in KINDS.values()}
    vgg, resnet = plots.net_looks(["vgg19", "resnet34"])
    assert to_rgb(vgg.colour) not in taken and to_rgb(resnet.colour) in taken
    (alone,) = plots.net_looks(["with warm-up"])  # where there is no net of a kind, none is taken
    assert alone.line == plots.line_look(0)
