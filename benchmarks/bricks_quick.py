"""How much less does it take to know the latencies of a family, all counted, if bricks are timed?

On one side `dlscope bricks run --quick`: three fresh processes that open bricks and time them until
every model is known to 1 %, the database, composition and report. On the other side three fresh
processes that open whole models one after the other from their files, in the graph that ONNX
Runtime executes, and time each until it is known to 1 % by the same rule. Counted is the CPU time
of all processes from start to end; making the suite, as making the files, is done once and anywhere
and is not counted. Both sides take turns. What is composed on one side is compared with what is
measured on the other, so that speed-up and accuracy are those of the same runs.

`development` does so for other variants, on which the rule was chosen. Both write their tables,
with the fingerprint of the machine, to `benchmarks/results/`.

    python benchmarks/bricks_quick.py families
    python benchmarks/bricks_quick.py development
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bricks import FAMILIES

from dlscope import api
from dlscope.methods.bricks.protocol import QUICK_MIN_ROUNDS
from dlscope.stacks.fingerprint import environment

RESULTS = Path(__file__).parent / "results"
PROCESSES = 3
DEVELOPMENT = (
    *("efficientnet-lite0", "efficientnet-lite1", "efficientnet-lite2"),
    *("squeezenet1_0", "squeezenet1_1", "resnext50", "regnetx_400mf", "regnety_400mf"),
    *("mobilenet_v3_large", "mnasnet", "inception_v3", "alexnet", "unet"),
)
"""Depths and widths of other families, small and large; none of them is reported."""


PARTS = {"families": FAMILIES, "development": DEVELOPMENT}


def counted(work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """What `work` gives, and what it took: CPU time in all and of its processes, and wall time."""
    begun, wall = _cpu_s(), time.perf_counter()
    found = work()
    here, processes = (after - before for before, after in zip(begun, _cpu_s(), strict=True))
    taken = {"cpu_s": here + processes, "processes_cpu_s": processes}
    return found, {**taken, "wall_s": time.perf_counter() - wall}


def _cpu_s() -> tuple[float, float]:
    """Of this process, and of those that it started and that have ended."""
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    here, processes = (each.ru_utime + each.ru_stime for each in uses)
    return here, processes


def composed(suite: Any, folder: Path) -> dict[str, float]:
    """Latencies from bricks, timed here and now."""
    store = f"sqlite:///{folder}/{time.monotonic_ns()}.db"
    report = api.run_bricks(
        [suite], processes=PROCESSES, quick=True, whole_models=False, store=store
    )
    return {row["model"]: row["composed_ns"] for row in report.table("composition")}


def measured(paths: dict[str, str]) -> dict[str, Any]:
    """Latencies of whole models, the median of the processes, and how often each was run."""
    found = []
    for _ in range(PROCESSES):
        order = [sys.executable, __file__, "inside", json.dumps(paths)]
        done = subprocess.run(order, check=True, stdout=subprocess.PIPE, text=True)
        found.append(json.loads(done.stdout))
    return {
        "latencies": {
            name: statistics.median(each["latencies"][name] for each in found) for name in paths
        },
        "runs": [each["runs"] for each in found],
        "opening_s": [each["opening_s"] for each in found],
    }


def inside(paths: dict[str, str]) -> dict[str, Any]:
    """One process that opens whole models and times them, as anybody would with ONNX Runtime."""
    import numpy as np
    import onnxruntime

    from dlscope.methods.bricks.settling import is_known

    onnxruntime.set_default_logger_severity(4)
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    generator = np.random.default_rng(0)
    latencies, runs, opening_s = {}, {}, 0.0
    for name, path in paths.items():
        begun = time.process_time()
        session = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
        opening_s += time.process_time() - begun
        feeds = {
            each.name: generator.standard_normal(each.shape, dtype=np.float32)
            for each in session.get_inputs()
        }
        session.run(None, feeds)
        times: list[int] = []
        while len(times) < QUICK_MIN_ROUNDS or not is_known(np.array(times)):
            start = time.thread_time_ns()
            session.run(None, feeds)
            times.append(time.thread_time_ns() - start)
        latencies[name], runs[name] = float(np.median(times)), len(times)
        del session
    return {"latencies": latencies, "runs": runs, "opening_s": opening_s}


def turn(suite: Any, paths: dict[str, str], folder: Path) -> dict[str, Any]:
    """Both sides once."""
    latencies, bricks = counted(lambda: composed(suite, folder))
    whole, models = counted(lambda: measured(paths))
    ratios = {name: latencies[name] / whole["latencies"][name] for name in paths}
    worst = max(ratios, key=lambda name: abs(ratios[name] - 1))
    return {
        "speedup": models["cpu_s"] / bricks["cpu_s"],
        "speedup_of_processes": models["processes_cpu_s"] / bricks["processes_cpu_s"],
        "mape": statistics.mean(abs(each - 1) for each in ratios.values()),
        "worst": ratios[worst],
        "worst_model": worst,
        "bricks": bricks,
        "models": {**models, "runs": whole["runs"], "opening_s": whole["opening_s"]},
        "ratios": ratios,
    }


def main() -> None:
    """Measure what was asked for and write it down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=(*PARTS, "inside"))
    parser.add_argument("paths", nargs="?", help="of a process inside")
    parser.add_argument("--turns", type=int, default=3)
    asked = parser.parse_args()
    if asked.part == "inside":
        print(json.dumps(inside(json.loads(asked.paths))))
        return
    from dlscope.backends.model_graph import graph_of

    turns = []
    with tempfile.TemporaryDirectory() as folder:
        suite = api.generate_bricks(PARTS[asked.part])
        paths = {name: str(graph_of(name, "executed").path) for name in PARTS[asked.part]}
        for _ in range(asked.turns):
            turns.append(turn(suite, paths, Path(folder)))
            told = {name: each for name, each in turns[-1].items() if name != "ratios"}
            print(told, flush=True)
    write(asked.part, suite, turns)


def write(part: str, suite: Any, turns: list[dict[str, Any]]) -> None:
    """The turns, and the median and the standard deviation of what they found."""
    names = ("speedup", "speedup_of_processes", "mape")
    known = {name: [each[name] for each in turns] for name in names}
    found = {
        "machine": environment().to_json() | {"volatile": {}},
        "models": len(suite.models),
        "layers": suite.layers,
        "bricks": len(suite.bricks),
        "processes": PROCESSES,
        **{name: statistics.median(each) for name, each in known.items()},
        **{f"{name}_deviation": statistics.stdev(each) for name, each in known.items()},
        "turns": turns,
    }
    text = json.dumps(found, indent=1)
    (RESULTS / f"bricks-quick-{part}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
