"""The tracers of the PyTorch backend, from its layers to the kernels they run."""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import fx

from dlscope.backends.captured_output import CapturedOutput
from dlscope.backends.hardware_counters import counter_capability
from dlscope.backends.perf_sampling import PerfTracer, perf_capability
from dlscope.backends.torch_kineto import KinetoTracer
from dlscope.backends.torch_layers import LayerClock, LayerTracer
from dlscope.backends.torch_libraries import LibraryTracer
from dlscope.core.trace import Level
from dlscope.tracing.tracer import Capability, Tracer

_NOTHING_WRITTEN = Capability(
    Level.LIBRARY,
    LibraryTracer.name,
    is_available=False,
    reason="this build of PyTorch has neither oneDNN nor MKL",
    fix="install a build of PyTorch for x86-64",
)


def traced(
    module: fx.GraphModule, levels: Collection[Level], device: torch.device
) -> tuple[LayerClock, tuple[Tracer, ...]]:
    """A copy of `module` that is timed, and tracers of what it does on `levels`."""
    output = CapturedOutput()
    on_gpu = device.type == "cuda"
    written = () if on_gpu else _written(levels)
    clock = LayerClock(
        module,
        mark=output.position if written else None,
        wait=torch.cuda.synchronize if on_gpu else None,
    )
    tracers: list[Tracer] = []
    if Level.LAYER in levels:
        tracers.append(LayerTracer(clock))
    if written:
        tracers.append(LibraryTracer(clock, output, written))
    if on_gpu and not {Level.LIBRARY, Level.KERNEL}.isdisjoint(levels):
        tracers.append(KinetoTracer(set(levels) - {Level.LAYER}))
    if Level.KERNEL in levels and not on_gpu and perf_capability().is_available:
        tracers.append(PerfTracer())
    return clock, tuple(tracers)


def capabilities() -> tuple[Capability, ...]:
    """What can be seen of PyTorch on this processor."""
    is_written = torch.backends.mkldnn.is_available() or torch.backends.mkl.is_available()
    perf = perf_capability()
    # Without perf the library still names the kernel of each of its primitives.
    kernels = Capability(Level.KERNEL, LibraryTracer.name) if is_written else perf
    return (
        Capability(Level.LAYER, LayerTracer.name),
        Capability(Level.LIBRARY, LibraryTracer.name) if is_written else _NOTHING_WRITTEN,
        perf if perf.is_available else kernels,
        counter_capability(),
    )


def _written(levels: Collection[Level]) -> frozenset[Level]:
    """The levels that what the libraries write is to give."""
    wanted = frozenset(levels) & {Level.LIBRARY}
    if Level.KERNEL in levels and not perf_capability().is_available:
        wanted |= {Level.KERNEL}
    return wanted
