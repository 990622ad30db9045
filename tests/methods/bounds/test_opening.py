from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from measured_models import forked_model

from dlscope.core.errors import DlscopeError
from dlscope.methods.bounds.opening import open_models


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLSCOPE_CACHE", str(tmp_path / "cache"))


def test_a_file_is_opened_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "mine.onnx"
    onnx.save(forked_model(), path)
    (model,) = open_models([str(path)], [1], {}, has_layouts=False)
    assert (model.name, model.graph.name) == ("mine", "mine")
    assert [layer.name for layer in model.graph.layers][:2] == ["Conv_0", "Relu_1"]
    assert model.moved == ()


def test_changes_of_layout_come_with_the_size_of_a_block_here(tmp_path: Path) -> None:
    path = tmp_path / "mine.onnx"
    onnx.save(forked_model(), path)
    (model,) = open_models([str(path)], [1], {}, has_layouts=True)
    assert len(model.moved) > 0


def test_a_model_is_opened_for_each_batch_size() -> None:
    models = open_models(["squeezenet1_1"], [1, 2], {}, has_layouts=False)
    assert [model.batch for model in models] == [1, 2]


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(DlscopeError):
        open_models(["squeezenet9"], [1], {}, has_layouts=False)
