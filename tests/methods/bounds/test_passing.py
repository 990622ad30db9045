from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from measured_models import costs_of, forked

from dlscope.methods.bounds.analysis import model_bounds
from dlscope.methods.bounds.composing import compose
from dlscope.methods.bounds.passing import passing_ns
from dlscope.methods.bounds.roofline_floor import MemoryLevel, Peaks
from dlscope.methods.bounds.setups import Setup

MOVED = Setup("onnxruntime", {}, {"LRN": "openvino"})


def test_nothing_passes_within_one_framework(tmp_path: Path) -> None:
    model = forked(tmp_path)
    bounds = model_bounds(model, costs_of(model))
    plain = Setup("onnxruntime")
    assert passing_ns(bounds, compose(bounds, plain), plain) == 0.0


def test_tensors_are_copied_there_and_back(tmp_path: Path) -> None:
    model = forked(tmp_path)
    peaks = Peaks({}, (MemoryLevel("memory", 1e9),))
    bounds = replace(model_bounds(model, costs_of(model)), peaks=peaks)
    # 8·6·6 numbers of 4 bytes in and out, each read and written: 1 byte in 1 ns.
    assert passing_ns(bounds, compose(bounds, MOVED), MOVED) == 2 * 2 * 4 * 288


def test_each_layer_is_a_call(tmp_path: Path) -> None:
    model = forked(tmp_path)
    bounds = model_bounds(model, costs_of(model))
    composed = compose(bounds, MOVED)
    steps = tuple(replace(step, cost=replace(step.cost, overhead_ns=7)) for step in composed.steps)
    assert passing_ns(bounds, replace(composed, steps=steps), MOVED) == 7.0
