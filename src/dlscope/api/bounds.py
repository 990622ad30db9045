"""How far models are from what is possible: `bound`, and its parts."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlscope.api.carrying_out import Names
from dlscope.api.command_line import command_of
from dlscope.api.watcher import Told, tell_nobody

if TYPE_CHECKING:
    from dlscope.core.report import Report
    from dlscope.methods.bounds.generating import ModelBenches
    from dlscope.methods.bounds.model_analysis import ModelAnalysis
    from dlscope.methods.bounds.request import BoundRequest
    from dlscope.methods.bounds.studying import Missing
    from dlscope.methods.bounds.suite import BoundSuite

_TURNS = 10
_EXPORT = ".jsonl"
_RESULTS = f"results{_EXPORT}"
_USUAL = {"device": "cpu", "threads": 1, "batch_size": 1, "seconds": 0.5}
_SHOWN_DIGITS, _MOST_COMMANDS = 12, 3


def bound(
    models: Names,
    *,
    backend: str = "onnxruntime",
    options: Mapping[str, Any] | None = None,
    device: str = "cpu",
    batch_size: int | Sequence[int] = 1,
    threads: int = 1,
    cores: int | None = None,
    dtypes: Sequence[str] | None = None,
    implementations: Sequence[str] = (),
    against: Sequence[str] = (),
    bindings: Mapping[str, int] | None = None,
    seconds: float | None = None,
    select_algorithm: str = "best",
    strategy: str = "both",
    paper_costs: bool = False,
    layouts: bool = True,
    verify: bool = False,
    partial: bool = False,
    measure: bool = True,
    refresh: bool = False,
    mixed: bool = False,
    drawn: bool = False,
    environment: str | None = None,
    store: str | None = None,
    told: Told = tell_nobody,
) -> Report:
    """The least latency that each model could have here, and what to change to come near it.

    Models are those of the catalog or ONNX files. Their layers are measured by every implementation
    that is installed for `device`, each at most `seconds`, and whole models, each at most ten times
    as long, on every backend that they are set `against` (by default all that are installed),
    unless the store holds it or without `measure`. Advice is about `backend` with `options`, on up
    to `cores` cores (by default all); with `verify` it is carried out, and what it saved is told.
    Layers without a measurement raise `BoundError` naming them all; with `partial` they are told in
    a table. With `mixed`, results of several versions of the tool count as one. With `drawn`, the
    graph with its critical path is attached as `MODEL.dot`, and a small one as `MODEL.svg`. Without
    `measure` they can be those of another `environment`, told by how its fingerprint begins.
    """
    from dlscope.methods.bounds.report import bounds_report
    from dlscope.methods.bounds.request import cores_of, strategy_of

    wanted = strategy_of(strategy)
    request = _request(
        backend,
        options,
        **_measured(device, threads, dtypes, implementations, seconds, is_refreshed=refresh),
        cores=cores_of(cores),
        against=against,
        selected=select_algorithm,
        is_paper_costed=paper_costs,
        has_layouts=layouts,
        is_verified=verify,
        is_partial=partial,
        is_mixed=mixed,
    )
    opened = _opened(models, batch_size, bindings, layouts)
    studied = _studied(request, opened, store, told, environment, measures=measure)
    return _placed(bounds_report(*studied, strategy=wanted, is_drawn=drawn), environment)


def _placed(report: Report, environment: str | None) -> Report:
    """`report` with what it is of, where that is not this machine."""
    if environment is None:
        return report
    told = f"these are bounds of the environment {environment}, where the layers were measured"
    return replace(report, warnings=(told, *report.warnings), next_commands=())


def generate_bounds(
    models: Names,
    *,
    batch_size: int | Sequence[int] = 1,
    bindings: Mapping[str, int] | None = None,
    layouts: bool = True,
) -> BoundSuite:
    """All that has to be measured to bound `models`, as a suite that needs them no more.

    Raises `DlscopeError` for an unknown model and for what is no ONNX graph.
    """
    from dlscope.methods.bounds.suite import BoundSuite

    return BoundSuite.of(_opened(models, batch_size, bindings, layouts))


def run_bounds(
    suite: BoundSuite | str | Path,
    *,
    device: str = "cpu",
    threads: int = 1,
    dtypes: Sequence[str] | None = None,
    implementations: Sequence[str] = (),
    seconds: float | None = None,
    refresh: bool = False,
    store: str | None = None,
    told: Told = tell_nobody,
) -> Report:
    """Measure what a suite holds and the store does not; how much is there of each implementation.

    Raises `BoundError` for a file that is no suite.
    """
    from dlscope.methods.bounds.gathering import Gathering
    from dlscope.methods.bounds.suite_report import suite_report
    from dlscope.stacks.fingerprint import environment
    from dlscope.store import Store

    loaded, here = _loaded(suite), environment()
    measured = _measured(device, threads, dtypes, implementations, seconds, is_refreshed=refresh)
    request = _request("onnxruntime", **measured)
    with Store.open(store) as database:
        gathering = Gathering(database.benchmarks, here, request)
        new = gathering.measure_suite(loaded, told)
        report = suite_report(loaded, gathering.results_of(loaded), new)
    asked = {
        "stored": True,
        "environment": here.fingerprint[:_SHOWN_DIGITS],
        "device": device,
        "threads": threads,
        "seconds": seconds,
        "batch_size": loaded.batch,
        "no_layouts": not loaded.reorders,
    }
    names = " ".join(dict.fromkeys(shlex.quote(model.name) for model in loaded.models))
    steps = (
        (command_of(f"bound export {_RESULTS}", {"store": store}), "what was measured, as a file"),
        (f"dlscope bound import {_RESULTS}", "that file, where the models are"),
        (command_of(f"bound analyze {names}", asked, _USUAL), "there, the bounds of this machine"),
    )
    return replace(report, next_commands=steps)


def _loaded(suite: BoundSuite | str | Path) -> BoundSuite:
    from dlscope.methods.bounds.suite import BoundSuite

    return suite if isinstance(suite, BoundSuite) else BoundSuite.load(Path(suite))


def export_benchmarks(path: str | Path, *, store: str | None = None) -> int:
    """Add every benchmark result of a store to a file that `import_benchmarks` reads elsewhere.

    How many were not in it. Raises `StoreError` for a file of another ending than `.jsonl`,
    `FileError` where it cannot be written.
    """
    from dlscope.core.errors import StoreError
    from dlscope.store import Store

    file = Path(path)
    if file.suffix != _EXPORT:
        raise StoreError(
            f"an export of benchmarks ends in {_EXPORT}",
            where=str(file),
            fix=f"name it {file.stem}{_EXPORT}",
        )
    with Store.open(store) as database:
        return database.benchmarks.export(file)


def import_benchmarks(path: str | Path, *, store: str | None = None) -> Report:
    """Store the results in a file of Google Benchmark or of dlscope's own export.

    Raises `StoreError` for another file.
    """
    from dlscope.methods.bounds.suite_report import import_report
    from dlscope.stacks.fingerprint import environment
    from dlscope.store import Store

    file = Path(path)
    with Store.open(store) as database:
        is_export = file.suffix == _EXPORT
        read = (
            database.benchmarks.import_
            if is_export
            else database.benchmarks.import_google_benchmark
        )
        report = import_report(file.name, read(file))
        known = database.benchmarks.fingerprints()
    here = environment().fingerprint
    asked = [{"environment": None if each == here else each[:_SHOWN_DIGITS]} for each in known]
    commands = [
        command_of("bound analyze MODEL", {"stored": True, **each, "store": store})
        for each in asked[:_MOST_COMMANDS]
    ]
    told = [(each, "the bounds of a model where these were measured") for each in commands]
    return replace(report, next_commands=tuple(told))


def _measured(
    device: str,
    threads: int,
    dtypes: Sequence[str] | None,
    implementations: Sequence[str],
    seconds: float | None,
    *,
    is_refreshed: bool,
) -> dict[str, Any]:
    """How layers are measured, as a request takes it."""
    from dlscope.methods.bounds.end_to_end import TurnRule
    from dlscope.methods.bounds.request import cores_of, device_of, dtypes_of, implementations_of

    return {
        "device": device_of(device),
        "threads": cores_of(threads, "--threads"),
        "dtypes": None if dtypes is None else dtypes_of(dtypes),
        "implementations": implementations_of(implementations),
        "seconds": seconds,
        "turns": None if seconds is None else TurnRule(seconds=_TURNS * seconds),
        "is_refreshed": is_refreshed,
    }


def _request(
    backend: str,
    options: Mapping[str, Any] | None = None,
    *,
    device: str,
    selected: str = "best",
    against: Sequence[str] = (),
    **others: Any,
) -> BoundRequest:
    """The request about `backend` with `options`; of `others`, None is for its own default."""
    from dlscope.methods.bounds.request import BoundRequest, against_of, baseline_of, selected_of

    return BoundRequest(
        baseline=baseline_of(backend, options or {}, device),
        device=device,
        selected=selected_of(selected),
        against=against_of(against),
        **{name: each for name, each in others.items() if each is not None},
    )


def _studied(
    request: BoundRequest,
    opened: Sequence[ModelBenches],
    store: str | None,
    told: Told,
    elsewhere: str | None,
    *,
    measures: bool,
) -> tuple[list[ModelAnalysis], Missing]:
    """Each model's bounds, here or elsewhere, and what is missing of those that have none."""
    from dlscope.core.errors import BoundError
    from dlscope.methods.bounds.gathering import Gathering
    from dlscope.methods.bounds.studying import study
    from dlscope.stacks.fingerprint import environment
    from dlscope.store import Store

    if elsewhere is not None and measures:
        raise BoundError(
            "another machine cannot be measured from here",
            where="--environment",
            fix="add --stored, or leave --environment out",
        )
    with Store.open(store) as database:
        known = database.benchmarks
        place = environment() if elsewhere is None else known.environment(elsewhere)
        gathering = Gathering(known, place, request)
        return study(gathering, opened, told, measures=measures)


def _opened(
    models: Names,
    batch_size: int | Sequence[int],
    bindings: Mapping[str, int] | None,
    layouts: bool,
) -> list[ModelBenches]:
    from dlscope.methods.bounds.opening import open_models

    names = [models] if isinstance(models, str) else list(models)
    batches = [batch_size] if isinstance(batch_size, int) else list(batch_size)
    return open_models(names, batches, bindings or {}, has_layouts=layouts)
