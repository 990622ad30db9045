"""Reading a profile of PyTorch's profiler and summing it by operator, as several tools do it.

    python benchmarks/trace_readers.py [--steps 300] [--rounds 3]

The profile is a real one, recorded here: a network of 80 small layers, so that there are many
events. Each tool is a process of its own that reads the same file, in turns; CPU time is that of
reading and of summing, with what its own processes take, and memory is the most it ever held. All
must find the same operators as often, and sums that differ by no more than the rounding to
whole µs that one of them does, or the script fails. What is not installed is named; `make
peers` makes an environment that has all.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from overhead import Rows, tell

from dlscope.stacks.system import system

OPERATORS = "cpu_op"

Sums = Mapping[str, tuple[int, float]]
"""How often an operator was executed, and µs of all its executions, by its name."""


def main() -> None:
    """Record, let each tool read, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--alone", nargs=2, metavar=("TOOL", "FILE"), help=argparse.SUPPRESS)
    parser.add_argument("--record", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.alone:
        tool, path = asked.alone
        print(json.dumps(cost(TOOLS[tool][1], path)))
        return
    if asked.record:
        record(asked.record, asked.steps)
        return
    if importlib.util.find_spec("torch") is None:
        print("skipped: torch is not installed")
        return
    cpu = system().cpu
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "profile.json"
        # In a process of its own: what this one ever held would count as what readers hold.
        command = [sys.executable, __file__, "--record", str(path), "--steps", str(asked.steps)]
        subprocess.run(command, check=True, capture_output=True)
        size = path.stat().st_size / 2**20
        print(f"{size:.0f} MiB of events: {cpu.model}, {cpu.effective_cores} cores")
        by_turns(str(path), asked.rounds)


def by_turns(path: str, rounds: int) -> None:
    """Every installed tool in every round."""
    installed = [name for name, (module, _) in TOOLS.items() if importlib.util.find_spec(module)]
    rows: Rows = {name: [] for name in installed}
    sums: dict[str, Sums] = {}
    for _ in range(rounds):
        for name in installed:
            command = [sys.executable, __file__, "--alone", name, path]
            told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            row = json.loads(told.splitlines()[-1])
            sums[name] = row.pop("sums")
            rows[name].append(row)
    first, *others = sums.items()
    for name, found in others:
        require_equal(first, (name, found))
    tell(rows, {"cpu_s": "CPU s", "wall_s": "wall s", "mib": "MiB at most"})
    for name in TOOLS.keys() - set(installed):
        print(f"{name} skipped: it is not installed (make peers)")


def record(path: Path, steps: int) -> None:
    """A profile of `steps` predictions of a network of small layers."""
    import torch
    from torch.profiler import ProfilerActivity, profile

    torch.set_num_threads(1)
    layer = (torch.nn.Conv2d(16, 16, 3, padding=1), torch.nn.BatchNorm2d(16), torch.nn.ReLU())
    network = torch.nn.Sequential(*(each for _ in range(26) for each in layer)).eval()
    x_nchw = torch.zeros(1, 16, 16, 16)
    with torch.no_grad(), profile(activities=[ProfilerActivity.CPU], record_shapes=True) as seen:
        for _ in range(steps):
            network(x_nchw)
            seen.step()
    seen.export_chrome_trace(str(path))


def cost(read: Callable[[str], Sums], path: str) -> dict[str, Any]:
    """What reading and summing took in this process and in those that it started."""
    begun, cpu = time.perf_counter(), _cpu_s()
    with contextlib.redirect_stdout(io.StringIO()):
        sums = read(path)
    wall_s, cpu_s = time.perf_counter() - begun, _cpu_s() - cpu
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"cpu_s": cpu_s, "wall_s": wall_s, "mib": most, "sums": dict(sums)}


def by_dlscope(path: str) -> Sums:
    """The reader behind `dlscope trace show` and every profile of PyTorch."""
    import numpy as np

    from dlscope.core.trace import Level
    from dlscope.tracing.sources.kineto import read_kineto

    trace = read_kineto(Path(path)).trace
    rows = trace["level"] == Level.LAYER
    names, taken_ns = trace["name"][rows], (trace["end_ns"] - trace["start_ns"])[rows]
    counts, sums = np.bincount(names), np.bincount(names, weights=taken_ns) / 1e3
    found = np.unique(names)
    return {trace.texts[each]: (int(counts[each]), float(sums[each])) for each in found}


def by_pandas(path: str) -> Sums:
    """What a script does."""
    import pandas

    with Path(path).open(encoding="utf-8") as file:
        events = [each for each in json.load(file)["traceEvents"] if each.get("ph") == "X"]
    frame = pandas.json_normalize(events)
    return summed(frame[frame["cat"] == OPERATORS])


def by_holistic_trace_analysis(path: str) -> Sums:
    """Its own reader, and a sum over the frame that it hands out."""
    from hta.trace_analysis import TraceAnalysis

    trace = TraceAnalysis(trace_files={0: path}).t
    frame, names = trace.get_trace(0), trace.symbol_table.get_sym_table()
    operators = frame[frame["cat"] == names.index(OPERATORS)]
    return {names[place]: found for place, found in summed(operators).items()}


def summed(operators: Any) -> dict[Any, tuple[int, float]]:
    """Count and sum of a data frame's durations by name."""
    found = operators.groupby("name")["dur"].agg(["count", "sum"])
    return {name: (int(row["count"]), float(row["sum"])) for name, row in found.iterrows()}


TOOLS: Mapping[str, tuple[str, Callable[[str], Sums]]] = {
    "dlscope": ("dlscope", by_dlscope),
    "pandas": ("pandas", by_pandas),
    "HolisticTraceAnalysis": ("hta", by_holistic_trace_analysis),
}
"""Module that must be there, and how it reads."""


def require_equal(first: tuple[str, Sums], other: tuple[str, Sums]) -> None:
    """End where two tools found other operators, or sums that whole µs do not explain."""
    told, worst = "the same sums", 0.01
    for name in first[1].keys() | other[1].keys():
        (count, taken), (times, same) = (each[1].get(name, (0, 0.0)) for each in (first, other))
        if count != times or abs(taken - same) > 2 * count:
            raise SystemExit(f"{name}: {first[0]} {count} × {taken}, {other[0]} {times} × {same}")
        if abs(1 - same / taken) > worst:
            worst = abs(1 - same / taken)
            told = f"whole µs: at worst {same:.0f} µs for {taken:.0f} µs, {count} times {name}"
    print(f"{other[0]} finds the same operators, {told}")


def _cpu_s() -> float:
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    used = [resource.getrusage(each) for each in whose]
    return sum(each.ru_utime + each.ru_stime for each in used)


if __name__ == "__main__":
    main()
