from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from dlscope.core.errors import SearchError  # noqa: E402 - after torch is known to be there
from dlscope.methods.codesign.relaxed.expected import Expected  # noqa: E402
from dlscope.methods.codesign.relaxed.objective import Objective  # noqa: E402


def value(objective: Objective, *, loss=2.0, time=30.0, usage=1.0) -> float:
    expected = Expected(torch.tensor(time), torch.tensor([usage]))
    return float(objective(torch.tensor(loss), expected))


@pytest.mark.parametrize(
    ("combination", "weight", "without_penalty"),
    [
        ("product", 1.0, 2.0 * 3.0),
        ("log", 1.0, math.log(2.0) + math.log(3.0)),
        ("sum", 0.5, 2.0 + 0.5 * 3.0),
        ("exponent", 0.5, 2.0 * 3.0**0.5),
    ],
)
def test_loss_and_time_are_put_together_as_asked(combination, weight, without_penalty) -> None:
    objective = Objective(combination, weight).scaled_to(10.0)
    assert value(objective) == pytest.approx(without_penalty + 0.1)


def test_what_is_beyond_the_budget_is_punished_steeply_but_not_without_end() -> None:
    objective = Objective().scaled_to(10.0)
    assert value(objective, usage=1.1) == pytest.approx(6 + 0.1 * math.exp(1.0))
    assert value(objective, usage=50.0) == pytest.approx(6 + 0.1 * math.exp(20.0))


def test_where_the_budget_is_met_only_an_excess_counts() -> None:
    objective = Objective(has_penalty=False).scaled_to(10.0)
    assert value(objective, usage=0.3) == value(objective) == pytest.approx(6.0)
    assert value(objective, usage=1.1) == pytest.approx(6 + 0.1 * (math.exp(1.0) - 1))


def test_a_target_is_a_hinge_that_rises_until_it_is_met() -> None:
    objective = Objective(target_ns=20.0, has_penalty=False).scaled_to(10.0)
    assert value(objective) == pytest.approx(6 + 0.5)
    assert value(objective, time=15.0) == pytest.approx(2 * 1.5)
    assert objective.after_epoch(21.0).hinge == pytest.approx(1.05)
    assert objective.after_epoch(20.0) == objective


def test_no_time_is_no_scale() -> None:
    with pytest.raises(SearchError) as caught:
        Objective().scaled_to(0.0)
    assert caught.value.what == "a time of 0 ns is no scale"
