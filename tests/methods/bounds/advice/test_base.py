from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from measured_models import costs_of, forked

from dlscope.methods.bounds.advice.base import Subject, is_worth_telling
from dlscope.methods.bounds.analysis import model_bounds
from dlscope.methods.bounds.setups import Setup

DISABLED = Setup("onnxruntime", {"graph_optimization": "disabled"})


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    """435 µs composed, 478.5 measured: ten percent more."""
    model = forked(tmp_path)
    return Subject(model_bounds(model, costs_of(model)), DISABLED, 478_500.0, cores=2)


def test_what_is_measured_scales_what_is_expected(subject: Subject) -> None:
    assert subject.scale == pytest.approx(1.1)
    advice = subject.set_up("Q1", "backend", Setup("torch"), "change", "how")
    assert advice is not None
    # From 478.5 to 1.1 · 347.
    assert advice.saving_ns == 478_500 - 381_700
    assert advice.speedup == pytest.approx(435 / 347)
    assert (advice.where, advice.setup) == ("whole", Setup("torch"))


@pytest.mark.parametrize("options", [{}, {"precision": "bf16"}])
def test_a_backend_that_compiles_the_model_has_nothing_of_what_slows_it_down_now(
    subject: Subject, options: dict[str, str]
) -> None:
    compiled = Setup("openvino", options)
    advice = subject.set_up("Q1", "backend", compiled, "change", "how")
    assert advice is not None
    assert advice.saving_ns == 478_500 - (subject.composed_ns(compiled) or 0)
    # From there it takes its own along.
    there = subject.then(Setup("openvino"), 266_000.0)
    assert there.scale == pytest.approx(2.0)
    shorter = there.set_up("Q6", "precision", Setup("openvino", {"precision": "bf16"}), "c", "h")
    assert shorter is not None
    assert shorter.saving_ns == 266_000 - 2 * 102_000


def test_calls_are_expected_for_every_layer_that_computes(subject: Subject) -> None:
    called = replace(subject, calls={"onnxruntime": 1_000.0, "torch": 20_000.0})
    assert called.expected_ns(called.composition, DISABLED) == 440_000
    assert called.composed_ns(Setup("torch")) == 347_000 + 5 * 20_000


def test_without_a_measurement_what_is_expected_counts(subject: Subject) -> None:
    unmeasured = replace(subject, measured_ns=None)
    assert (unmeasured.latency_ns, unmeasured.scale) == (435_000, 1.0)
    assert unmeasured.confidence == "low"


@pytest.mark.parametrize(
    ("measured_ns", "confidence"),
    [(435_000.0, "high"), (500_000.0, "high"), (560_000.0, "medium"), (900_000.0, "low")],
)
def test_confidence_is_how_well_benchmarks_explain_the_model(
    subject: Subject, measured_ns: float, confidence: str
) -> None:
    assert replace(subject, measured_ns=measured_ns).confidence == confidence


def test_evidence_are_the_results_of_what_changes(subject: Subject) -> None:
    advice = subject.set_up("Q1", "backend", DISABLED.with_layers_in("LRN", "openvino"), "c", "h")
    assert advice is not None
    assert advice.layers == (2,)
    (lrn,) = (cost for cost in subject.bounds.costed.by_id[2].costs if cost.source == "onednn")
    assert advice.evidence == (lrn.evidence,)


def test_a_setup_that_cannot_be_composed_is_no_advice(subject: Subject) -> None:
    assert subject.set_up("Q1", "backend", Setup("tensorflow"), "change", "how") is None
    assert subject.composed_ns(Setup("tensorflow")) is None


def test_a_profile_belongs_to_one_backend(subject: Subject) -> None:
    profiled = replace(subject, in_model={"LRN": 5.0})
    same = profiled.then(DISABLED.with_layers_in("LRN", "openvino"), 1.0)
    assert (same.in_model, same.latency_ns) == ({"LRN": 5.0}, 1.0)
    assert profiled.then(Setup("openvino"), 1.0).in_model == {}


def test_only_what_saves_a_hundredth_is_worth_telling(subject: Subject) -> None:
    advice = subject.advice("Q1", "kind", [], "where", "change", "how", subject.latency_ns - 100)
    assert is_worth_telling(advice, 10_000)
    assert not is_worth_telling(advice, 10_001)
