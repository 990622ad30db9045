"""Isolated backends in the stack of these tests: their own interpreter."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from dlscope.backends.base import Backend
from dlscope.backends.isolated.backend import (
    ISOLATED,
    IsolatedBackend,
    IsolatedMxNet,
    IsolatedOnnxRuntime,
    IsolatedOpenVino,
)
from dlscope.core import registry
from dlscope.core.errors import BackendError, LoadError
from dlscope.core.trace import Level
from dlscope.testing.backends import BackendSuite
from dlscope.testing.gaps import Gap
from dlscope.testing.small_models import SMALL_MODELS

HERE = Path(sys.executable)


class IsolatedSuite(BackendSuite):
    """The suite of every backend, over one that is driven in another process."""

    kind: type[IsolatedBackend]

    @pytest.fixture(scope="class")
    @classmethod
    def subject(cls) -> Iterator[Backend]:
        backend = cls.kind(HERE)
        backend.import_framework()
        yield backend
        backend.close()


class TestOnnxRuntime(IsolatedSuite):
    backend = "onnxruntime"
    kind = IsolatedOnnxRuntime


@pytest.mark.slow
class TestOpenVino(IsolatedSuite):
    backend = "openvino"
    kind = IsolatedOpenVino
    gaps: ClassVar[Mapping[str, Gap]] = {
        "test_whole_numbers_keep_their_64_bits": Gap(
            "notyet", "the framework holds whole numbers in 32 bits", BackendError
        )
    }


def test_each_has_the_options_of_the_backend_here() -> None:
    for name in ("onnxruntime", "openvino"):
        here: type[Backend] = registry.load("backends", name)
        own = here.options().to_json()
        asked = ISOLATED[name].options().to_json()
        assert asked == {each: own[each] for each in asked}
        assert set(own) - set(asked) <= {"execution_provider"}


def test_a_loop_is_timed_where_the_model_is(tmp_path: Path) -> None:
    model = SMALL_MODELS["dense"].build(tmp_path / "model.onnx")
    feeds = {"x": SMALL_MODELS["dense"].feed(2)}
    backend = IsolatedOnnxRuntime(HERE)
    backend.import_framework()
    with backend.open(model) as predictor:
        assert predictor.loop is not None
        predictor.loop.keep(0, feeds)
        limits = dict.fromkeys(("min_duration_ns", "max_queries", "max_duration_ns"), 0)
        rule = {**limits, "min_queries": 4, "queries": 0, "first_ns": None, "round_ns": 10**10}
        done = predictor.loop.round(np.zeros(9, np.int32), rule)
    backend.close()
    assert (len(done.ok), done.ok.all(), done.ended) == (4, True, True)
    assert (done.completed_ns > done.issued_ns).all()
    assert predictor.report()["isolated"] is True


def test_counts_what_is_lost_on_the_way(tmp_path: Path) -> None:
    model = SMALL_MODELS["dense"].build(tmp_path / "model.onnx")
    feeds = {"x": SMALL_MODELS["dense"].feed(2)}
    backend = IsolatedOnnxRuntime(HERE)
    backend.import_framework()
    with backend.open(model) as predictor:
        assert predictor.loop is not None
        assert predictor.loop.crossing.share is None
        predictor.predict(feeds)
        assert 0 < predictor.loop.crossing.share < 1
    backend.close()


def test_a_framework_that_is_not_in_the_stack_is_refused() -> None:
    backend = IsolatedMxNet(HERE)
    with pytest.raises(LoadError) as caught:
        backend.import_framework()
    backend.close()
    assert caught.value.describe() == (
        "LoadError: mxnet cannot be imported: No module named 'mxnet'\n"
        "  where  isolated stack\n"
        "  fix    remove the stack with `dlscope stack rm` and create it again"
    )


def test_says_what_cannot_be_seen_inside() -> None:
    told = {each.level: each for each in IsolatedMxNet.capabilities()}
    assert not told[Level.LAYER].is_available
    assert told[Level.LAYER].fix == "install the framework beside dlscope"
    profiled = {each.level: each.is_available for each in IsolatedOnnxRuntime.capabilities()}
    assert profiled == {Level.LAYER: True, Level.LIBRARY: False, Level.KERNEL: True}


def test_openvino_over_there_fixes_the_batch_as_it_does_here(tmp_path: Path) -> None:
    model = SMALL_MODELS["dense"].build(tmp_path / "model.onnx")
    backend = ISOLATED["openvino"](HERE)
    backend.import_framework()
    with backend.open(model, {"batch_size": 2}) as predictor:
        assert [spec.shape[0] for spec in (*predictor.inputs, *predictor.outputs)] == [2, 2]
    backend.close()
