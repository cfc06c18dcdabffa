"""Networks at random: what is valid is counted as it is built, what is not is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from helpers import counting
from helpers.specs import Network
from torture import any_spec
from torture.counted import counted_as_built
from torture.fault import Lost, Trial, fault

GROUP = "Networks at random"
BUILT, REFUSED = "counted the same", "refused, with the reason"
LARGEST = 10**6  # numbers; what is larger is counted and not built


def each(trial: Trial, cases: SearchStrategy, check: Callable[[Any], None]) -> None:
    """Gives `check` as many cases as the trial wants, drawn by its seed."""
    how = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}
    how |= {"phases": [Phase.generate], "max_examples": trial.times}
    seed(trial.chance.getrandbits(64))(settings(**how)(given(cases)(check)))()


@fault(
    "networks-that-are-valid",
    group=GROUP,
    does="any network that the papers' rules allow: blocks of every kind, shortcuts A, B and C, "
    "groups, strides, and the options of chapter 9",
    holds="counted by arithmetic and built by Keras, it has the same layers, shapes, parameters "
    "and multiply-adds",
    outcomes=(BUILT,),
    few=6,
    many=300,
)
def networks_that_are_valid(trial: Trial) -> None:
    def check(fields: dict[str, Any]) -> None:
        counted_as_built(Network(**fields))
        trial.came(BUILT)

    each(trial, any_spec.fields(), check)


@fault(
    "networks-with-anything-in-them",
    group=GROUP,
    does="a network of which up to three entries are left out or are anything at all",
    holds="it is refused, and the sentence says what was expected and what came; or it is a "
    "network, and is counted as it is built",
    outcomes=(BUILT, REFUSED),
    few=60,
    many=3_000,
)
def networks_with_anything_in_them(trial: Trial) -> None:
    each(trial, any_spec.odd_fields(), lambda fields: trial.came(refused_or_counted(fields)))


def refused_or_counted(fields: dict[str, Any]) -> str:
    """What came of a record of a network. Raises Lost for a refusal without its reason."""
    try:
        spec = any_spec.network(fields)
    except ValueError as error:
        if "must be" not in str(error) or "Received: " not in str(error):
            raise Lost(f"{fields} is refused without a reason: {error}") from error
        return REFUSED
    except Exception as error:
        raise Lost(f"{fields}: {type(error).__name__} from inside") from error
    if counting.parameters(spec) < LARGEST:
        counted_as_built(spec)
    return BUILT
