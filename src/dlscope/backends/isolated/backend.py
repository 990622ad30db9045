"""Frameworks in isolated stacks as backends: the model is opened and asked in another process."""

from __future__ import annotations

import importlib.metadata
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from dlscope.backends.base import Backend, Options, Predictor, Tensors, TensorSpec
from dlscope.backends.isolated.process import IsolatedProcess, Raised
from dlscope.backends.timed_loop import Crossing, Round, TimedLoop
from dlscope.core.errors import LoadError
from dlscope.core.trace import Level
from dlscope.tracing.tracer import Capability

_UNSEEN = tuple(
    Capability(
        level,
        "isolated stack",
        is_available=False,
        reason="what lies inside a prediction is not brought home from an isolated stack yet",
        fix="install the framework beside dlscope",
    )
    for level in (Level.LAYER, Level.LIBRARY, Level.KERNEL)
)


@final
class OnnxRuntimeOptions(Options):
    """As those of the backend `onnxruntime`."""

    inter_op_threads: int = Field(default=1, ge=1)
    graph_optimization: Literal["all", "extended", "basic", "disabled"] = "all"


@final
class OpenVinoOptions(Options):
    """As those of the backend `openvino`."""

    precision: Literal["f32", "bf16", "f16"] = "f32"


@final
class IsolatedPredictor(Predictor):
    """One model opened by the worker; how much of a prediction is the way there is counted."""

    def __init__(self, process: IsolatedProcess, told: Mapping[str, Any], version: str) -> None:
        self.inputs = tuple(_specs(told["inputs"]))
        self.outputs = tuple(_specs(told["outputs"]))
        self._process, self._crossing = process, Crossing()
        self.loop = IsolatedLoop(process, self._crossing)
        self._report = {**told["report"], "isolated": True, "reported_version": version}

    def report(self) -> Mapping[str, str | int | float | bool]:
        """What the framework says over there."""
        return self._report

    def _predict(self, feeds: Tensors) -> Tensors:
        began = time.perf_counter_ns()
        told, outputs = self._process.ask("predict", feeds)
        self._crossing.whole_ns += time.perf_counter_ns() - began
        self._crossing.inside_ns += told["duration_ns"]
        return outputs

    def _close(self) -> None:
        self._process.ask("close")


@final
class IsolatedLoop(TimedLoop):
    """Closed loops that the worker times by itself."""

    def __init__(self, process: IsolatedProcess, crossing: Crossing) -> None:
        self.pid, self.crossing = process.pid, crossing
        self._process = process

    def keep(self, query: int, feeds: Tensors) -> None:
        """Send the tensors of one more prediction of `query`, to stay there."""
        self._process.ask("keep", feeds, query=query)

    def forget(self) -> None:
        """Let go of all that was kept."""
        self._process.ask("forget")

    def round(self, order: NDArray[np.int32], rule: Mapping[str, int | None]) -> Round:
        """Queries of `order` until the rule or the round ends."""
        told, columns = self._process.ask("loop", {"order": order}, **rule)
        is_ok = columns["ok"].astype(np.bool_)
        return Round(columns["issued"], columns["completed"], is_ok, bool(told["ended"]))


class IsolatedBackend(Backend):
    """A framework in the stack whose interpreter is `python`; its worker is started at once.

    `module` is what is imported over there. One that is `heavy` is reached so by default where it
    is not installed beside dlscope.
    """

    module: ClassVar[str]
    heavy: ClassVar[bool] = False

    @final
    def __init__(self, python: Path) -> None:
        self.process = IsolatedProcess(python)
        self._reported = ""

    @final
    @classmethod
    def version(cls) -> str:
        """Version of dlscope, whose worker it is; that of the framework only the worker knows."""
        return importlib.metadata.version("dlscope")

    @final
    @classmethod
    def capabilities(cls) -> tuple[Capability, ...]:
        """What cannot be seen, and why."""
        return _UNSEEN

    @final
    def import_framework(self) -> None:
        """Have the framework imported. Raises `LoadError` where it cannot be."""
        try:
            told, _ = self.process.ask("import", framework=self.name, module=self.module)
            self._reported = told["version"]
        except Raised as error:
            raise LoadError(
                f"{self.name} cannot be imported: {error}",
                where="isolated stack",
                fix="remove the stack with `dlscope stack rm` and create it again",
            ) from error

    @final
    def close(self) -> None:
        """End the worker."""
        self.process.close()

    @final
    def _open(self, model: Path, options: Options) -> Predictor:
        told, _ = self.process.ask("open", path=str(model.resolve()), options=options.to_json())
        return IsolatedPredictor(self.process, told, self._reported)


@final
class IsolatedOnnxRuntime(IsolatedBackend):
    """ONNX Runtime on the CPU, of any version that opens the model."""

    name = "onnxruntime"
    module = "onnxruntime"
    options = OnnxRuntimeOptions


@final
class IsolatedOpenVino(IsolatedBackend):
    """OpenVINO on the CPU."""

    name = "openvino"
    module = "openvino"
    options = OpenVinoOptions


ISOLATED: Mapping[str, type[IsolatedBackend]] = {
    backend.name: backend for backend in (IsolatedOnnxRuntime, IsolatedOpenVino)
}
"""The frameworks that the worker knows, by the name of their backend."""


def _specs(told: Any) -> Iterator[TensorSpec]:
    for name, dtype, shape in told:
        yield TensorSpec(name, np.dtype(dtype).name, tuple(shape))
