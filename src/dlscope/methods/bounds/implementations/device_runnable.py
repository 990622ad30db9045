"""`DeviceRunnable`: a layer on a GPU that can be launched without waiting for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, final

from numpy.typing import NDArray
from onnx import numpy_helper

from dlscope.graph.body import value_name
from dlscope.graph.brick import Brick
from dlscope.graph.brick_model import brick_feeds, brick_model
from dlscope.methods.bounds.implementation import (
    CHANNELS_LAST,
    NULL,
    PLAIN,
    TF32,
    Configuration,
    Runnable,
    Unsupported,
    declared_dtype,
)
from dlscope.methods.bounds.implementations.cuda import Cuda, CudaSettings, Tensor

GPU = "gpu"
TENSOR_CORE = "tensor_core"
_IMAGE_AXES = 4
_BRAIN_FLOATS = (8, 0)
"""The first compute capability that has bfloat16 and TF32."""


@final
class DeviceRunnable(Runnable):
    """What `launch` puts into the queue of the GPU; it gives the tensors that it will fill."""

    def __init__(
        self,
        cuda: Cuda,
        launch: Callable[[], Sequence[Tensor]],
        *,
        settings: CudaSettings | None = None,
        workspace_bytes: int | None = None,
        notes: Mapping[str, str] | None = None,
    ) -> None:
        self.cuda = cuda
        self.workspace_bytes = workspace_bytes
        self.notes = dict(notes or {})
        self._launch: Callable[[], Sequence[Tensor]] | None = launch
        self._settings = settings or CudaSettings()
        self._results: Sequence[Tensor] = ()

    def launch(self) -> None:
        """Put the work into the queue and return."""
        assert self._launch is not None
        self.cuda.apply(self._settings)
        self._results = self._launch()

    def run(self) -> None:
        """Launch, and wait until it is done."""
        self.launch()
        self.cuda.synchronize()

    def outputs(self) -> Sequence[NDArray[Any]]:
        """The results, brought to this side."""
        return [self.cuda.array(each) for each in self._results]

    def close(self) -> None:
        """Let the memory on the device go."""
        self._launch = None
        self._results = ()


def null_runnable(cuda: Cuda) -> DeviceRunnable:
    """One element, copied: the least that a GPU can be asked for."""
    (feed,) = brick_feeds(NULL).values()
    tensor = cuda.tensor(feed, "float32", PLAIN)
    return DeviceRunnable(cuda, lambda: [cuda.copied(tensor)])


def arrays_of(brick: Brick) -> dict[int, NDArray[Any]]:
    """What is fed to a brick, and its weights, by their places."""
    weights = {each.name: each for each in brick_model(brick).graph.initializer}
    feeds = brick_feeds(brick)
    return {
        **{place: feeds[value_name(place)] for place in brick.inputs},
        **{place: numpy_helper.to_array(weights[value_name(place)]) for place in brick.constants},
    }


def follows(brick: Brick) -> bool:
    """Whether each layer takes, first of all, what the one before it gives, and only that."""
    chained = all(one.outputs == other.inputs[:1] for one, other in pairwise(brick.layers))
    return chained and brick.outputs == brick.layers[-1].outputs


def device_dtypes(brick: Brick) -> tuple[str, ...]:
    """The types to try: a brick of float32 numbers also with halves of them."""
    declared = declared_dtype(brick)
    has_floats = any(not tensor.is_discrete for tensor in brick.tensors)
    if declared == "float32" and has_floats:
        return ("float32", "float16", "bfloat16")
    return (declared,)


def device_layouts(brick: Brick) -> tuple[str, ...]:
    """Plain, and the channels last where an image goes in or comes out."""
    places = (*brick.inputs, *brick.outputs)
    has_image = any(len(brick.tensors[place].shape) == _IMAGE_AXES for place in places)
    return (PLAIN, CHANNELS_LAST) if has_image else (PLAIN,)


def on_device(cuda: Cuda, wanted: Configuration) -> Configuration | Unsupported:
    """The way itself, or why this GPU does not have it."""
    needs = wanted.dtype if wanted.dtype == "bfloat16" else wanted.math
    if needs in ("bfloat16", TF32) and (found := cuda.capability()) < _BRAIN_FLOATS:
        first, this = (".".join(map(str, each)) for each in (_BRAIN_FLOATS, found))
        return Unsupported(f"{needs} needs compute capability {first}, this GPU has {this}", wanted)
    return wanted
