"""expect: what is right comes back, what is wrong is named with what was expected."""

import math

import numpy as np
import pytest

from helpers.support import expect

pytestmark = pytest.mark.quick


@pytest.mark.parametrize("value", [1, 7, np.int64(3)])
def test_an_integer_comes_back(value):
    assert expect.integer("filters", value, most=7) is value


@pytest.mark.parametrize("value", [0, 8, 1.0, True, "3", None, np.float32(2), math.nan])
def test_what_is_no_integer_within_the_bounds_is_named(value):
    with pytest.raises(ValueError) as error:
        expect.integer("filters", value, most=7)
    assert str(error.value) == (
        f"`filters` must be an integer from 1 to 7. Received: filters={value!r}"
    )


@pytest.mark.parametrize("value", [0.5, 1, np.float32(0.25)])
def test_a_number_comes_back(value):
    assert expect.number("share", value, above=0, most=1) is value


@pytest.mark.parametrize("value", [0, -0.1, 1.01, math.nan, math.inf, -math.inf, False, "0.5", 1j])
def test_what_is_no_number_within_the_bounds_is_named(value):
    with pytest.raises(ValueError, match=r"`share` .* above 0 and at most 1\. Received"):
        expect.number("share", value, above=0, most=1)


def test_an_end_that_belongs_and_one_that_does_not():
    assert expect.number("rate", 0, least=0, below=1) == 0
    with pytest.raises(ValueError, match="at least 0 and below 1"):
        expect.number("rate", 1, least=0, below=1)
    with pytest.raises(ValueError, match=r"must be a finite number\. Received: rate=inf"):
        expect.number("rate", math.inf)


def test_one_of_several():
    assert expect.one_of("option", "B", ("A", "B", "C")) == "B"
    for value in ("D", ["B"], None):
        with pytest.raises(ValueError, match=r"must be one of A, B, C\. Received: option="):
            expect.one_of("option", value, ("A", "B", "C"))


def test_formats_that_are_not_yet_known_are_refused_and_files_without_one_read():
    assert [expect.known_format("x", found, 2) for found in (None, 0, 1, 2, "2")] == [None] * 5
    for later in (3, "3", 10**40):
        with pytest.raises(ValueError, match=r"x has the format .* up to 2: a later version wrote"):
            expect.known_format("x", later, 2)
    for none in (True, "two", 1.5, -1, "", "²"):
        with pytest.raises(ValueError, match="x is damaged: its format must be a number"):
            expect.known_format("x", none, 2)
