"""Evaluations whose queries are recorded down to their layers."""

from __future__ import annotations

import json
import os
from collections import Counter

import numpy as np
import pytest

from dlscope.backends.mock import MockBackend
from dlscope.backends.reference import ReferenceBackend
from dlscope.core.errors import BackendError
from dlscope.core.trace import Level, Trace
from dlscope.methods.evaluation.planning import plan_experiment
from dlscope.methods.evaluation.traced_queries import (
    DIAGNOSTICS,
    SpannedPredictor,
    TracedModel,
    inside_of,
    prepare_environment,
    traced_levels,
)
from dlscope.tracing.capture import SpanBuffer
from dlscope.tracing.tracer import Diagnostic

LAYERS = ["GlobalAveragePool", "Flatten", "MatMul"]
FEEDS = {"x": np.zeros((1, 3, 8, 8), np.float32)}


@pytest.fixture
def graph(files):
    return files.model.with_name("colors.onnx")


@pytest.fixture(params=["preloaded", "sequential", "stream"])
def run(request, ask, files, carry_out):
    """Five queries on the reference, their layers recorded, after eight items."""
    scenario = {"name": str(files.scenario), "pipeline": request.param}
    asked = ask(frameworks=["reference"], trace_level="LAYER", scenarios=[scenario])
    return carry_out(plan_experiment(asked).plans[0])


def test_each_query_has_its_layers_and_no_item_has(run) -> None:
    models = [span for span in run.trace if span.level == Level.MODEL]
    layers = [span for span in run.trace if span.level == Level.LAYER]
    # What had entered the pipeline when it ended was predicted, too.
    assert len(models) >= len(run.samples) == 5
    assert [span.iteration for span in models] == list(range(len(models)))
    assert Counter(span.type for span in layers) == dict.fromkeys(LAYERS, len(models))
    by_id = {span.id: span for span in run.trace}
    for layer in layers:
        parent = by_id[layer.parent_id]
        assert (parent.level, parent.iteration) == (Level.MODEL, layer.iteration)
    assert len(run.items) == 8
    assert run.metric("top_1") is not None


def test_the_pipeline_keeps_its_spans_and_holds_those_of_the_model(run) -> None:
    by_id = {span.id: span for span in run.trace}
    for span in run.trace:
        if span.level == Level.MODEL and span.parent_id:
            assert by_id[span.parent_id].name == "predict"
    assert run.plan.scenario.pipeline == "preloaded" or any(
        span.parent_id for span in run.trace if span.level == Level.MODEL
    )


def test_the_run_says_that_its_latencies_are_those_of_a_traced_model(run) -> None:
    tracing, whole = run.conditions[-2:]
    assert (tracing.name, tracing.measured) == ("tracing", "LAYER recorded during the queries")
    assert (tracing.required, tracing.holds) == ("nothing below MODEL", False)
    assert tracing.advice == (
        "latencies include the cost of recording: measure without --trace-level, or have both "
        "apart with `dlscope profile`"
    )
    assert (whole.name, whole.holds) == ("spans of the queries", True)
    assert not run.is_valid
    assert json.loads(run.artifacts[DIAGNOSTICS]) == []
    assert run.framework_report["graph_bytes"] > 0


def test_answers_are_those_of_a_run_that_is_not_traced(run, ask, carry_out) -> None:
    plain = carry_out(plan_experiment(ask(frameworks=["reference"])).plans[0])
    assert [item.prediction for item in run.items] == [item.prediction for item in plain.items]
    assert not any(span.level >= Level.MODEL for span in plain.trace)
    assert "tracing" not in {each.name for each in plain.conditions}


def test_who_stops_before_the_queries_has_nothing_recorded(ask, carry_out) -> None:
    asked = ask(frameworks=["reference"], trace_level="LAYER")
    run = carry_out(plan_experiment(asked).plans[0], should_stop=lambda: True)
    assert run.status == "aborted"
    assert "tracing" not in {each.name for each in run.conditions}


def test_the_levels_that_a_backend_shows_down_to_the_deepest() -> None:
    assert traced_levels(ReferenceBackend, Level.KERNEL) == (Level.LAYER,)
    assert traced_levels(ReferenceBackend, Level.MODEL) == ()
    assert traced_levels(MockBackend, Level.KERNEL) == ()


def test_libraries_are_told_before_they_are_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ONEDNN_VERBOSE_TIMESTAMP", "ONEDNN_JIT_PROFILE"):
        monkeypatch.setenv(name, "0")
    prepare_environment(Level.LAYER)
    assert os.environ["ONEDNN_VERBOSE_TIMESTAMP"] == "0"
    prepare_environment(Level.LIBRARY)
    assert os.environ["ONEDNN_VERBOSE_TIMESTAMP"] == "1"
    assert os.environ["ONEDNN_JIT_PROFILE"] == "0"


def test_predictions_are_numbered_after_the_one_that_warms_the_tracers(graph) -> None:
    spans = SpanBuffer(Level.LAYER)
    traced = TracedModel(ReferenceBackend(), graph, {}, {}, (Level.LAYER,), spans)
    traced.start(FEEDS, warmup=3)
    for _ in range(2):
        traced.predictor.predict(FEEDS)
    found = inside_of(spans.take_trace(), traced)
    assert [span.iteration for span in found.trace if span.level == Level.MODEL] == [0, 1]
    assert sum(span.level == Level.LAYER for span in found.trace) == 2 * len(LAYERS)
    with pytest.raises(BackendError, match="predict was called after close"):
        traced.predictor.predict(FEEDS)


def test_a_predictor_with_spans_is_the_same_otherwise(graph) -> None:
    spans = SpanBuffer(Level.PIPELINE)
    plain = ReferenceBackend().open(graph)
    spanned = SpannedPredictor(plain, spans)
    assert (spanned.inputs, spanned.outputs) == (plain.inputs, plain.outputs)
    assert spanned.report() == plain.report()
    np.testing.assert_array_equal(spanned.predict(FEEDS)["y"], plain.predict(FEEDS)["y"])
    assert len(spans.take_trace()) == 0
    spanned.close()
    with pytest.raises(BackendError, match="predict was called after close"):
        plain.predict(FEEDS)


def test_spans_without_a_place_are_a_condition_that_does_not_hold(graph) -> None:
    traced = TracedModel(ReferenceBackend(), graph, {}, {}, (Level.LAYER,), SpanBuffer(Level.LAYER))
    bad = Diagnostic("tracer_failed", "reference failed to drain: no")
    _, whole = traced._conditions((bad, Diagnostic("orphan", "no span holds it", 3)))
    assert (whole.measured, whole.holds) == ("reference failed to drain: no", False)
    assert whole.advice == f"see {DIAGNOSTICS} of the run"


def test_without_a_traced_model_spans_are_all_there_is() -> None:
    found = inside_of(Trace(), None)
    assert (found.trace, found.conditions, found.artifacts) == (Trace(), (), {})
