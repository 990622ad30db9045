"""Composable benchmarks: `generate_bricks`, `run_bricks`, `compose_bricks` and the like."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dlscope.api.carrying_out import Names
from dlscope.api.watcher import Told, tell_nobody

if TYPE_CHECKING:
    from dlscope.core.report import Report
    from dlscope.methods.bricks.protocol import Protocol
    from dlscope.methods.bricks.suite import Suite


def generate_bricks(
    models: Names,
    *,
    granularity: int | Literal["whole"] = 1,
    cut: Literal["executed", "authored"] = "executed",
    partition: Literal["standard", "overlapping"] = "standard",
    batch_size: int = 1,
    bindings: Mapping[str, int] | None = None,
    default_dim: int | None = None,
    told: Told = tell_nobody,
) -> Suite:
    """A suite of the bricks of `models`, which are names of the catalog or paths of ONNX files.

    Each brick has at most `granularity` layers, all of the largest model where that is `whole`.
    They are cut from the graph that ONNX Runtime executes, or from the authored one; an overlapping
    `partition` has windows of so many layers, and what each shares with the one before. Free axes
    have the sizes of the model's manifest, those in `bindings`, or `default_dim`. Raises
    `DlscopeError` for an unknown model, one that is asked for twice, what is no graph, and for a
    granularity below 1.
    """
    from dlscope.backends.model_graph import graph_of
    from dlscope.graph.partition import require_granularity
    from dlscope.methods.bricks.cutting import cut_models
    from dlscope.methods.bricks.suite import require_one_of_each, runtime_here

    if granularity != "whole":
        require_granularity(granularity)
    names = [models] if isinstance(models, str) else [str(each) for each in models]
    require_one_of_each(names)
    graphs = []
    for index, name in enumerate(names):
        told(f"cutting {name}", index / len(names))
        found = graph_of(name, cut, batch=batch_size, bindings=bindings, default_dim=default_dim)
        graphs.append((found.name, found.graph))
    most = max((len(graph.layers) for _, graph in graphs), default=1)
    layers = max(most, 1) if granularity == "whole" else granularity
    return cut_models(graphs, layers, cut=cut, runtime=runtime_here(), partition=partition)


def add_to_bricks(
    suite: Suite, models: Names, *, told: Told = tell_nobody
) -> tuple[Suite, int, int]:
    """The suite with `models` added, how many bricks are new, and how many it had already.

    They are cut as the suite is, for as many inputs at once as its first model. Raises `GraphError`
    for a model that it has already.
    """
    found = generate_bricks(
        models,
        granularity=suite.granularity,
        cut=suite.cut,
        partition=suite.partition,
        batch_size=suite.models[0].batch if suite.models else 1,
        told=told,
    )
    joined = suite.with_models_of(found)
    new = len(joined.bricks) - len(suite.bricks)
    return joined, new, len(found.bricks) - new


def run_bricks(
    suites: Sequence[Suite],
    *,
    scope: Literal["suite", "model"] = "suite",
    threads: int = 1,
    processes: int = 3,
    min_rounds: int | None = None,
    max_seconds: float = 30.0,
    quick: bool = False,
    whole_models: bool = True,
    files: Sequence[str | Path] = (),
    store: str | None = None,
    refresh: bool = False,
    told: Told = tell_nobody,
) -> Report:
    """Time the bricks of each suite that have no time yet, and rebuild its models from them.

    With `whole_models`, those that the catalog knows, and those in the ONNX `files`, are timed
    beside their bricks, so that composed and measured latencies can be compared. With `quick`, a
    brick is timed only until each model that has it is known to 1 %, and there is no bracket. There
    are at least 15 rounds, 3 of a quick run. See `Protocol` for the others. Raises `BackendError`
    where a suite does not run here.
    """
    from dlscope.methods.bricks.campaign import measure
    from dlscope.methods.bricks.protocol import MIN_ROUNDS, QUICK_MIN_ROUNDS, Protocol
    from dlscope.stacks.fingerprint import environment
    from dlscope.store import Store

    protocol = Protocol(
        scope=scope,
        threads=threads,
        processes=processes,
        min_rounds=min_rounds or (QUICK_MIN_ROUNDS if quick else MIN_ROUNDS),
        max_seconds=max_seconds,
        is_quick=quick,
    )
    missing: list[str] = []
    with Store.open(store) as opened:
        for suite in suites:
            models, unknown = _whole_models(suite, files, told) if whole_models else ({}, [])
            missing += [each for each in unknown if each not in missing]
            tell = _share_of(told, suite, processes)
            measure(
                suite,
                protocol,
                opened.benchmarks,
                environment(),
                models,
                refresh=refresh,
                progress=tell,
            )
    warnings = [f"{each} is not measured whole: its graph is not here" for each in missing]
    return _composed(suites, protocol, store, (), None, warnings)


def compose_bricks(
    suites: Sequence[Suite],
    *,
    models: Names = (),
    scope: Literal["suite", "model"] = "suite",
    threads: int = 1,
    quick: bool = False,
    against: str | Path | None = None,
    store: str | None = None,
) -> Report:
    """The latency of each model, rebuilt from the times of its bricks; nothing is measured.

    Of the times of quick runs, with `quick`, or of the others. It is compared with what was
    measured among the bricks, or with the latencies in the JSON file
    `against`, which `compose_bricks`, `evaluate` or `profile` wrote. Raises `GraphError` for an
    unknown model, `MeasurementError` where no brick has a time here, or the file no latency.
    """
    from dlscope.methods.bricks.protocol import Protocol

    names = (models,) if isinstance(models, str) else tuple(models)
    protocol = Protocol(scope=scope, threads=threads, is_quick=quick)
    return _composed(suites, protocol, store, names, against, ())


def describe_bricks(suite: Suite) -> Report:
    """What a suite holds: layers, bricks, and how often each is used again."""
    from dlscope.methods.bricks.report import suite_report

    return suite_report(suite)


def read_bricks(path: str | Path) -> Suite:
    """The suite in a file. Raises `GraphError` for what is none."""
    from dlscope.methods.bricks.suite import Suite

    return Suite.load(Path(path))


def anonymous_bricks(suite: Suite, decoys: Sequence[Suite] = ()) -> Suite:
    """The suite without names, order and wiring, among the bricks of `decoys`; see its module."""
    from dlscope.methods.bricks.anonymous import anonymous

    return anonymous(suite, decoys)


def _composed(
    suites: Sequence[Suite],
    protocol: Protocol,
    store: str | None,
    names: Sequence[str],
    against: str | Path | None,
    warnings: Sequence[str],
) -> Report:
    from dlscope.methods.bricks.against import Latencies
    from dlscope.methods.bricks.campaign import composed
    from dlscope.methods.bricks.report import composition_report
    from dlscope.stacks.fingerprint import environment
    from dlscope.store import Store

    latencies = None if against is None else Latencies.load(Path(against))
    found = []
    started = ""
    with Store.open(store) as opened:
        for suite in suites:
            times, estimates, when = composed(
                suite, protocol, opened.benchmarks, environment().fingerprint, names, latencies
            )
            found.append((suite, times, estimates))
            started = max(started, when)
    return composition_report(
        found,
        protocol,
        against="" if against is None else str(against),
        warnings=warnings,
        created_utc=started,
    )


def _whole_models(
    suite: Suite, files: Sequence[str | Path], told: Told
) -> tuple[dict[str, Path], list[str]]:
    """Files of the models of a suite that are known here and the same, and the names of others."""
    from dlscope.backends.model_graph import graph_of
    from dlscope.core.errors import DlscopeError
    from dlscope.graph.brick import Brick
    from dlscope.graph.segment import Segment

    given = {Path(each).stem: str(each) for each in files}
    found: dict[str, Path] = {}
    unknown: list[str] = []
    for index, model in enumerate(suite.models):
        if not model.whole:  # an anonymous one is nobody's
            continue
        told(f"fetching {model.name}", index / len(suite.models))
        try:
            name = given.get(model.name, model.name)
            cut = graph_of(name, suite.cut, batch=model.batch, bindings=model.bindings)
        except DlscopeError:
            unknown.append(model.name)
            continue
        if Brick.of(Segment(cut.graph, cut.graph.layers)).id == model.whole:
            found[model.name] = cut.path
        else:
            unknown.append(model.name)
    return found, unknown


def _share_of(told: Told, suite: Suite, processes: int) -> Callable[[int, Mapping[str, Any]], None]:
    from dlscope.reporting.words import plural

    def tell(process: int, message: Mapping[str, Any]) -> None:
        bricks, layers = plural(message["bricks"], "brick"), plural(suite.granularity, "layer")
        share = (process + float(message.get("share", 0.0))) / processes
        turn = f"process {process + 1} of {processes}"
        walking = f"walking over {bricks} of at most {layers}, {turn}"
        told(str(message.get("step", walking)), share)

    return tell
