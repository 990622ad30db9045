"""Every check of dlscope that needs a GPU, part by part, each within its time.

    python benchmarks/gpu.py [PART …] [--output FOLDER]
    python benchmarks/gpu.py adaptation --seconds 590
    python benchmarks/gpu.py --rehearse skynet codesign

Each part runs in a process of its own with a limit; what it found is written as JSON, with the
fingerprint of the machine, to `benchmarks/results/`. A part that fails says so and the rest goes
on. Each part has its box of time, and what one leaves the next ones may use: all parts together
end within 25 minutes, whatever happens. `--seconds` gives fewer parts more; `adaptation` goes on
where it was when it is called again. Nothing here runs in continuous integration; parts that can
be rehearsed walk through all that they do on a processor, with next to no work, so that they do not
fail at their first GPU.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from dlscope.backends.base import Backend
from dlscope.core import registry
from dlscope.core.errors import DlscopeError, OutOfMemory
from dlscope.core.manifest import ExperimentManifest
from dlscope.core.run import Run
from dlscope.core.stats import bootstrap_interval, trimmed_mean
from dlscope.core.workload import Context

Figures = Mapping[str, Any]
RESULTS = Path(__file__).parent / "results"
MODEL = "efficientnet-lite0"
BACKENDS = ("torch", "jax")
BOUND_MODELS = (
    *("alexnet", "googlenet", "resnet18", "resnet50", "vgg16", "densenet121", "inception_v3"),
    *("mobilenet_v2", "shufflenet_v2", "squeezenet1_1", "vit_tiny", "bert_tiny"),
)
BOUND_BATCHES = (1, 8, 32)
NOT_REACHED = "not reached in time"
MOST_TRAINING_S = 400.0
LEFT_TO_JUDGE = 0.15


@final
@dataclass(frozen=True)
class Box:
    """The time that a part has, from when its process begins, and whether it is but rehearsed."""

    seconds: float
    begun: float
    is_rehearsed: bool = False

    @property
    def place(self) -> str:
        """Where torch computes."""
        return "cpu" if self.is_rehearsed else "cuda"

    def has_left(self, share: float = 0.3) -> bool:
        """Whether so much of the time is left, so that one more step can be begun."""
        return time.monotonic() - self.begun <= (1 - share) * self.seconds


def machine(_: Box) -> Figures:
    """What the measurements ran on."""
    from dlscope.stacks.fingerprint import environment

    found = environment()
    return {"fingerprint": found.fingerprint, **found.to_json()}


def agreement(_: Box) -> Figures:
    """Largest difference from the reference on every small model, relative to max|reference|."""
    from dlscope.testing.small_models import SMALL_MODELS

    oracle = _backend("reference")
    rows: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, small in SMALL_MODELS.items():
            path, feeds = small.build(Path(folder) / f"{name}.onnx"), {"x": small.feed(5)}
            with oracle.open(path) as predictor:
                wanted = predictor.predict(feeds)["y"]
            for backend in _on_gpu():
                rows.setdefault(backend.name, {})[name] = _difference(backend, path, feeds, wanted)
    return rows


def model(_: Box) -> Figures:
    """Accuracy of one real network on the CPU and on the GPU, and the ratio of their latencies."""
    runs = {
        ("onnxruntime", "cpu"): _run("onnxruntime", "cpu"),
        **{(b.name, d): _run(b.name, d) for b in _on_gpu() for d in ("cpu", "gpu")},
    }
    reference = runs["onnxruntime", "cpu"]
    return {
        f"{backend} on {device}": {
            "device": run.framework_report.get("device"),
            "right": (top_1 := run.metric("top_1")) and f"{top_1.count}/{top_1.n}",
            "relative_difference": _outputs_differ(reference, run),
            **_latency(run),
            "load_s": (load := run.stage("load")) and load.duration_ns / 1e9,
            "first_prediction_s": (first := run.stage("first prediction"))
            and first.duration_ns / 1e9,
        }
        for (backend, device), run in runs.items()
    }


def batches(box: Box) -> Figures:
    """Throughput over batch sizes on the GPU."""
    rows: dict[str, dict[str, Any]] = {}
    for backend in _on_gpu():
        # A framework that compiles does so for each size: 30 s on an H100.
        for size in (1, 4, 16, 64, 256):
            if not box.has_left():
                rows.setdefault(backend.name, {})[str(size)] = {"skipped": NOT_REACHED}
                continue
            run = _run(backend.name, "gpu", kind="batched", batch=size)
            latency = _latency(run)
            rows.setdefault(backend.name, {})[str(size)] = {
                **latency,
                "items_per_s": size / (latency["mean_ms"] / 1e3),
                "device_peak_bytes": run.framework_report.get("device_peak_bytes"),
            }
    return rows


def memory(_: Box) -> Figures:
    """A batch that cannot fit ends as OutOfMemory, and the next prediction works."""
    from dlscope.testing.small_models import widening

    told: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = widening(Path(folder) / "widening.onnx")
        for backend in _on_gpu():
            with backend.open(path, {"device": "gpu"}) as predictor:
                try:
                    # 500 000 rows of 65 536 floats: 131 GB.
                    predictor.predict({"x": np.ones((500_000, 1), np.float32)})
                    told[backend.name] = {"refused": False}
                except OutOfMemory as error:
                    told[backend.name] = {"refused": True, "what": error.what}
                after = predictor.predict({"x": np.ones((2, 1), np.float32)})["y"]
                told[backend.name]["goes_on"] = bool((after == 1).all())
    return told


def server(box: Box) -> Figures:
    """The highest rate at which the GPU answers 99 % of queries within a bound."""
    rows: dict[str, Any] = {}
    for backend in _on_gpu():
        if not box.has_left(0.5):
            rows[backend.name] = {"skipped": NOT_REACHED}
            continue
        run = _run(
            backend.name,
            "gpu",
            kind="server",
            mode="find_peak",
            latency_bound_ms=10,
            min_duration_ms=1000,
            min_queries=500,
        )
        rows[backend.name] = {
            "probes": [[p.rate_qps, p.holds, p.latency_ns, p.lateness_ns] for p in run.probes],
            "peak_qps": max((p.rate_qps for p in run.probes if p.confirms and p.holds), default=0),
            "conditions": {each.name: each.measured for each in run.conditions},
        }
    return rows


def energy(box: Box) -> Figures:
    """Joules per inference above idle, as the GPU counts them."""
    rows: dict[str, Any] = {}
    for backend in _on_gpu():
        for size in (1, 64):
            if not box.has_left():
                rows[f"{backend.name}, batch {size}"] = NOT_REACHED
                continue
            run = _run(backend.name, "gpu", kind="batched", batch=size, min_duration_ms=5000)
            rows[f"{backend.name}, batch {size}"] = run.energy and vars(run.energy)
    return rows


def profile(box: Box) -> Figures:
    """Layers, launches and kernels of ResNet-18 on the GPU, joined; what seeing them cost."""
    import dlscope

    found: dict[str, Any] = {}
    for size in (1, 64):
        if not box.has_left(0.5):
            found[f"batch {size}"] = NOT_REACHED
            continue
        with tempfile.TemporaryDirectory() as store:
            report = dlscope.profile(
                "resnet18",
                backend="torch",
                levels="M,L,B,K",
                batch_size=size,
                options={"device": "gpu"},
                best_effort=True,
                store=store,
            )
        told = {name: list(report.table(name)) for name in ("a1", "a10", "a13", "a15", "a16")}
        found[f"batch {size}"] = {
            **{name: rows[:10] for name, rows in told.items()},
            "warnings": list(report.warnings),
            "findings": [each.claim for each in report.findings],
        }
    return found


def bounds(box: Box) -> Figures:
    """Lower bounds of whole networks, and what stands between them and PyTorch, over batch sizes.

    Models come in turn at batch 1, then at the next size: what time does not suffice for is told.
    """
    from dlscope import api
    from dlscope.methods.bounds.implementations.registry import ON_GPU, missing_implementations

    missing = missing_implementations("gpu")
    rows: dict[str, Any] = {}
    for size in BOUND_BATCHES:
        for name in BOUND_MODELS:
            found = _bounded(api, name, size) if box.has_left() else NOT_REACHED
            rows[f"{name}, batch {size}"] = found
            # A part that is ended for its time leaves at least these lines.
            print(json.dumps({f"{name}, batch {size}": found}, default=str), file=sys.stderr)
    return {
        "fingerprint": machine(box)["fingerprint"],
        "implementations": [name for name in ON_GPU if name not in missing],
        "missing": {name: error.what for name, error in missing.items()},
        "bounds": rows,
    }


def skynet(box: Box) -> Figures:
    """SkyNet trained at its full size, and latencies of it and of the trunks of trackers."""
    import skynet_gpu

    effort = (
        skynet_gpu.REHEARSAL
        if box.is_rehearsed
        else skynet_gpu.Effort(seconds=min(box.seconds / 2, MOST_TRAINING_S))
    )
    return {
        "fingerprint": machine(box)["fingerprint"],
        **skynet_gpu.measured(box.place, effort),
    }


def codesign(box: Box) -> Figures:
    """Operations timed on the GPU, a supernet trained on it, and what a search finds with both."""
    import codesign_gpu

    effort = codesign_gpu.REHEARSAL if box.is_rehearsed else codesign_gpu.Effort()
    return {
        "fingerprint": machine(box)["fingerprint"],
        **codesign_gpu.measured(box.place, effort),
    }


def adaptation(box: Box) -> Figures:
    """Segmentation moved to a new domain at 512×256: rows and seeds as far as time goes."""
    import adaptation_gpu

    with tempfile.TemporaryDirectory() as rehearsed:
        effort, work = (
            (adaptation_gpu.REHEARSAL, Path(rehearsed))
            if box.is_rehearsed
            else (adaptation_gpu.Effort(), adaptation_gpu.WORK)
        )
        found = adaptation_gpu.measured(
            box.place, effort, lambda: not box.has_left(LEFT_TO_JUDGE), work
        )
    return {"fingerprint": machine(box)["fingerprint"], **found}


PARTS: Mapping[str, tuple[Callable[[Box], Figures], int]] = {
    "machine": (machine, 20),
    "agreement": (agreement, 100),
    "model": (model, 150),
    "batches": (batches, 130),
    "memory": (memory, 60),
    "server": (server, 90),
    "energy": (energy, 80),
    "profile": (profile, 90),
    "bounds": (bounds, 220),
    "skynet": (skynet, 260),
    "codesign": (codesign, 100),
    "adaptation": (adaptation, 180),
}
"""Each part and the seconds it may take: no more than 1 480 in all."""

REHEARSED = ("machine", "skynet", "codesign", "adaptation")
"""Parts that can be rehearsed."""


def _backend(name: str) -> Backend:
    loaded: Backend = registry.load("backends", name)()
    return loaded


def _on_gpu() -> Iterator[Backend]:
    """The backends that are installed and have a GPU to run on."""
    for name in BACKENDS:
        try:
            backend = _backend(name)
        except DlscopeError as error:
            print(f"  {name}: {error.what}", file=sys.stderr)
            continue
        yield backend


def _difference(backend: Backend, path: Path, feeds: Any, wanted: Any) -> Any:
    try:
        with backend.open(path, {"device": "gpu"}) as predictor:
            got = predictor.predict(feeds)["y"]
    except DlscopeError as error:
        return error.what
    return float(np.abs(got - wanted).max() / np.abs(wanted).max())


def _run(backend: str, device: str, *, kind: str = "online", batch: int = 1, **more: Any) -> Run:
    from dlscope.methods.evaluation.planning import plan_experiment
    from dlscope.methods.evaluation.workload import Evaluation

    scenario = {
        "type": kind,
        "min_queries": 50,
        "min_duration_ms": 1000,
        "warmup": 20,
        "mode": "submission" if kind == "online" else "performance",
        **({"batch_size": batch} if kind == "batched" else {}),
        **more,
    }
    options = {"device": device} if backend in BACKENDS else {}
    asked = ExperimentManifest.model_validate(
        {
            "schema_version": 1,
            "name": "gpu",
            "models": [MODEL],
            "frameworks": [{"name": backend, "options": options}],
            "scenarios": [scenario],
        }
    )
    (plan,) = plan_experiment(asked).plans
    return Evaluation().execute(plan, Context(run_id="r-gpu"))


def _bounded(api: Any, model: str, batch: int) -> Any:
    """The tables of one model, or why there are none."""
    started = time.monotonic()
    try:
        report = api.bound([model], backend="torch", device="gpu", batch_size=batch)
    except DlscopeError as error:
        return error.what
    return {
        "took_s": round(time.monotonic() - started, 1),
        "tables": {table.name: list(table) for table in report.tables},
        "findings": [each.claim for each in report.findings],
        "warnings": list(report.warnings),
    }


def _latency(run: Run) -> dict[str, Any]:
    latencies = run.samples.latency_ns
    interval = bootstrap_interval(latencies, trimmed_mean)
    return {
        "mean_ms": float(trimmed_mean(np.sort(latencies))) / 1e6,
        "ci_ms": [interval.lo / 1e6, interval.hi / 1e6],
        "median_ms": statistics.median(latencies.tolist()) / 1e6,
        "queries": len(latencies),
    }


def _outputs_differ(reference: Run, run: Run) -> float:
    pairs = [
        (one.outputs[name], other.outputs[name])
        for one, other in zip(reference.items, run.items, strict=True)
        for name in one.outputs
    ]
    largest = max(float(np.abs(one).max()) for one, _ in pairs)
    return max(float(np.abs(one - other).max()) for one, other in pairs) / largest


def _carried_out(part: str, limit_s: float, folder: Path, *, is_rehearsed: bool) -> bool:
    """Run one part in a process of its own; whether it came to its end."""
    command = [sys.executable, __file__, "--inside", part, "--output", str(folder)]
    command += ["--rehearse"] if is_rehearsed else []
    started = time.monotonic()
    # Of a group of its own, so that nothing it started is left on the GPU when it is ended.
    process = subprocess.Popen([*command, "--limit", str(limit_s)], start_new_session=True)
    try:
        code = process.wait(limit_s)
    except subprocess.TimeoutExpired:
        code = -1
        print(f"{part}: took longer than {limit_s:.0f} s")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    print(f"{part}: {'done' if code == 0 else 'FAILED'}, {time.monotonic() - started:.0f} s")
    return code == 0


def _limits(parts: Sequence[str], seconds: float) -> Iterator[tuple[str, float]]:
    """Each part when its turn comes, with all the time that it leaves the later ones theirs.

    All together have `seconds`, or their boxes where these are more.
    """
    boxes = [PARTS[part][1] for part in parts]
    end = time.monotonic() + max(sum(boxes), seconds)
    for place, part in enumerate(parts):
        yield part, end - sum(boxes[place + 1 :]) - time.monotonic()


def main() -> int:
    """Run the parts asked for, all by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], default=[])
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("--seconds", type=float, default=0.0, help="for all parts together")
    parser.add_argument("--rehearse", action="store_true", help="on a processor, to test the code")
    parser.add_argument("--inside", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("--limit", type=float, default=0.0, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    asked.output.mkdir(parents=True, exist_ok=True)
    if asked.inside is None:
        wanted = asked.parts or list(REHEARSED if asked.rehearse else PARTS)
        if asked.rehearse and set(wanted) - set(REHEARSED):
            parser.error(f"only these can be rehearsed: {', '.join(REHEARSED)}")
        done = [
            _carried_out(part, limit, asked.output, is_rehearsed=asked.rehearse)
            for part, limit in _limits(wanted, asked.seconds)
        ]
        return 0 if all(done) else 1
    try:
        found = PARTS[asked.inside][0](Box(asked.limit, time.monotonic(), asked.rehearse))
    except DlscopeError as error:
        print(error, file=sys.stderr)
        return 1
    except Exception:
        traceback.print_exc()
        return 1
    text = json.dumps(found, indent=1, default=str)
    (asked.output / f"gpu-{asked.inside}.json").write_text(text + "\n", encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
