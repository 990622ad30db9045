"""Latencies of networks on a GPU, by turns: as they are launched, and as the device takes them.

Launching a small network takes longer than computing it. So each is timed twice: from the call to
the end of the last kernel, and as a graph that was recorded once and is launched as a whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from dlscope.core.stats import bootstrap_interval, trimmed_mean

Call = Callable[[], Any]
_WARM = 3
_AT_ONCE = 10


def latencies(
    calls: Mapping[str, Call], place: str, *, rounds: int = 30, reference: str = ""
) -> dict[str, dict[str, Any]]:
    """Median times of each call in turns, and their ratio to those of `reference`, if given.

    A call that cannot be recorded says why, and is timed as it is launched alone.
    """
    rows: dict[str, dict[str, Any]] = {name: {} for name in calls}
    with torch.inference_mode():
        named: dict[str, dict[str, Call]] = {"launched": dict(calls)}
        if place == "cuda":
            named["recorded"] = {}
            for name, call in calls.items():
                try:
                    named["recorded"][name] = _recorded(call)
                except RuntimeError as error:
                    rows[name]["not_recorded"] = str(error).splitlines()[0]
        for kind, each in named.items():
            times = _in_turns(each, place, rounds)
            for name, taken in times.items():
                row = {"ms": float(np.median(taken)) / 1e6}
                if reference in times and name != reference:
                    ratios = taken / times[reference]
                    low, high = bootstrap_interval(ratios, trimmed_mean)
                    row |= {"ratio": float(trimmed_mean(np.sort(ratios))), "ci": [low, high]}
                rows[name][kind] = row
    return rows


def _in_turns(calls: Mapping[str, Call], place: str, rounds: int) -> dict[str, Any]:
    """Nanoseconds of a call, round by round; several in a row, waited for at the end."""
    for call in calls.values():
        for _ in range(_WARM):
            call()
    times: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(rounds):
        # Who goes first changes from round to round.
        for name in list(calls)[:: 1 if number % 2 else -1]:
            _wait(place)
            begun = time.perf_counter_ns()
            for _ in range(_AT_ONCE):
                calls[name]()
            _wait(place)
            times[name].append((time.perf_counter_ns() - begun) / _AT_ONCE)
    return {name: np.array(taken) for name, taken in times.items()}


def _recorded(call: Call) -> Call:
    """The kernels of a call as one graph, launched as a whole."""
    beside = torch.cuda.Stream()
    beside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(beside):
        for _ in range(_WARM):
            call()
    torch.cuda.current_stream().wait_stream(beside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        call()
    return lambda: graph.replay()


def _wait(place: str) -> None:
    if place == "cuda":
        torch.cuda.synchronize()


def least_overhead_ns(row: Mapping[str, Any]) -> float:
    """Nanoseconds of a row as the device takes them, or as they are launched where not recorded."""
    return 1e6 * float(row.get("recorded", row["launched"])["ms"])
