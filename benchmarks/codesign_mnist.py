"""A real co-design search on handwritten digits, for the processor at hand.

`search` makes the table of the processor, searches `mnist_cpu` within a budget of time, emits the
chosen network as ONNX and measures it beside networks whose time is in the table: predicted
against measured. An impossible target is asked for, too. `baselines` does so for several seeds,
beside a search in two steps and beside designs drawn at random, each with as many training steps,
and compares the areas that what they trained dominates in error and time. Both write their
tables, with the fingerprint of the machine, to `benchmarks/results/`.

    python benchmarks/codesign_mnist.py search --budget 10m
    python benchmarks/codesign_mnist.py baselines --epochs 3 --seeds 5
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from dlscope import api
from dlscope.core.stats import sign_flip_test
from dlscope.stacks.fingerprint import environment

RESULTS = Path(__file__).parent / "results"
SPACE, DEVICE, DATA = "mnist_cpu", "local:cpu", "mnist-5k"
LOCAL = ("table", "foreign_table", "store", "parts")
METHODS = ("search", "two_step", "random")
ANCHORS = 8
"""Networks of random weights that are timed beside the chosen one."""
T_975 = (math.nan, 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)
"""Quantiles of Student's t by degrees of freedom, of intervals of 95 %."""

Point = tuple[float, float]


def told(started: float) -> Any:
    """Prints what is being done, and since when."""

    def tell(step: str, share: float) -> None:
        print(f"{time.monotonic() - started:7.1f} s  {share:4.0%}  {step}", flush=True)

    return tell


def searched(arguments: argparse.Namespace, seed: int, **options: Any) -> Any:
    """A search with the budget that was asked for, in seconds or in epochs."""
    started = time.monotonic()
    run = api.search(
        SPACE,
        DEVICE,
        DATA,
        budget=arguments.budget,
        epochs=arguments.epochs,
        seed=seed,
        table=arguments.table,
        foreign_table=arguments.foreign_table,
        store=arguments.store,
        told=told(started),
        **options,
    )
    print(f"seed {seed}: {run.status}, {time.monotonic() - started:.0f} s, {run.folder}")
    return run


def predicted_and_measured(run: Any, arguments: argparse.Namespace) -> dict[str, float]:
    """Times of the chosen network: as predicted, as measured, and at the speed of the table."""
    from dlscope.methods.codesign.implementing.implementer import Implementer
    from dlscope.methods.codesign.measuring.design_model import design_model
    from dlscope.methods.codesign.measuring.levelling import anchored
    from dlscope.methods.codesign.measuring.walk_protocol import WalkProtocol
    from dlscope.methods.codesign.measuring.walking import walked
    from dlscope.methods.codesign.space.design import Design

    file = run.best.file
    space = file.space_of_it()
    implementer = Implementer(space, api.local_device(space, **table_of(arguments)))
    with tempfile.TemporaryDirectory() as folder:
        run.best.emit("onnx", folder)
        (path,) = Path(folder).glob("*.onnx")
        chosen = path.read_bytes()
    design = file.design_in(space)
    precision = space.precisions[design.precisions[0]]
    rng = np.random.default_rng(99)
    others = [
        Design.of(space, each.operations, design.precisions)
        for each in (Design.random(space, rng) for _ in range(ANCHORS))
    ]
    models = [design_model(space, each, precision).SerializeToString() for each in others]
    found = walked([chosen, *models], WalkProtocol(min_seconds=arguments.min_seconds))
    at_speed = anchored(found.times, range(1, ANCHORS + 1), implementer.times_ns(others).tolist())
    predicted = implementer.time_ns(design)
    times = {"predicted_ns": predicted, "measured_ns": float(np.median(found.times[:, 0]))}
    times["levelled_ns"] = float(np.median(at_speed[:, 0]))
    for name in ("measured", "levelled"):
        times[f"{name}_error"] = predicted / times[f"{name}_ns"] - 1
    return times


def search(arguments: argparse.Namespace) -> dict[str, Any]:
    """One search, its prediction, and an impossible target."""
    profile(arguments)
    started = time.monotonic()
    run = searched(arguments, arguments.seed)
    wall_s = time.monotonic() - started
    accuracy = run.best.file.accuracy
    impossible = searched(arguments, arguments.seed, target_latency="1ns")
    result = {
        "design": run.best.file.identity,
        "told": dict(run.record.facts),
        "status": run.status,
        "wall_s": round(wall_s, 1),
        "accuracy": accuracy,
        "times": predicted_and_measured(run, arguments),
        "impossible": {"status": impossible.status, **dict(impossible.record.facts)},
        "warnings": list(run.record.warnings),
    }
    print(json.dumps(result, indent=1, ensure_ascii=False))
    return result


