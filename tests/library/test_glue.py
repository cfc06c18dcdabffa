"""A glued value has the form that the website's own glue writes."""

from unittest import mock

import numpy as np
import pytest
from myst_nb.ext import glue as website

from helpers.glue import glue


@pytest.mark.parametrize("value", [22.943376004695892, 310, "about 200"])
def test_glue_writes_what_the_website_reads(value):
    with mock.patch.object(website, "ipy_display") as theirs:
        website.glue("key", value, display=False)
    with mock.patch("IPython.display.display") as ours:
        glue(key=value)
    assert ours.call_args == theirs.call_args


def test_a_number_of_numpy_is_stored_as_pythons():
    with mock.patch("IPython.display.display") as ours:
        glue(key=np.float64(2.5))
    assert ours.call_args[0][0] == {"application/papermill.record/text/plain": "2.5"}


def glued(**numbers):
    """What `glue` stores: each name with its value as text, in order."""
    with mock.patch("IPython.display.display") as ours:
        glue(**numbers)
    names = [call.kwargs["metadata"]["scrapbook"]["name"] for call in ours.call_args_list]
    values = [next(iter(call.args[0].values())) for call in ours.call_args_list]
    return list(zip(names, values, strict=True))


def test_several_are_glued_one_by_one_under_their_names():
    assert glued(best=1, worst=np.float64(2.5)) == [("best", "1"), ("worst", "2.5")]


def test_any_name_can_be_glued():
    """Such as one that is no identifier, or that of a variable in `glue`."""
    assert glued(**{"bn-trained": 1, "128-scaled": 2, "name": 3, "value": 4, "numbers": 5}) == [
        ("bn-trained", "1"),
        ("128-scaled", "2"),
        ("name", "3"),
        ("value", "4"),
        ("numbers", "5"),
    ]


@pytest.mark.parametrize("pair", [("key",), ("key", 2)])
def test_a_name_is_that_of_an_argument(pair):
    with pytest.raises(TypeError, match="positional"):
        glue(*pair)
