"""Composable benchmarks: `generate_bricks`, `run_bricks`, `compose_bricks` and the like."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dlscope.api.carrying_out import Names

if TYPE_CHECKING:
    from dlscope.core.report import Report
    from dlscope.methods.bricks.protocol import Protocol
    from dlscope.methods.bricks.suite import Suite

Told = Callable[[str, float], None]
"""Receives what is being done and how much of it is, 0…1."""


def _quiet(_step: str, _share: float) -> None:
    return


def generate_bricks(
    models: Names,
    *,
    granularity: int = 1,
    cut: Literal["executed", "authored"] = "executed",
    batch_size: int = 1,
    bindings: Mapping[str, int] | None = None,
    default_dim: int | None = None,
    told: Told = _quiet,
) -> Suite:
    """A suite of the bricks of `models`, which are names of the catalog or paths of ONNX files.

    Each brick has at most `granularity` layers. They are cut from the graph that ONNX Runtime
    executes, or from the authored one. Free axes have the sizes of the model's manifest, those in
    `bindings`, or `default_dim`. Raises `DlscopeError` for an unknown model, for what is no graph,
    and for a granularity below 1.
    """
    from dlscope.backends.model_graph import graph_of
    from dlscope.graph.partition import require_granularity
    from dlscope.methods.bricks.cutting import cut_models

    require_granularity(granularity)
    names = [models] if isinstance(models, str) else list(models)
    graphs = []
    for index, name in enumerate(names):
        told(f"cutting {name}", index / len(names))
        found = graph_of(name, cut, batch=batch_size, bindings=bindings, default_dim=default_dim)
        graphs.append((found.name, found.graph))
    return cut_models(graphs, granularity, cut=cut, runtime=_runtime())


def add_to_bricks(suite: Suite, models: Names, *, told: Told = _quiet) -> tuple[Suite, int, int]:
    """The suite with `models` added, how many bricks are new, and how many it had already.

    They are cut as the suite is. Raises `GraphError` for a model that it has already.
    """
    found = generate_bricks(models, granularity=suite.granularity, cut=suite.cut, told=told)
    joined = suite.with_models_of(found)
    new = len(joined.bricks) - len(suite.bricks)
    return joined, new, len(found.bricks) - new


def run_bricks(
    suites: Sequence[Suite],
    *,
    scope: Literal["suite", "model"] = "suite",
    threads: int = 1,
    processes: int = 3,
    min_rounds: int = 15,
    max_seconds: float = 30.0,
    whole_models: bool = True,
    store: str | None = None,
    refresh: bool = False,
    told: Told = _quiet,
) -> Report:
    """Time the bricks of each suite that have no time yet, and rebuild its models from them.

    With `whole_models`, those that the catalog knows are timed beside their bricks, so that
    composed and measured latencies can be compared. See `Protocol` for the others. Raises
    `BackendError` where a suite does not run here.
    """
    from dlscope.methods.bricks.campaign import measure
    from dlscope.methods.bricks.protocol import Protocol
    from dlscope.stacks.fingerprint import environment
    from dlscope.store import Store

    protocol = Protocol(
        scope=scope,
        threads=threads,
        processes=processes,
        min_rounds=min_rounds,
        max_seconds=max_seconds,
    )
    missing: list[str] = []
    with Store.open(store) as opened:
        for suite in suites:
            models, unknown = _whole_models(suite, told) if whole_models else ({}, [])
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
    return _composed(suites, protocol, store, (), warnings)


def compose_bricks(
    suites: Sequence[Suite],
    *,
    models: Names = (),
    scope: Literal["suite", "model"] = "suite",
    threads: int = 1,
    store: str | None = None,
) -> Report:
    """The latency of each model, rebuilt from the times of its bricks; nothing is measured.

    Raises `GraphError` for an unknown model, `MeasurementError` where no brick has a time here.
    """
    from dlscope.methods.bricks.protocol import Protocol

    names = (models,) if isinstance(models, str) else tuple(models)
    return _composed(suites, Protocol(scope=scope, threads=threads), store, names, ())


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
    warnings: Sequence[str],
) -> Report:
    from dlscope.methods.bricks.campaign import composed
    from dlscope.methods.bricks.report import composition_report
    from dlscope.stacks.fingerprint import environment
    from dlscope.store import Store

    found = []
    started = ""
    with Store.open(store) as opened:
        for suite in suites:
            times, estimates, when = composed(
                suite, protocol, opened.benchmarks, environment().fingerprint, names
            )
            found.append((suite, times, estimates))
            started = max(started, when)
    return composition_report(found, protocol, warnings=warnings, created_utc=started)


def _whole_models(suite: Suite, told: Told) -> tuple[dict[str, Path], list[str]]:
    """Files of the models of a suite that are known here and the same, and the names of others."""
    from dlscope.backends.model_graph import graph_of
    from dlscope.core.errors import DlscopeError
    from dlscope.graph.brick import Brick
    from dlscope.graph.segment import Segment

    found: dict[str, Path] = {}
    unknown: list[str] = []
    for index, model in enumerate(suite.models):
        told(f"fetching {model.name}", index / len(suite.models))
        try:
            cut = graph_of(model.name, suite.cut, batch=model.batch)
        except DlscopeError:
            unknown.append(model.name)
            continue
        if Brick.of(Segment(cut.graph, cut.graph.layers)).id == model.whole:
            found[model.name] = cut.path
        else:
            unknown.append(model.name)
    return found, unknown


def _runtime() -> str:
    """What runs bricks; an executed graph is valid for this version alone."""
    from importlib.metadata import version

    return f"onnxruntime {version('onnxruntime')}"


def _share_of(told: Told, suite: Suite, processes: int) -> Callable[[int, Mapping[str, Any]], None]:
    def tell(process: int, message: Mapping[str, Any]) -> None:
        bricks = f"{len(suite.bricks)} bricks of {suite.granularity}"
        share = (process + float(message.get("share", 0.0))) / processes
        told(f"walking over {bricks}, process {process + 1} of {processes}", share)

    return tell
