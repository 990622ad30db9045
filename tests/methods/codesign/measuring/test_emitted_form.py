from __future__ import annotations

from dlscope.devices.precision import Precision
from dlscope.methods.codesign.measuring import emitted_form as module
from dlscope.methods.codesign.measuring.emitted_form import emitted_form


def test_each_precision_has_a_form_of_its_own() -> None:
    assert emitted_form(Precision(8, 8)) != emitted_form(Precision(32, 32))


def test_it_changes_with_the_nodes_that_are_written(monkeypatch) -> None:
    before = emitted_form(Precision(32, 32))
    monkeypatch.setattr(module, "design_model", _renamed)
    emitted_form.cache_clear()
    assert emitted_form(Precision(32, 32)) != before
    emitted_form.cache_clear()


def _renamed(space, design, precision):
    from dlscope.methods.codesign.measuring.design_model import design_model

    model = design_model(space, design, precision)
    model.graph.node[0].op_type = "Other"
    return model
