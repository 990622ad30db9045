"""`python -m dlscope.methods.bounds.end_to_end_child`: one model in one setup, timed when asked.

The order is a line of JSON on standard input; then each line asks for one turn. Answers are lines
on what was standard output; what a framework prints goes to the log.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, final

from dlscope.agents.channel import told_to_parent
from dlscope.backends.base import Backend
from dlscope.core import registry
from dlscope.core.errors import DlscopeError
from dlscope.graph.brick import Brick
from dlscope.graph.brick_model import brick_feeds
from dlscope.graph.ir import Graph
from dlscope.graph.read import read_graph
from dlscope.graph.segment import Segment
from dlscope.methods.bounds.clocks import Clock, Clocks, taken_ns
from dlscope.methods.bounds.pieces import Arrays, Pieces
from dlscope.methods.bounds.setups import Setup

Predict = Callable[[], Any]

_TURN_NS = 20_000_000
_MOST_CALLS = 200
_WARM_CALLS = 3


def main() -> None:
    """Open what is ordered, then time a turn for every line."""
    tell = told_to_parent()
    try:
        opened = OpenedSetup(json.loads(sys.stdin.readline()))
        tell({"version": opened.version})
        with closing(opened):
            for _ in sys.stdin:
                tell(opened.turn())
    except DlscopeError as error:
        tell({"failed": error.what})


@final
class OpenedSetup:
    """A model in one setup, warmed up; `close` gives it back."""

    def __init__(self, order: Mapping[str, Any]) -> None:
        setup = Setup.from_json(order["setup"])
        names = dict.fromkeys([setup.backend, *setup.elsewhere.values()])
        backends: dict[str, Backend] = {name: registry.load("backends", name)() for name in names}
        self.version = "+".join(backend.version() for backend in backends.values())
        opened = _opened(Path(order["graph"]), setup, backends, int(order["threads"]))
        self._predict, self.close = opened
        self._calls = calls_of(self._predict)
        self._clocks = clocks_for(setup)

    def turn(self) -> dict[str, int]:
        """Mean time of some calls after one that is not timed, and what waiting for a core took."""
        self._predict()
        waited, begin = self._clocks.waited(), self._clocks.begin()
        for _ in range(self._calls):
            self._predict()
        end = self._clocks.end()
        return {
            "sample_ns": round(taken_ns(begin, end) / self._calls),
            "waited_ns": round((self._clocks.waited() - waited) / self._calls),
        }


def clocks_for(setup: Setup) -> Clocks:
    """Those of this process; the wall alone for a device that this process sleeps to wait for."""
    is_here = setup.option("device") in (None, "cpu")
    return Clocks() if is_here else Clocks(cpu=time.perf_counter_ns)


def calls_of(run: Predict, clock: Clock = time.perf_counter_ns) -> int:
    """How many calls make a turn of `run`, which is warmed up by then."""
    for _ in range(_WARM_CALLS):
        run()
    begin = clock()
    run()
    return min(max(1, math.ceil(_TURN_NS / max(clock() - begin, 1))), _MOST_CALLS)


def _opened(
    path: Path, setup: Setup, backends: Mapping[str, Backend], threads: int
) -> tuple[Predict, Callable[[], None]]:
    """What predicts, and what gives it back."""
    graph = read_graph(path)
    feeds = feeds_of(graph)
    # Backends that only compute some layers come as they are.
    options = {name: {"threads": threads} for name in backends}
    options[setup.backend] = {"threads": threads, **setup.options}
    if setup.elsewhere:
        pieces = Pieces(graph, setup, lambda name, file: backends[name].open(file, options[name]))
        return lambda: pieces.predict(feeds), pieces.close
    predictor = backends[setup.backend].open(path, options[setup.backend])
    return lambda: predictor.predict(feeds), predictor.close


def feeds_of(graph: Graph) -> Arrays:
    """Inputs for the model by the names in its graph."""
    whole = Segment(graph, graph.layers)
    names = [tensor.name for tensor in whole.inputs]
    return dict(zip(names, brick_feeds(Brick.of(whole)).values(), strict=True))


if __name__ == "__main__":
    main()
