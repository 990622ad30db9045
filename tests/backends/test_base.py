# ruff: noqa: ARG002 (hooks that fail need not look at their arguments)
from __future__ import annotations

from pathlib import Path
from typing import Any, final

import numpy as np
import pytest

from dlscope.backends.base import Backend, Options, Predictor, Tensors, TensorSpec
from dlscope.core.errors import BackendError, LoadError, PlanError, Problems


@final
class _Failing(Predictor):
    inputs = (TensorSpec("x", "float32", (None,)),)
    outputs = inputs

    def __init__(self, error: Exception) -> None:
        self._error = error
        self.closings = 0

    def _predict(self, feeds: Tensors) -> Tensors:
        raise self._error

    def _close(self) -> None:
        self.closings += 1


@final
class _Unopenable(Backend):
    name = "unopenable"

    @classmethod
    def version(cls) -> str:
        return "1.0.0"

    def _open(self, model: Path, options: Options) -> Predictor:
        raise ZeroDivisionError


FEEDS: dict[str, Any] = {"x": np.zeros(2, np.float32)}


def test_a_tensor_is_described_by_dtype_and_axes() -> None:
    assert str(TensorSpec("x", "float32", (None, 3, 224))) == "float32[?, 3, 224]"


@pytest.mark.parametrize(
    ("shape", "fits"),
    [((1, 3), True), ((0, 3), True), ((1, 4), False), ((3,), False), ((1, 3, 1), False)],
)
def test_a_free_axis_takes_any_size(shape: tuple[int, ...], fits: bool) -> None:
    assert TensorSpec("x", "float32", (None, 3)).accepts(shape) is fits


def test_what_a_framework_raises_becomes_a_stated_error() -> None:
    with pytest.raises(BackendError) as refusal:
        _Failing(IndexError("token 99\nat operator.cc:3")).predict(FEEDS)
    assert str(refusal.value) == (
        "BackendError: the framework failed to predict: token 99\n"
        "  where  _Failing\n"
        "  fix    check the values that were fed, or choose another backend"
    )


def test_a_stated_error_passes_as_it_is() -> None:
    error = BackendError("out of luck", where="here", fix="try again")
    with pytest.raises(BackendError) as refusal:
        _Failing(error).predict(FEEDS)
    assert refusal.value is error


def test_closes_once_at_the_end_of_a_with_block() -> None:
    with _Failing(ValueError()) as predictor:
        predictor.close()
    assert predictor.closings == 1


def test_an_error_without_words_is_named(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.touch()
    with pytest.raises(LoadError) as refusal:
        _Unopenable().open(path)
    assert str(refusal.value) == (
        "LoadError: unopenable cannot open the model: ZeroDivisionError\n"
        f"  where  {path}\n"
        "  fix    export the model again, or choose another backend"
    )


def test_all_bad_options_are_told_at_once() -> None:
    with pytest.raises(Problems) as refusal:
        _Unopenable().check({"threads": "many", "thread": 2})
    assert [type(problem) for problem in refusal.value.problems] == [PlanError, PlanError]
    assert str(refusal.value) == (
        "PlanError: backend 'unopenable': option 'threads' is 'many'\n"
        "  where  framework.options.threads\n"
        "  fix    use an integer\n"
        "\n"
        "PlanError: backend 'unopenable': unknown option 'thread'\n"
        "  where  framework.options.thread\n"
        "  fix    did you mean threads?"
    )
