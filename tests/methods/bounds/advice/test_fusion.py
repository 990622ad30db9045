from __future__ import annotations

from pathlib import Path

from measured_models import costs_of, forked

from dlscope.methods.bounds.advice.base import Subject
from dlscope.methods.bounds.advice.fusion import advise, gain_by_pattern
from dlscope.methods.bounds.analysis import model_bounds
from dlscope.methods.bounds.setups import Setup


def test_gains_are_told_by_pattern(tmp_path: Path) -> None:
    model = forked(tmp_path)
    subject = Subject(model_bounds(model, costs_of(model)), Setup("onnxruntime"), None)
    assert gain_by_pattern(subject) == {"Conv→Act": (1, 8_000)}


def test_what_the_framework_fuses_is_not_advised(tmp_path: Path) -> None:
    model = forked(tmp_path)
    subject = Subject(model_bounds(model, costs_of(model)), Setup("onnxruntime"), None)
    assert list(advise(subject)) == []
