"""`IsolatedPredictor`: a model that the worker of an isolated stack has opened."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from dlscope.backends.base import Predictor, Tensors, TensorSpec
from dlscope.backends.isolated.process import IsolatedProcess
from dlscope.backends.narrowed import require_fitting
from dlscope.backends.timed_loop import Crossing, Round, TimedLoop


@final
class IsolatedPredictor(Predictor):
    """One model opened by the worker; how much of a prediction is the way there is counted.

    `told` is the worker's answer to `open`; `wide` names a framework that holds int64 as int32.
    """

    def __init__(
        self, process: IsolatedProcess, told: Mapping[str, Any], wide: str, version: str
    ) -> None:
        self.inputs = tuple(_specs(told["inputs"]))
        self.outputs = tuple(_specs(told["outputs"]))
        self.model: int = told["model"]
        self._process, self._crossing = process, Crossing()
        self._narrowed = tuple(spec for spec in self.inputs if wide and spec.dtype == "int64")
        self._framework = wide
        self.loop = IsolatedLoop(process, self.model, self._crossing)
        self._report = {**told["report"], "isolated": True, "reported_version": version}

    def report(self) -> Mapping[str, str | int | float | bool]:
        """What the framework says over there."""
        return self._report

    def _predict(self, feeds: Tensors) -> Tensors:
        for spec in self._narrowed:
            require_fitting(feeds[spec.name], spec, "int32", self._framework)
        began = time.perf_counter_ns()
        told, outputs = self._process.ask("predict", feeds, model=self.model)
        self._crossing.whole_ns += time.perf_counter_ns() - began
        self._crossing.inside_ns += told["duration_ns"]
        return outputs

    def _close(self) -> None:
        self._process.ask("close", model=self.model)


@final
class IsolatedLoop(TimedLoop):
    """Closed loops that the worker times by itself."""

    def __init__(self, process: IsolatedProcess, model: int, crossing: Crossing) -> None:
        self.pid, self.crossing = process.pid, crossing
        self._process, self._model = process, model

    def keep(self, query: int, feeds: Tensors) -> None:
        """Send the tensors of one more prediction of `query`, to stay there."""
        self._process.ask("keep", feeds, model=self._model, query=query)

    def forget(self) -> None:
        """Let go of all that was kept."""
        self._process.ask("forget", model=self._model)

    def round(self, order: NDArray[np.int32], rule: Mapping[str, int | None]) -> Round:
        """Queries of `order` until the rule or the round ends."""
        told, columns = self._process.ask("loop", {"order": order}, model=self._model, **rule)
        is_ok = columns["ok"].astype(np.bool_)
        return Round(columns["issued"], columns["completed"], is_ok, bool(told["ended"]))


def _specs(told: Any) -> Iterator[TensorSpec]:
    for name, dtype, shape in told:
        yield TensorSpec(name, np.dtype(dtype).name, tuple(shape))
