"""No heading of a table names its unit twice: `size bytes KiB`, `flops MFLOP`."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import pytest

from dlscope.core.units import _LADDERS as LADDERS
from dlscope.reporting.words import header_of

DOCS = Path(__file__).parents[2] / "docs"
OTHER_WORDS = {
    "ns": {"us"},
    "µs": {"us"},
    "bytes": {"byte", "mib"},
    "1/s": {"per s", "qps", "fps"},
    "bytes/s": {"bytes per s"},
    "GFLOP/s": {"gflops"},
    "GB/s": {"gbytes"},
    "%": {"percent", "pct"},
    "1/J": {"per j"},
}


@pytest.fixture
def columns(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    from generate import adaptation_tables as adaptation
    from generate import benchmark_tables as benchmarks
    from generate import codesign_tables as codesign
    from generate import machine_tables as machines
    from generate import measured_tables as measured
    from generate import skynet_tables as skynet

    tables = chain(
        adaptation.adaptation_tables(),
        benchmarks.benchmark_tables(),
        codesign.codesign_tables(),
        machines.machine_tables(),
        measured.analysis_tables(),
        measured.evaluation_tables(),
        skynet.skynet_tables(),
    )
    return [(name, column) for name, _, found in tables for column in found]


def words_of(unit: str) -> set[str]:
    """What may stand for a unit at the end of a name, in small letters."""
    shown = {scale.unit for scale in LADDERS.get(unit, ())} or {unit}
    own = {word.lower() for word in shown} | OTHER_WORDS.get(unit, set())
    return own | {f"{word}s" for word in own}


def test_no_heading_ends_with_the_words_of_its_unit(columns) -> None:
    twice = [
        f"{name}: {header} {column.unit}"
        for name, column in columns
        if column.unit and (header := header_of(column.name, column.unit))
        if any(f" {header.lower()}".endswith(f" {word}") for word in words_of(column.unit))
    ]
    assert len(columns) > 500
    assert twice == []
