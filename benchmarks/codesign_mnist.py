"""A real co-design search on handwritten digits, for the processor at hand.

`search` makes the table of the processor, searches `mnist_cpu` within a budget of time, emits the
chosen network as ONNX and measures it beside networks whose time is in the table: predicted
against measured. An impossible target is asked for, too. `baselines` does so for several seeds,
beside a search in two steps and beside designs drawn at random, each with as many training steps,
and compares the areas that what they trained dominates in error and time. Both write their
tables, with the fingerprint of the machine, to `benchmarks/results/`.

    python benchmarks/codesign_mnist.py search --budget 10m
    python benchmarks/codesign_mnist.py baselines --budget 10m --seeds 5
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dlscope import api
from dlscope.core.stats import sign_flip_test
from dlscope.stacks.fingerprint import environment

RESULTS = Path(__file__).parent / "results"
SPACE, DEVICE, DATA = "mnist_cpu", "local:cpu", "mnist-5k"
ANCHORS = 8
"""Networks of random weights that are timed beside the chosen one."""

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
    found: dict[str, list[list[Point]]] = {"search": [], "two_step": [], "random": []}
    steps = []
    for seed in range(arguments.seeds):
        together = searched(arguments, seed)
        steps.append(training_steps(together))
        found["search"].append(trained_points(together))
        found["two_step"].append(trained_points(searched(arguments, seed, mode="two_step")))
        found["random"].append(random_points(together, steps[-1], seed, arguments))
    volumes = hypervolumes(found)
    result: dict[str, Any] = {"seeds": arguments.seeds, "steps": steps, "points": found}
    result["hypervolume"] = volumes
    for name in ("two_step", "random"):
        gains = np.array(volumes["search"]) - np.array(volumes[name])
        result[f"against_{name}"] = {
            "mean_gain": float(gains.mean()),
            "p_value": sign_flip_test(gains) if len(gains) > 1 else math.nan,
        }
    print(json.dumps({k: v for k, v in result.items() if k != "points"}, indent=1))
    return result


def training_steps(run: Any) -> int:
    """Steps of a batch that a search trained for: of weights, of choices and of looks at designs.

    A step of choices walks two paths in place of one; a look has no backward pass, a third.
    """
    schedule = schedule_of(run)
    train, seen = 3200 // schedule["batch"], 4000 // schedule["batch"]
    each = min(train, schedule["most_steps"] or train)
    choosing = (schedule["epochs"] - schedule["warm_up"]) * each * 2
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


def random_points(run: Any, steps: int, seed: int, arguments: argparse.Namespace) -> list[Point]:
    """Designs drawn at random and trained as finalists are, and the best as the final one is."""
    from dlscope.api.search_inputs import images_of
    from dlscope.methods.codesign.implementing.implementer import Implementer
    from dlscope.methods.codesign.searching.design_training import Recipe, train_design
    from dlscope.methods.codesign.searching.images import Splits
    from dlscope.methods.codesign.space.design import Design

    file, schedule = run.best.file, schedule_of(run)
    space = file.space_of_it()
    implementer = Implementer(space, api.local_device(space, **table_of(arguments)))
    splits = Splits.of(images_of(DATA, space), name=DATA)
    train, seen = len(splits.train) // schedule["batch"], len(splits.seen) // schedule["batch"]
    left = steps - schedule["final_epochs"] * seen
    count = max(left // (schedule["finalist_epochs"] * train), 1)
    rng = np.random.default_rng((seed, 77))
    points, judged = [], []
    for _ in range(count):
        design = Design.random(space, rng)
        recipe = Recipe(schedule["finalist_epochs"], schedule["batch"])
        held_out = {"validation": splits.validation, "test": splits.test}
        trained = train_design(space, design, splits.train, held_out, recipe, seed=seed)
        time_ns = implementer.time_ns(design)
        points.append((1 - trained.scores["test"].accuracy, time_ns))
        judged.append((trained.scores["validation"].loss * time_ns, design, len(points) - 1))
    _, best, place = min(judged, key=lambda each: each[0])
    recipe = Recipe(schedule["final_epochs"], schedule["batch"])
    final = train_design(space, best, splits.seen, {"test": splits.test}, recipe, seed=seed)
    points[place] = (1 - final.scores["test"].accuracy, implementer.time_ns(best))
    print(f"seed {seed}: {count} random designs", flush=True)
    return points


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
    return {"table": arguments.table, "store": arguments.store}


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("what", choices=("search", "baselines"))
    parser.add_argument("--budget", default="10m")
    parser.add_argument("--epochs", type=int, default=None, help="in place of a budget")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--table", default=None, help="a table that was measured before")
    parser.add_argument("--store", default=None)
    parser.add_argument("--min-seconds", type=float, default=0.5)
    return parser.parse_args(arguments)


def main() -> int:
    """Carry out what is asked, and keep it."""
    arguments = parsed(sys.argv[1:])
    result = {"search": search, "baselines": baselines}[arguments.what](arguments)
    kept = RESULTS / f"codesign-mnist-{arguments.what}.json"
    machine = {"fingerprint": environment().fingerprint, "system": environment().system}
    asked = {k: v for k, v in vars(arguments).items() if k not in ("table", "store")}
    kept.write_text(
        json.dumps({"asked": asked, "machine": machine, **result}, indent=1, ensure_ascii=False)
        + "\n",
        encoding="utf-8",
    )
    print(f"written to {kept}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
