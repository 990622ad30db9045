from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from measured_models import COSTS, ORT_FUSED, bricks_of, costs_of, forked, results_of

from dlscope.methods.bounds.advice.base import Subject
from dlscope.methods.bounds.advice.fusion import advise, gain_by_pattern
from dlscope.methods.bounds.analysis import model_bounds
from dlscope.methods.bounds.measured_costs import MeasuredCosts
from dlscope.methods.bounds.setups import Setup


def test_gains_are_told_by_pattern(tmp_path: Path) -> None:
    model = forked(tmp_path)
    subject = Subject(model_bounds(model, costs_of(model)), Setup("onnxruntime"), None)
    assert gain_by_pattern(subject) == {"Conv→Act": (1, 8_000)}


def test_what_the_framework_fuses_is_not_advised(tmp_path: Path) -> None:
    model = forked(tmp_path)
    subject = Subject(model_bounds(model, costs_of(model)), Setup("onnxruntime"), None)
    assert list(advise(subject)) == []


DISABLED = Setup("onnxruntime", {"graph_optimization": "disabled"})


def test_what_vanishes_in_a_kernel_is_what_it_takes_in_the_model(tmp_path: Path) -> None:
    """Relu takes 40 there, not the 10 of its benchmark; Conv takes 4 longer with it."""
    model = forked(tmp_path)
    bounds = model_bounds(model, costs_of(model))
    subject = Subject(bounds, DISABLED, 435_000.0, in_model={"Relu": 40_000.0})
    (found, *_) = advise(subject)
    assert (found.kind, found.how) == ("fusion", "graph_optimization=extended")
    assert found.saving_ns == 40_000 - 4_000
    assert found.layers == (0, 1)


@pytest.mark.parametrize(("together_ns", "saving_ns"), [(90_000, 10_000), (125_000, 0)])
def test_a_difference_that_cannot_be_is_an_error(
    tmp_path: Path, together_ns: int, saving_ns: int
) -> None:
    model = forked(tmp_path)
    costs = {**COSTS, "Conv + Relu": {ORT_FUSED: together_ns}}
    results = [
        replace(each, extra={**each.extra, "kernels": "1"})
        if each.key.algorithm == "fused"
        else each
        for each in results_of(bricks_of(model), costs)
    ]
    subject = Subject(model_bounds(model, MeasuredCosts(results)), DISABLED, None)
    (found, *_) = [each for each in advise(subject) if each.setup]
    assert found.saving_ns == saving_ns
