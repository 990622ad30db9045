from __future__ import annotations

from collections.abc import Sequence

import pytest
from gpu_stand_ins import CudaStandIn
from single_layers import LAYERS

from dlscope.core.errors import BackendError
from dlscope.graph.brick import Brick
from dlscope.methods.bounds.implementation import Configuration
from dlscope.methods.bounds.implementations.device_implementation import (
    DeviceImplementation,
    known,
)
from dlscope.methods.bounds.implementations.device_runnable import DeviceRunnable


class Refusing(DeviceImplementation):
    """Knows no layer at all."""

    name = family = "refusing"
    library_name = "Nothing"

    def __init__(self) -> None:
        self._cuda = CudaStandIn()

    @classmethod
    def version(cls) -> str:
        return "1"

    def configurations(self, brick: Brick) -> Sequence[Configuration]:
        del brick
        return [Configuration()]

    def _launched(self, brick: Brick, configuration: Configuration) -> DeviceRunnable:
        del configuration
        known(f"{brick.label} is not known")
        raise AssertionError


def test_a_reason_is_the_refusal_of_the_library() -> None:
    with pytest.raises(BackendError) as refused:
        Refusing().build(LAYERS["relu"], Configuration())
    assert "Relu is not known" in refused.value.what


def test_the_least_that_can_be_asked_for_needs_no_library() -> None:
    runnable = Refusing().build_null()
    runnable.run()
    assert [each.shape for each in runnable.outputs()] == [(1,)]


def test_it_computes_on_a_gpu() -> None:
    assert Refusing.device == "gpu"


def test_what_is_found_is_known() -> None:
    assert known(3) == 3
