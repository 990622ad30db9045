"""What the store knows of one model beside its runs: `known_bounds`, `known_bricks`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from dlscope.api.watcher import Told, tell_nobody

if TYPE_CHECKING:
    from dlscope.core.report import Block, Report, Section
    from dlscope.methods.bricks.suite import Suite

GRANULARITIES: tuple[int | Literal["whole"], ...] = (1, 2, 4, 8, "whole")
"""Of the suites into which `known_bricks` and `measure_bricks` cut a model."""
WALK_SECONDS = 30.0
"""Longest that a process walks over bricks."""


def known_bounds(
    model: str,
    *,
    backend: str = "onnxruntime",
    threads: int = 1,
    batch_size: int = 1,
    seconds: float | None = None,
    store: str | None = None,
) -> Report:
    """The bounds of a model, the advice, and the model rebuilt from bricks, as far as is stored.

    Nothing is measured: without results of this machine the table `bounds` is empty. Options are
    those of `bound`. Raises `DlscopeError` for an unknown model and for what is no ONNX graph.
    """
    from dlscope.api.bounds import bound
    from dlscope.methods.bounds.assumptions import assumptions_table

    report = bound(
        model,
        backend=backend,
        threads=threads,
        batch_size=batch_size,
        seconds=seconds,
        measure=False,
        partial=True,
        store=store,
    )
    assumed = assumptions_table(report.table("bounds"))
    rebuilt = known_bricks(model, threads=threads, batch_size=batch_size, store=store)
    has_bricks = any(table.name == "composition" for table in rebuilt.tables)
    sections = [each for section in report.sections for each in _apart(section, assumed)]
    if has_bricks:
        sections.insert(-1, rebuilt.sections[0])
    return replace(
        report,
        tables=(*report.tables, assumed, *((rebuilt.table("composition"),) if has_bricks else ())),
        sections=tuple(sections),
        command=f"dlscope bound analyze {model}",
    )


def known_bricks(
    model: str, *, threads: int = 1, batch_size: int = 1, store: str | None = None
) -> Report:
    """A model rebuilt from the bricks that were timed here, cut at several granularities.

    Nothing is measured: without any time of this machine, or else of a quick run on it, the report
    tells how many bricks there would be. Raises `DlscopeError` for an unknown model and for what is
    no ONNX graph.
    """
    from dlscope.api.bricks import compose_bricks, describe_bricks

    suites = list(_suites(model, batch_size))
    command = f"dlscope bricks generate {model}"
    for quick in (False, True):
        compose = partial(compose_bricks, threads=threads, quick=quick, store=store)
        timed = [suite for suite in suites if _is_timed(suite, compose)]
        if timed:
            return replace(compose(timed), command=command)
    return replace(describe_bricks(suites[0]), command=command)


def _is_timed(suite: Suite, compose: Callable[[list[Suite]], Report]) -> bool:
    from dlscope.core.errors import MeasurementError

    try:
        compose([suite])
    except MeasurementError:
        return False
    return True


def measure_bricks(
    model: str,
    *,
    threads: int = 1,
    batch_size: int = 1,
    seconds: float = WALK_SECONDS,
    store: str | None = None,
    told: Told = tell_nobody,
) -> Report:
    """A model rebuilt from its bricks at several granularities, those timed that have no time.

    `seconds` is the longest that each of the processes walks on.
    """
    from dlscope.api.bricks import run_bricks

    suites = list(_suites(model, batch_size))
    return run_bricks(suites, threads=threads, max_seconds=seconds, store=store, told=told)


def _suites(model: str, batch_size: int) -> Iterator[Suite]:
    """A suite for each granularity below that of the whole model, and one for that."""
    from dlscope.api.bricks import generate_bricks

    layers: int | None = None
    for granularity in GRANULARITIES:
        if granularity != "whole" and layers is not None and granularity >= layers:
            continue
        suite = generate_bricks(model, granularity=granularity, batch_size=batch_size)
        layers = suite.layers
        yield suite


def _apart(section: Section, assumed: Block) -> Iterator[Section]:
    """The figure of the bounds beside what they assume, the backends below."""
    from dlscope.core.report import Figure, Section

    figure = section.blocks[0] if section.blocks else None
    if section.title != "Measured against bounds" or not isinstance(figure, Figure):
        yield section
        return
    yield Section(section.title, (figure,))
    yield Section("Bounds", (assumed,))
    yield Section("By backend", section.blocks[1:], section.note)
