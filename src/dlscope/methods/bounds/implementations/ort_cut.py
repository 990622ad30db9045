"""`CutRunnable`: the middle of a graph, timed on what its beginning made of the brick's inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, final

import onnx
from numpy.typing import NDArray

from dlscope.methods.bounds.implementation import Runnable
from dlscope.methods.bounds.implementations.edge_cut import Arrays, CutGraph
from dlscope.methods.bounds.implementations.ort_session import (
    UNCHANGED,
    OrtRunnable,
    kernels,
    session_of,
)

Convert = Callable[[Sequence[NDArray[Any]]], Sequence[NDArray[Any]]]


@final
class CutRunnable(Runnable):
    """Runs the core of a cut graph; before it and after it are run untimed.

    `names` are outputs of the whole graph, `converted` makes the brick's of them.
    """

    def __init__(
        self,
        cut: CutGraph,
        feeds: Arrays,
        names: Sequence[str],
        threads: int,
        converted: Convert = list,
    ) -> None:
        self._cut, self._names, self._converted = cut, tuple(names), converted
        given = {**feeds, **_ran(cut, cut.before, feeds, _made(cut.before))}
        inputs = {name: given[name] for name in cut.inputs}
        self._passed = {name: given[name] for name in names if name in given}
        model = cut.part(cut.core, inputs, cut.outputs)
        session = session_of(model, UNCHANGED, threads=threads)
        self._core = OrtRunnable(session, inputs, cut.outputs)
        self.notes = kernels(cut.core)

    def run(self) -> None:
        """The core alone."""
        self._core.run()

    def outputs(self) -> Sequence[NDArray[Any]]:
        """What the end of the graph makes of the core's outputs."""
        arrays = dict(zip(self._cut.outputs, self._core.outputs(), strict=True))
        wanted = [name for name in self._names if name not in arrays]
        taken = {name for node in self._cut.after for name in node.input}
        inputs = {name: array for name, array in arrays.items() if name in taken}
        arrays |= _ran(self._cut, self._cut.after, inputs, wanted)
        return self._converted([arrays[name] for name in self._names])

    def close(self) -> None:
        """Let the session go."""
        self._core.close()


def _ran(
    cut: CutGraph, nodes: Sequence[onnx.NodeProto], feeds: Arrays, outputs: Sequence[str]
) -> dict[str, NDArray[Any]]:
    """The `outputs` of some nodes of a graph."""
    if not nodes or not outputs:
        return {}
    taken = {name for node in nodes for name in node.input}
    inputs = {name: array for name, array in feeds.items() if name in taken}
    session = session_of(cut.part(nodes, inputs, outputs), UNCHANGED)
    return dict(zip(outputs, session.run(list(outputs), inputs), strict=True))


def _made(nodes: Sequence[onnx.NodeProto]) -> list[str]:
    return [name for node in nodes for name in node.output]