def baselines(arguments: argparse.Namespace) -> dict[str, Any]:
    """Search, two steps and random designs with equal training steps, several seeds."""
    profile(arguments)
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    found = [kept(arguments, seed, partial(of_seed, seed, arguments)) for seed in seeds]
    points = {name: [each["points"][name] for each in found] for name in METHODS}
    volumes = hypervolumes(points)
    result: dict[str, Any] = {
        "seeds": list(seeds),
        "schedule": found[0]["schedule"],
        "steps": [each["steps"] for each in found],
        "cpu_s": [each["cpu_s"] for each in found],
        "kendall_tau": [each["kendall_tau"] for each in found],
        "hypervolume": volumes,
        "hypervolume_mean": {name: with_interval(volumes[name]) for name in METHODS},
    }
    for name in ("two_step", "random"):
        gains = np.array(volumes["search"]) - np.array(volumes[name])
        p_value = sign_flip_test(gains) if len(gains) > 1 else math.nan
        result[f"against_{name}"] = {"gain": with_interval(gains), "p_value": p_value}
    print(json.dumps(result, indent=1))
    return {**result, "points": points}


def of_seed(seed: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """What each method trained with one seed, and how well the supernet ranks what it never saw."""
    taken, started = {}, time.process_time()

    def lap(name: str) -> None:
        nonlocal started
        taken[name], started = round(time.process_time() - started, 1), time.process_time()

    together = searched(arguments, seed)
    lap("search")
    apart = searched(arguments, seed, mode="two_step")
    lap("two_step")
    steps = training_steps(together)
    drawn = random_designs(together, steps, seed, arguments)
    lap("random")
    return {
        "points": {
            "search": trained_points(together),
            "two_step": trained_points(apart),
            "random": [(each["best_error"], each["time_ns"]) for each in drawn],
        },
        "drawn": drawn,
        "schedule": schedule_of(together),
        "steps": {"search": steps, "two_step": training_steps(apart)},
        "cpu_s": taken,
        "kendall_tau": ranked(together, drawn, arguments),
    }


def kept(arguments: argparse.Namespace, seed: int, make: Callable[[], Any]) -> dict[str, Any]:
    """What one seed gave, made once: a benchmark that was interrupted goes on."""
    path = Path(arguments.parts) / f"seed-{seed}.json"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(make()), encoding="utf-8")
    return dict(json.loads(path.read_text(encoding="utf-8")))


def with_interval(values: Sequence[float]) -> dict[str, float]:
    """The mean of a few values with its 95 % interval by Student's t."""
    each = np.asarray(values, dtype=np.float64)
    if len(each) < 2:
        return {"mean": float(each.mean())}
    half = T_975[len(each) - 1] * float(each.std(ddof=1)) / math.sqrt(len(each))
    mean = float(each.mean())
    return {"mean": mean, "lo": mean - half, "hi": mean + half}


def training_steps(run: Any) -> int:
    """Steps of a batch that a search trained for: of weights, of choices and of looks at designs.

    A step of choices walks two paths in place of one; a look has no backward pass, a third.
    """
    schedule = schedule_of(run)
    train, seen = 3200 // schedule["batch"], 4000 // schedule["batch"]
    each = min(train, schedule["most_steps"] or train)
    choosing = (schedule["epochs"] - schedule["warm_up"]) * each * 2 / schedule["every"]
    looks = schedule["evaluations"] * schedule["judged_images"] / schedule["batch"] / 3
    finalists = len(trained_points(run)) * schedule["finalist_epochs"] * train
    final = schedule["final_epochs"] * seen
    return int(schedule["epochs"] * each + choosing + looks + finalists + final)


def schedule_of(run: Any) -> dict[str, Any]:
    """The schedule that a search had."""
    kept = run.folder / "schedule.json"
    if kept.is_file():
        return dict(json.loads(kept.read_text())["schedule"])
    return dict(json.loads((run.folder / "request.json").read_text())["schedule"])


