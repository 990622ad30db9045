from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from measured_models import COSTS, costs_of, forked

from dlscope.methods.bounds.advice.base import Advice, Subject
from dlscope.methods.bounds.advice.threads import advise
from dlscope.methods.bounds.analysis import model_bounds
from dlscope.methods.bounds.setups import Setup

DISABLED = Setup("onnxruntime", {"graph_optimization": "disabled"})


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    """435 µs with one thread; with two, half for the convolution and the same for all else."""
    model = forked(tmp_path)
    spread = {**COSTS, "Conv": {way: ns // 2 for way, ns in COSTS["Conv"].items()}}
    bounds = model_bounds(model, costs_of(model))
    threaded = {2: model_bounds(model, costs_of(model, spread))}
    return Subject(replace(bounds, threaded=threaded), DISABLED, 870_000.0, cores=2)


def test_what_layers_gain_on_several_cores_is_what_the_model_gains(subject: Subject) -> None:
    (found,) = advise(subject)
    assert (found.analysis, found.kind, found.how) == ("Q2", "threads", "threads=2")
    assert found.change == "Spread each layer over 2 cores"
    assert found.saving_ns == 2 * 50_000
    assert found.setup == DISABLED.with_option("threads", 2)


def test_what_agreeing_on_several_threads_costs_is_taken_off(subject: Subject) -> None:
    called = replace(subject, measured_ns=435_000.0, calls={"onnxruntime, several threads": 2_000})
    (found,) = advise(called)
    assert found.saving_ns == 50_000 - 5 * 2_000


def none(subject: Subject) -> list[Advice]:
    return list(advise(subject))


def test_cores_are_not_given_twice(subject: Subject) -> None:
    assert none(replace(subject, setup=DISABLED.with_option("inter_op_threads", 2))) == []
    assert none(replace(subject, setup=DISABLED.with_option("threads", 2))) == []


def test_without_benchmarks_of_several_threads_nothing_is_said(subject: Subject) -> None:
    assert none(replace(subject, bounds=replace(subject.bounds, threaded={}))) == []
