"""Frameworks in isolated stacks as backends: the model is opened and asked in another process."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, final

from pydantic import Field

from dlscope.backends.base import Backend, Options, Predictor
from dlscope.backends.isolated.layers import VERSION, write_layers
from dlscope.backends.isolated.predictor import IsolatedPredictor
from dlscope.backends.isolated.process import IsolatedProcess, Raised
from dlscope.backends.isolated.remote_tracer import RemoteTracer
from dlscope.backends.onnxruntime_profile import ProfileTracer
from dlscope.core.errors import LoadError
from dlscope.core.trace import Level
from dlscope.tracing.tracer import Capability, Tracer

_UNSEEN = tuple(
    Capability(
        level,
        "isolated stack",
        is_available=False,
        reason="what lies inside a prediction is not brought home from this stack yet",
        fix="install the framework beside dlscope",
    )
    for level in (Level.LAYER, Level.LIBRARY, Level.KERNEL)
)
_PROFILED = (
    *(Capability(level, ProfileTracer.name) for level in ProfileTracer.levels),
    *(each for each in _UNSEEN if each.level not in ProfileTracer.levels),
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
    batch_size: int = Field(default=0, ge=0)


class IsolatedBackend(Backend):
    """A framework in the stack whose interpreter is `python`; its worker is started at once.

    `module` is what is imported over there. One that is `heavy` is reached so by default where it
    is not installed beside dlscope. One that `narrows` holds int64 as int32. `inside` is what can
    be seen below a prediction, and what cannot.
    """

    module: ClassVar[str]
    heavy: ClassVar[bool] = False
    narrows: ClassVar[bool] = False
    inside: ClassVar[tuple[Capability, ...]] = _UNSEEN

    @final
    def __init__(self, python: Path, threads: int = 1) -> None:
        self.process = IsolatedProcess(python, threads)
        self._reported = ""

    @final
    @classmethod
    def version(cls) -> str:
        """Version of dlscope, whose worker it is; that of the framework only the worker knows."""
        return importlib.metadata.version("dlscope")

    @final
    @classmethod
    def capabilities(cls) -> tuple[Capability, ...]:
        """What can be seen below a prediction, and what cannot, with the reason."""
        return cls.inside

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
        return self._opened(model, options.to_json())

    @final
    def _opened(self, model: Path, options: Mapping[str, Any]) -> IsolatedPredictor:
        told, _ = self.process.ask("open", path=str(model.resolve()), options=options)
        wide = self.name if self.narrows else ""
        return IsolatedPredictor(self.process, told, wide, self._reported)


@final
class IsolatedOnnxRuntime(IsolatedBackend):
    """ONNX Runtime on the CPU, of any version that opens the model."""

    name = "onnxruntime"
    module = "onnxruntime"
    options = OnnxRuntimeOptions
    levels = ("MODEL", "LAYER", "KERNEL")
    inside = _PROFILED

    def _open_traced(
        self, model: Path, options: Options, levels: Collection[Level]
    ) -> tuple[Predictor, tuple[Tracer, ...]]:
        if not set(ProfileTracer.levels) & set(levels):
            return self._open(model, options), ()
        tracer = RemoteTracer(levels)
        predictor = self._opened(model, {**options.to_json(), "profile": tracer.prefix})
        tracer.follow(self.process, predictor.model)
        return predictor, (tracer,)


@final
class IsolatedOpenVino(IsolatedBackend):
    """OpenVINO on the CPU."""

    name = "openvino"
    module = "openvino"
    options = OpenVinoOptions
    narrows = True


class LayeredBackend(IsolatedBackend):
    """A framework that is given dlscope's own layers, since it opens no ONNX itself."""

    converts = True
    converter = VERSION
    heavy = True

    @final
    def _convert(self, model: Path, options: Options, folder: Path) -> None:  # noqa: ARG002
        write_layers(model, folder)


@final
class IsolatedMxNet(LayeredBackend):
    """Apache MXNet on the CPU: a symbol."""

    name = "mxnet"
    module = "mxnet"


@final
class IsolatedJax(LayeredBackend):
    """JAX on the CPU: one compiled function."""

    name = "jax"
    module = "jax"


@final
class IsolatedTensorFlow(LayeredBackend):
    """TensorFlow, 1 or 2, on the CPU: a graph in a session."""

    name = "tensorflow"
    module = "tensorflow"


@final
class IsolatedTorch(LayeredBackend):
    """PyTorch on the CPU: the layers called one after another, as a module would."""

    name = "torch"
    module = "torch"
    heavy = False


ISOLATED: Mapping[str, type[IsolatedBackend]] = {
    backend.name: backend
    for backend in (
        IsolatedOnnxRuntime,
        IsolatedOpenVino,
        IsolatedMxNet,
        IsolatedJax,
        IsolatedTensorFlow,
        IsolatedTorch,
    )
}
"""The frameworks that the worker knows, by the name of their backend."""
