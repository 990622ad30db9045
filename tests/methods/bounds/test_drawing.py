from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pytest
from measured_models import costs_of, forked

from dlscope.core.errors import BoundError
from dlscope.methods.bounds import drawing
from dlscope.methods.bounds.analysis import model_bounds
from dlscope.methods.bounds.drawing import dot, svg


@pytest.fixture
def bounds(tmp_path: Path):
    model = forked(tmp_path)
    return model_bounds(model, costs_of(model))


def test_dot_has_every_layer_with_its_time_and_whose_it_is(bounds) -> None:
    lines = dot(bounds).splitlines()
    assert lines[0] == 'digraph "forked" {'
    assert '  n3 [label="MaxPool_3 · MaxPool\\n0.0150 ms · ort_blocked"];' in lines
    assert '  n5 [label="y · Flatten\\nno time", style=dashed];' in lines


def test_the_critical_path_is_bold(bounds) -> None:
    lines = dot(bounds).splitlines()
    assert "  n1 -> n2 [penwidth=3];" in lines
    assert "  n1 -> n3;" in lines
    assert any(line.startswith("  n2 ") and "style=filled" in line for line in lines)


def test_svg_is_well_formed_and_has_every_layer(bounds) -> None:
    root = ElementTree.fromstring(svg(bounds))
    boxes = root.findall("{http://www.w3.org/2000/svg}rect")
    assert len(boxes) == 6
    corners = {(box.get("x"), box.get("y")) for box in boxes}
    assert len(corners) == 6


def test_names_with_markup_stay_text(bounds) -> None:
    layers = tuple(replace(each, name='<b>"x"</b>') for each in bounds.costed.layers)
    named = replace(bounds, costed=replace(bounds.costed, layers=layers))
    ElementTree.fromstring(svg(named))
    assert '\\"x\\"' in dot(named)


def test_too_many_layers_are_not_drawn(bounds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "MOST_NODES", 5)
    with pytest.raises(BoundError) as refused:
        svg(bounds)
    assert refused.value.what == "6 layers are too many for a drawing that can be read"
