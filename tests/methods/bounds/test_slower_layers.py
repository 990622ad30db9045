from __future__ import annotations

from pathlib import Path

from measured_models import costs_of, forked

from dlscope.methods.bounds.advice.base import Subject
from dlscope.methods.bounds.analysis import model_bounds
from dlscope.methods.bounds.setups import Setup
from dlscope.methods.bounds.slower_layers import slower_layers


def test_the_layer_that_another_computes_much_faster_is_named(tmp_path: Path) -> None:
    model = forked(tmp_path)
    subject = Subject(model_bounds(model, costs_of(model)), Setup("onnxruntime"), None)
    (lrn,) = slower_layers(subject)
    assert (lrn.step.layers, lrn.ratio, lrn.excess_ns) == ((2,), 10.0, 270_000)
    assert lrn.best.implementation == "openvino"


def test_the_most_lost_comes_first(tmp_path: Path) -> None:
    model = forked(tmp_path)
    setup = Setup("onnxruntime", {"graph_optimization": "disabled"})
    found = slower_layers(Subject(model_bounds(model, costs_of(model)), setup, None))
    assert [each.step.layers for each in found] == [(2,), (0,)]
