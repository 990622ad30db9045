"""The oracle of timing: predictions that take exactly the time they were told to take."""

from __future__ import annotations

import importlib.metadata
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, final

import numpy as np
from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from dlscope.backends.base import Backend, Options, Predictor, Tensors, TensorSpec
from dlscope.backends.onnx_signature import read_model, signature
from dlscope.core.errors import BackendError
from dlscope.tracing.clock import Clock, MonotonicClock

_DurationNs = Annotated[int, Field(ge=0)]


def _several(value: Any) -> Any:
    if isinstance(value, list | tuple) and not value:
        raise PydanticCustomError("empty", "at least one duration")
    return (value,) if isinstance(value, int) else value


@final
class MockOptions(Options):
    """`delay_ns` is one duration, or several taken in turn; every output element is `value`.

    Each `fail_every`-th prediction fails; 0 means that none does. `item_bytes` is how much memory
    a prediction fills and lets go of for each item of its batch.
    """

    delay_ns: Annotated[tuple[_DurationNs, ...], BeforeValidator(_several)] = (0,)
    load_delay_ns: _DurationNs = 0
    fail_every: int = Field(default=0, ge=0)
    value: float = 0.0
    item_bytes: int = Field(default=0, ge=0)


@final
class MockPredictor(Predictor):
    """Constant outputs after the given delays, in turn, on the given clock.

    On a `VirtualClock` a prediction moves the clock and takes no time. The first axis of an
    output, where free, is that of the first input; so is every other free axis the input also
    has free; what is still free has size 1.
    """

    def __init__(
        self,
        inputs: tuple[TensorSpec, ...],
        outputs: tuple[TensorSpec, ...],
        delays_ns: Sequence[int],
        clock: Clock,
        *,
        fail_every: int = 0,
        value: float = 0.0,
        item_bytes: int = 0,
    ) -> None:
        self.inputs = inputs
        self.outputs = outputs
        self._delays_ns = itertools.cycle(delays_ns)
        self._clock = clock
        self._fail_every = fail_every
        self._value = value
        self._item_bytes = item_bytes
        self._predictions = 0
        self._shapes: dict[tuple[int, ...], list[tuple[int, ...]]] = {}

    def report(self) -> dict[str, str | int | float | bool]:
        """Says that nothing is computed."""
        return {"precision": "none", "device": "none", "computes": False}

    def _predict(self, feeds: Tensors) -> Tensors:
        delay_ns = next(self._delays_ns)
        due_ns = self._clock.now_ns() + delay_ns if delay_ns else 0
        self._predictions += 1
        shape = feeds[self.inputs[0].name].shape if self.inputs else ()
        outputs = self._outputs(shape)
        if self._item_bytes:
            # Filled, since memory that is only asked for is not given by the system yet; held
            # through the delay.
            _filled = np.ones((shape[0] if shape else 1) * self._item_bytes, dtype=np.uint8)
        if delay_ns:
            self._clock.sleep_until(due_ns)
        if self._fail_every and self._predictions % self._fail_every == 0:
            raise BackendError(
                f"the mock failed prediction {self._predictions}, as it was told to",
                where="MockPredictor",
                fix=f"set fail_every to 0 (it is {self._fail_every})",
            )
        return outputs

    def _outputs(self, fed: tuple[int, ...]) -> Tensors:
        if fed not in self._shapes:
            self._shapes[fed] = [self._shape(spec, fed) for spec in self.outputs]
        # Zeros come from the operating system as they are, any other value has to be written.
        return {
            spec.name: np.full(shape, self._value, spec.numpy_dtype)
            if self._value
            else np.zeros(shape, spec.numpy_dtype)
            for spec, shape in zip(self.outputs, self._shapes[fed], strict=True)
        }

    def _shape(self, spec: TensorSpec, fed: tuple[int, ...]) -> tuple[int, ...]:
        declared = self.inputs[0].shape if self.inputs else ()
        free = {axis: size for axis, size in enumerate(fed) if axis == 0 or declared[axis] is None}
        return tuple(
            free.get(axis, 1) if size is None else size for axis, size in enumerate(spec.shape)
        )


@final
class MockBackend(Backend):
    """No framework at all: reads the signature of an ONNX model and computes nothing of it."""

    name = "mock"
    options = MockOptions

    @classmethod
    def version(cls) -> str:
        """Version of dlscope, whose part it is."""
        return importlib.metadata.version("dlscope")

    def _open(self, model: Path, options: MockOptions) -> Predictor:
        clock = MonotonicClock()
        due_ns = clock.now_ns() + options.load_delay_ns
        inputs, outputs = signature(read_model(model), model)
        clock.sleep_until(due_ns)
        return MockPredictor(
            inputs,
            outputs,
            options.delay_ns,
            clock,
            fail_every=options.fail_every,
            value=options.value,
            item_bytes=options.item_bytes,
        )