def random_designs(
    run: Any, steps: int, seed: int, arguments: argparse.Namespace
) -> list[dict[str, Any]]:
    """Designs drawn at random and trained as finalists are, and the best as the final one is."""
    from dlscope.api.search_inputs import images_of
    from dlscope.methods.codesign.implementing.implementer import Implementer
    from dlscope.methods.codesign.searching.design_training import Recipe, train_design
    from dlscope.methods.codesign.searching.images import Splits
    from dlscope.methods.codesign.space.design import Design

    schedule = schedule_of(run)
    space = run.best.file.space_of_it()
    implementer = Implementer(space, api.local_device(space, **table_of(arguments)))
    splits = Splits.of(images_of(DATA, space), name=DATA)
    train, seen = len(splits.train) // schedule["batch"], len(splits.seen) // schedule["batch"]
    left = steps - schedule["final_epochs"] * seen
    count = max(left // (schedule["finalist_epochs"] * train), 1)
    rng = np.random.default_rng((seed, 77))
    found: list[dict[str, Any]] = []
    for _ in range(count):
        design = Design.random(space, rng)
        recipe = Recipe(schedule["finalist_epochs"], schedule["batch"])
        held_out = {"validation": splits.validation, "test": splits.test}
        scores = train_design(space, design, splits.train, held_out, recipe, seed=seed).scores
        error = 1 - scores["test"].accuracy
        found.append(
            {
                "design": design.to_json(),
                "time_ns": implementer.time_ns(design),
                "loss": scores["validation"].loss,
                "error": error,
                "best_error": error,
            }
        )
    best = min(found, key=lambda each: each["loss"] * each["time_ns"])
    design = Design.from_json(best["design"])
    recipe = Recipe(schedule["final_epochs"], schedule["batch"])
    final = train_design(space, design, splits.seen, {"test": splits.test}, recipe, seed=seed)
    best["best_error"] = 1 - final.scores["test"].accuracy
    print(f"seed {seed}: {count} random designs", flush=True)
    return found


def ranked(run: Any, drawn: Sequence[dict[str, Any]], arguments: argparse.Namespace) -> float:
    """Kendall's τ between the supernet's loss of random designs and theirs after training."""
    from dlscope.api.search_inputs import images_of
    from dlscope.methods.codesign.measures.ranking import kendall_tau
    from dlscope.methods.codesign.searching.images import Splits
    from dlscope.methods.codesign.searching.request import SearchRequest
    from dlscope.methods.codesign.searching.search import Search, tell_nobody
    from dlscope.methods.codesign.space.design import Design

    asked = json.loads((run.folder / "request.json").read_text(encoding="utf-8"))
    request = SearchRequest.from_json(
        asked, lambda _, space: api.local_device(space, **table_of(arguments))
    )
    splits = Splits.of(images_of(DATA, request.space), name=DATA)
    designs = [Design.from_json(each["design"]) for each in drawn]
    losses = Search(request, splits, run.folder, tell_nobody).losses(designs)
    return kendall_tau(losses, [each["loss"] for each in drawn])


def trained_points(run: Any) -> list[Point]:
    """Error and time of every design that a search trained."""
    return [(row["error"], row["interval_ns"]) for row in run.pareto if row["is_trained"]]


def hypervolumes(found: dict[str, list[list[Point]]]) -> dict[str, list[float]]:
    """Areas up to a tenth beyond the worst of all random designs, as shares of that box."""
    from dlscope.methods.codesign.measures.hypervolume import hypervolume

    drawn = [point for several in found["random"] for point in several]
    reference = (max(p[0] for p in drawn) * 1.1, max(p[1] for p in drawn) * 1.1)
    box = reference[0] * reference[1]
    return {
        name: [hypervolume(points, reference) / box for points in several]
        for name, several in found.items()
    }


def profile(arguments: argparse.Namespace) -> None:
    """Time what has no time yet, unless a table is given."""
    if arguments.table is None:
        api.profile_space(SPACE, store=arguments.store, told=told(time.monotonic()))


def table_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """Where the table of the processor is."""
    foreign = arguments.foreign_table
    return {"table": arguments.table, "store": arguments.store, "allow_foreign": foreign}


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("what", choices=("search", "baselines"))
    parser.add_argument("--budget", default="10m")
    parser.add_argument("--epochs", type=int, default=None, help="in place of a budget")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--parts", default="build/codesign-mnist", help="what seeds gave so far")
    parser.add_argument("--table", default=None, help="a table that was measured before")
    parser.add_argument("--foreign-table", action="store_true", help="of another environment")
    parser.add_argument("--store", default=None)
    parser.add_argument("--min-seconds", type=float, default=0.5)
    return parser.parse_args(arguments)


def main() -> int:
    """Carry out what is asked, and keep it."""
    arguments = parsed(sys.argv[1:])
    result = {"search": search, "baselines": baselines}[arguments.what](arguments)
    path = RESULTS / f"codesign-mnist-{arguments.what}.json"
    machine = {"fingerprint": environment().fingerprint, "system": environment().system}
    asked = {k: v for k, v in vars(arguments).items() if k not in LOCAL}
    path.write_text(
        json.dumps({"asked": asked, "machine": machine, **result}, indent=1, ensure_ascii=False)
        + "\n",
        encoding="utf-8",
    )
    print(f"written to {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
