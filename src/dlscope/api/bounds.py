"""How far models are from what is possible: `bound`, and its parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlscope.api.carrying_out import Names
from dlscope.api.watcher import Told, tell_nobody

if TYPE_CHECKING:
    from dlscope.core.report import Report
    from dlscope.methods.bounds.generating import ModelBenches
    from dlscope.methods.bounds.model_analysis import ModelAnalysis
    from dlscope.methods.bounds.request import BoundRequest
    from dlscope.methods.bounds.studying import Missing
    from dlscope.methods.bounds.suite import BoundSuite

_TURNS = 10


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
    store: str | None = None,
    told: Told = tell_nobody,
) -> Report:
    """The least latency that each model could have here, and what to change to come near it.

    Models are those of the catalog or ONNX files. Their layers are measured by every
    implementation that is installed for `device`, each at most `seconds`, and whole models, each
    at most ten times as long, on every backend that they are set `against` (by default all that
    are installed), unless the store holds it or without `measure`. Advice is about `backend` with
    `options`, on up to `cores` cores (by default all that there are); with `verify` it is carried
    out, and what it saved is told. Layers without a measurement raise `BoundError` naming them
    all; with `partial` they are told in a table. With `mixed`, results of several versions of the
    tool count as one. With `drawn`, the graph with its critical path is attached as `MODEL.dot`
    and, where it is small enough, as `MODEL.svg`.
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
    studied = _studied(request, opened, store, told, measures=measure)
    return bounds_report(*studied, strategy=wanted, is_drawn=drawn)


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
    from dlscope.methods.bounds.suite import BoundSuite
    from dlscope.methods.bounds.suite_report import suite_report
    from dlscope.stacks.fingerprint import environment
    from dlscope.store import Store

    loaded = suite if isinstance(suite, BoundSuite) else BoundSuite.load(Path(suite))
    measured = _measured(device, threads, dtypes, implementations, seconds, is_refreshed=refresh)
    request = _request("onnxruntime", **measured)
    with Store.open(store) as database:
        gathering = Gathering(database.benchmarks, environment(), request)
        new = gathering.measure_suite(loaded, told)
        return suite_report(loaded, gathering.results_of(loaded), new)


def import_benchmarks(path: str | Path, *, store: str | None = None) -> Report:
    """Store the results in a file of Google Benchmark or of dlscope's own export.

    Raises `StoreError` for another file.
    """
    from dlscope.methods.bounds.suite_report import import_report
    from dlscope.store import Store

    file = Path(path)
    with Store.open(store) as database:
        is_export = file.suffix == ".jsonl"
        read = (
            database.benchmarks.import_
            if is_export
            else database.benchmarks.import_google_benchmark
        )
        return import_report(file.name, read(file))


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
    *,
    measures: bool,
) -> tuple[list[ModelAnalysis], Missing]:
    """Each model's bounds, and what is missing of those that have none."""
    from dlscope.methods.bounds.gathering import Gathering
    from dlscope.methods.bounds.studying import study
    from dlscope.stacks.fingerprint import environment
    from dlscope.store import Store

    with Store.open(store) as database:
        gathering = Gathering(database.benchmarks, environment(), request)
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
