"""`closed_loop`: measure, explain, predict and bound a model; then design one with what was found.

Every part is a function of the library face, and reads tables that an earlier part wrote: times of
bricks, of layers and of operations lie in the store, the table of the processor in a file, the new
network in a manifest.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from dlscope.api.bounds import bound
from dlscope.api.bricks import compose_bricks, generate_bricks, run_bricks
from dlscope.api.closed_loop.parts import HandOver, Part
from dlscope.api.evaluation import compare, evaluate
from dlscope.api.local_devices import profile_space
from dlscope.api.machine import systems
from dlscope.api.profiling import profile
from dlscope.api.search_run import SearchRun
from dlscope.api.searches import measure_search
from dlscope.api.searching import search
from dlscope.api.watcher import QUIET, Told, Watcher, tell_nobody

if TYPE_CHECKING:
    from dlscope.core.report import Report

MODEL, DATASET = "efficientnet-lite0", "imagenet-mini20"
TIMED, PREDICTED = "resnet18", "resnet34"
SPACE, DEVICE, IMAGES = "mnist_cpu", "local:cpu", "mnist-5k"
_BACKENDS = ("onnxruntime", "openvino", "torch")


@final
@dataclass(frozen=True)
class Effort:
    """How much of the time goes where: seconds of walks and benchmarks, epochs of the search."""

    walk_s: float = 8.0
    bench_s: float = 0.1
    operation_s: float = 0.05
    networks: int = 20
    epochs: int = 6


def closed_loop(
    folder: str | Path,
    *,
    effort: Effort | None = None,
    seed: int = 0,
    store: str | None = None,
    watcher: Watcher = QUIET,
    told: Told = tell_nobody,
) -> Report:
    """The machine, a model on it, and a network that was designed for it, as one report.

    What is written as files goes into `folder`: the table of the processor, and the new network
    with its manifest. What was measured is kept in the store, so that a broken-off loop goes on.
    Raises `DlscopeError` where a part cannot be done here.
    """
    from dlscope.api.closed_loop.telling import loop_report

    written = Path(folder)
    written.mkdir(parents=True, exist_ok=True)
    loop = _Loop(written, effort or Effort(), seed, store, watcher, told)
    return loop_report(loop.run())


@final
class _Loop:
    """Carries out one part after another."""

    def __init__(
        self,
        folder: Path,
        effort: Effort,
        seed: int,
        store: str | None,
        watcher: Watcher,
        told: Told,
    ) -> None:
        self._folder, self._effort, self._seed = folder, effort, seed
        self._store, self._watcher, self._told = store, watcher, told
        self._designed = folder  # the manifest of the new network, once there is one

    def run(self) -> list[Part]:
        """All parts, in their order."""
        found: list[Part] = []
        steps: tuple[Callable[[], Part], ...] = (
            *(self._machine, self._evaluated, self._profiled, self._composed, self._bounded),
            *(self._operations, self._searched, self._evaluated_anew, self._bounded_anew),
        )
        for index, step in enumerate(steps):
            self._told(str(step.__doc__).rstrip("."), index / len(steps))
            wall_s, cpu_s = time.monotonic(), _cpu_s()
            part = step()
            took = time.monotonic() - wall_s, _cpu_s() - cpu_s
            found.append(replace(part, wall_s=took[0], cpu_s=took[1]))
        return found

    def _machine(self) -> Part:
        """Look at the machine."""
        return Part(
            "machine",
            "What machine is this?",
            "",
            "system",
            "dlscope systems",
            systems(),
        )

    def _evaluated(self) -> Part:
        """Evaluate a model on photographs."""
        from dlscope.agents.capabilities import available_backends

        here = available_backends()
        backends = [name for name in _BACKENDS if here.get(name)]
        report = compare(
            MODEL,
            backends=backends,
            dataset=DATASET,
            scenario="quick",
            store=self._store,
            watcher=self._watcher,
        )
        return Part(
            "evaluate",
            f"How right and how fast is {MODEL}?",
            "photographs with labels",
            "accuracy, latency",
            f"dlscope compare {MODEL} --backends {','.join(backends)} --dataset {DATASET}",
            report,
        )

    def _profiled(self) -> Part:
        """Profile it down to its layers."""
        report = profile(MODEL, levels="M,L", store=self._store, watcher=self._watcher)
        layers_us = sum(float(row["duration_us"]) for row in _rows(report, "a2"))
        whole_us = float(_rows(report, "a1")[0]["duration_us"])
        return Part(
            "profile",
            "Where does the time go?",
            "latency",
            "layers (a2)",
            f"dlscope profile {MODEL} --levels M,L",
            report,
            (HandOver("sum of its layers", "a2", "the whole model", layers_us, whole_us, "µs"),),
        )

    def _composed(self) -> Part:
        """Predict a model that was never measured, from bricks of another."""
        run = partial(
            run_bricks,
            processes=2,
            max_seconds=self._effort.walk_s,
            store=self._store,
            told=self._told,
        )
        run([generate_bricks(TIMED)])
        unknown = generate_bricks(PREDICTED)
        predicted = _rows(compose_bricks([unknown], store=self._store), "composition")
        report = run([unknown])
        measured = _of(_rows(report, "composition"), "model", PREDICTED)
        before = _of(predicted, "model", PREDICTED)
        hand_over = HandOver(
            f"latency of {PREDICTED}, from bricks of {TIMED} alone",
            "composition",
            f"{PREDICTED}, timed whole",
            float(before["composed_ns"]) / 1e6,
            float(measured["measured_ns"]) / 1e6,
            "ms",
        )
        return Part(
            "bricks",
            f"How fast would {PREDICTED} be?",
            f"times of the bricks of {TIMED}",
            "composition",
            f"dlscope bricks generate {PREDICTED}",
            report,
            (hand_over,),
        )

    def _bounded(self) -> Part:
        """Bound it, and carry out what advice says."""
        report = bound(
            MODEL,
            seconds=self._effort.bench_s,
            cores=1,
            verify=True,
            partial=True,
            store=self._store,
            told=self._told,
        )
        tried = [row for row in _rows(report, "advice") if row["achieved_saving_ms"] is not None]
        best = max(tried, key=lambda row: row["predicted_saving_ms"], default=None)
        saved = () if best is None else (_advised(best),)
        return Part(
            "bound",
            "How fast could it be, and what has to change?",
            "benchmarks of its layers",
            "bounds, advice",
            f"dlscope bound analyze {MODEL} --verify",
            report,
            saved,
        )

    def _operations(self) -> Part:
        """Time what a new network could be made of."""
        report = profile_space(
            SPACE,
            processes=2,
            networks=self._effort.networks,
            min_seconds=self._effort.operation_s,
            save=self._table,
            store=self._store,
            told=self._told,
        )
        return Part(
            "operations",
            "What does each possible layer of a new network cost here?",
            "",
            self._table.name,
            f"dlscope codesign profile --space {SPACE} --device {DEVICE} --save {self._table.name}",
            report,
        )

    def _searched(self) -> Part:
        """Search a network for this processor, train it and emit it."""
        run = search(
            SPACE,
            DEVICE,
            IMAGES,
            epochs=self._effort.epochs,
            seed=self._seed,
            table=self._table,
            store=self._store,
            told=self._told,
        )
        report = measure_search(str(run.folder), store=self._store, told=self._told)
        emitted = run.best.emit("onnx", self._folder)
        names = [str(row["file"]) for row in emitted.table("emitted")]
        self._designed = self._folder / next(name for name in names if name.endswith(".yaml"))
        chosen = _chosen(run)
        found = _of(_rows(report, "predicted"), "design", str(chosen["design"]))
        answers = {str(row["runs_as"]): row for row in emitted.table("agreement")}
        hand_overs = [
            HandOver(
                "time of the new network",
                self._table.name,
                "the network, timed whole",
                float(found["predicted_ns"]) / 1e3,
                float(found["measured_ns"]) / 1e3,
                "µs",
            )
        ]
        right = [float(each["accuracy"]) for each in answers.values() if each["accuracy"]]
        if len(right) > 1:
            hand_overs.append(
                HandOver(
                    "accuracy of the new network",
                    "agreement",
                    "the emitted ONNX file",
                    100 * right[0],
                    100 * right[-1],
                    "%",
                )
            )
        return Part(
            "search",
            "Which network is accurate and fast on this processor?",
            self._table.name,
            "design.json, ONNX file, manifest",
            f"dlscope codesign search --space {SPACE} --device {DEVICE} --data {IMAGES}"
            f" --epochs {self._effort.epochs} --table {self._table.name}",
            report,
            tuple(hand_overs),
        )

    def _evaluated_anew(self) -> Part:
        """Evaluate the new network like any other."""
        report = evaluate(
            str(self._designed),
            dataset=IMAGES,
            items=1000,
            scenario="quick",
            store=self._store,
            watcher=self._watcher,
        )
        return Part(
            "evaluate the new network",
            "Does it keep what the search promised?",
            self._designed.name,
            "accuracy, latency",
            f"dlscope evaluate {self._designed.name} --dataset {IMAGES}",
            report,
        )

    def _bounded_anew(self) -> Part:
        """Bound the new network like any other."""
        report = bound(
            str(self._designed.with_suffix(".onnx")),
            seconds=self._effort.bench_s,
            cores=1,
            partial=True,
            store=self._store,
            told=self._told,
        )
        return Part(
            "bound the new network",
            "How far is it from what is possible?",
            self._designed.with_suffix(".onnx").name,
            "bounds, advice",
            f"dlscope bound analyze {self._designed.with_suffix('.onnx').name}",
            report,
        )

    @property
    def _table(self) -> Path:
        return self._folder / "processor.json"


def _advised(row: dict[str, Any]) -> HandOver:
    return HandOver(
        f"saving of “{row['change']}”",
        "advice",
        "the model with it carried out",
        float(row["predicted_saving_ms"]),
        float(row["achieved_saving_ms"]),
        "ms",
    )


def _chosen(run: SearchRun) -> dict[str, Any]:
    return next(dict(row) for row in run.pareto if row["is_chosen"])


def _rows(report: Report, table: str) -> list[dict[str, Any]]:
    return list(map(dict, report.table(table)))


def _of(rows: list[dict[str, Any]], column: str, value: str) -> dict[str, Any]:
    return next(row for row in rows if row[column] == value)


def _cpu_s() -> float:
    """CPU seconds of this process and of all that it has waited for."""
    both = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in both)
