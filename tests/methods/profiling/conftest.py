"""The golden example of XSP's analyses, in several disguises; profiles made by hand, and real ones.

`spinning` and `overlapping` are backends of these tests alone, installed as anybody's would be.
"""

from __future__ import annotations

import dataclasses
import os
import random
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlscope.api.evaluation import experiment
from dlscope.core import registry
from dlscope.core.plan import Plan
from dlscope.core.run import Run
from dlscope.core.table import Table
from dlscope.core.trace import UNRESOLVED, Level, Span
from dlscope.core.workload import Context
from dlscope.methods.evaluation.planning import plan_experiment
from dlscope.methods.profiling.levels import LETTERS, parse_levels
from dlscope.methods.profiling.profile import Profile
from dlscope.methods.profiling.workload import Profiling
from dlscope.testing.profiles import golden_spans, profiling_run
from dlscope.testing.small_experiment import SmallExperiment, write_experiment

LEVELS = [Level.MODEL, Level.LAYER, Level.KERNEL]


def _shuffled(spans: list[Span]) -> list[Span]:
    generator = random.Random(3)
    ids = generator.sample(range(1, 10**9), len(spans))
    mixed = [dataclasses.replace(span, id=ids[span.id - 1]) for span in spans]
    generator.shuffle(mixed)
    return mixed


@pytest.fixture(params=["as it is", "permuted, random ids", "two threads", "streams"])
def golden(request: pytest.FixtureRequest) -> Profile:
    """The golden example: in order, permuted, on two threads, with kernels that run later."""
    streams = request.param == "streams"
    spans = golden_spans(streams=streams, threads=2 if request.param == "two threads" else 1)
    if request.param.startswith("permuted"):
        spans = _shuffled(spans)
    return Profile(profiling_run(spans, LEVELS))


@pytest.fixture(scope="session")
def profiled() -> Callable[..., Profile]:
    """A profile of spans whose parents are not known."""

    def profile(spans: list[Span], *levels: Level) -> Profile:
        return Profile(profiling_run(spans, list(levels)))

    return profile


def _spans(*runs: tuple[Sequence[int], Sequence[Any]]) -> list[Span]:
    """Spans whose parents are not known, from one (latencies of the model, parts) for each run.

    A part is (level, name, start, durations or one for all, fields of the span), its start counted
    from that of the model, all in µs; a duration of None is an iteration without it.
    """
    spans: list[Span] = []

    def add(level: Level, name: str, begin: int, us: int, **fields: Any) -> None:
        ends = (begin, begin + 1_000 * us)
        spans.append(Span(len(spans) + 1, UNRESOLVED, level, name, *ends, **fields))

    for run, (latencies, parts) in enumerate(runs):
        for iteration, latency in enumerate(latencies):
            begin = (run * 100 + iteration) * 10_000_000
            place = {"run": run, "iteration": iteration}
            add(Level.MODEL, "model", begin, latency, cpu_ns=1_000 * latency, **place)
            for letter, name, start, durations, *more in parts:
                us = durations if isinstance(durations, int) else durations[iteration]
                if us is not None:
                    fields = {**place, **(more[0] if more else {})}
                    add(LETTERS[letter], name, begin + 1_000 * start, us, **fields)
    return spans


@pytest.fixture(scope="session")
def made() -> Callable[..., Profile]:
    """A profile written by hand, see `_spans`; `plan` changes its plan, the rest its Run."""

    def make(
        levels: str,
        *runs: tuple[Sequence[int], Sequence[Any]],
        threads: int = 1,
        model: str = "resnet18",
        plan: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> Profile:
        run = profiling_run(_spans(*runs), parse_levels(levels), threads=threads)
        named = run.plan.model.model_copy(update={"name": model})
        changed = run.plan.model_copy(update={"model": named, **(plan or {})})
        return Profile(dataclasses.replace(run, plan=changed, **changes))

    return make


@pytest.fixture(scope="session")
def table() -> Callable[..., Table]:
    """The table of an analysis over profiles."""

    def of(name: str, *profiles: Profile) -> Table:
        found: Table = registry.load("analyses", name)().of_profiles(profiles)
        return found

    return of


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> SmallExperiment:
    """The manifests of a classifier of colours and its pictures."""
    return write_experiment(tmp_path_factory.mktemp("experiment"))


@pytest.fixture(scope="session")
def feeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the classifier is fed, one picture, as a child process reads it."""
    path = tmp_path_factory.mktemp("feeds") / "feeds.npz"
    np.savez(path, x=np.zeros((1, 3, 8, 8), np.float32))
    return path


@pytest.fixture(scope="session")
def _plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plugin")
    for name in ("spinning.py", "overlapping.py"):
        shutil.copy(Path(__file__).with_name(name), folder / name)
    told = folder / "spinning-1.0.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: spinning\nVersion: 1.0\n")
    points = (
        "[dlscope.backends]\nspinning = spinning:SpinningBackend\n"
        "overlapping = overlapping:OverlappingBackend\n"
    )
    (told / "entry_points.txt").write_text(points)
    return folder


@pytest.fixture
def spinning(_plugin: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a backend that is installed here and in every child process."""
    monkeypatch.syspath_prepend(str(_plugin))
    monkeypatch.setenv("PYTHONPATH", str(_plugin), prepend=os.pathsep)
    registry._entry_points.cache_clear()
    yield "spinning"
    registry._entry_points.cache_clear()


@pytest.fixture
def order(files: SmallExperiment, feeds: Path) -> Callable[..., dict[str, Any]]:
    """What every run of a leveled experiment is told alike."""

    def told(backend: str, warmup: int = 1, **options: Any) -> dict[str, Any]:
        return {
            "backend": backend,
            "options": options,
            "graph": str(files.model.with_name("colors.onnx")),
            "feeds": str(feeds),
            "warmup": warmup,
        }

    return told


@pytest.fixture(scope="session")
def plan(files: SmallExperiment) -> Callable[..., Plan]:
    """A plan to profile the classifier of colours."""

    def planned(
        backend: str,
        levels: Iterable[str] = ("MODEL", "LAYER"),
        iterations: int = 3,
        batch_size: int = 1,
        options: Mapping[str, Any] | None = None,
        of: SmallExperiment = files,
        **changes: Any,
    ) -> Plan:
        asked = experiment(
            str(of.model),
            backend=backend,
            dataset=str(of.dataset),
            scenario={"name": "batched", "mode": "performance", "batch_size": [batch_size]},
            options={"threads": 1, **(options or {})},
        )
        wanted = {"levels": list(levels), "iterations": iterations, "warmup": 1}
        fields = {"workload": "profiling", "options": wanted, "items": 1, **changes}
        return plan_experiment(asked).plans[0].model_copy(update=fields)

    return planned


@pytest.fixture(scope="session")
def carry_out() -> Callable[..., Run]:
    """Carries a plan out; its runs are processes of their own."""

    def execute(plan: Plan, **context: Any) -> Run:
        return Profiling().execute(plan, Context("r-1", **context))

    return execute
