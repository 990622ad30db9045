from __future__ import annotations

from pathlib import Path

import pytest

from dlscope import api
from dlscope.core.errors import DlscopeError
from dlscope.testing.small_experiment import write_experiment


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A store without benchmarks, and a catalog with the small model `colors`."""
    (tmp_path / "catalog").mkdir()
    write_experiment(tmp_path / "catalog")
    monkeypatch.setenv("DLSCOPE_CATALOG", str(tmp_path / "catalog"))
    return str(tmp_path / "store")


def test_without_times_bricks_are_counted(store: str) -> None:
    report = api.known_bricks("colors", store=store)
    assert [table.name for table in report.tables] == ["stats", "operators"]
    assert report.command == "dlscope bricks generate colors"


def test_an_unknown_model_is_refused(store: str) -> None:
    with pytest.raises(DlscopeError, match="colros"):
        api.known_bricks("colros", store=store)


@pytest.mark.slow
def test_without_results_no_bound_is_known_and_nothing_is_measured(store: str) -> None:
    report = api.known_bounds("colors", store=store)
    assert len(report.table("bounds")) == len(report.table("assumptions")) == 0
    assert len(report.table("missing")) > 0
    assert "composition" not in [table.name for table in report.tables]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_bricks_of_each_granularity_are_measured_once(store: str) -> None:
    first = api.measure_bricks("colors", seconds=0.05, store=store)
    again = api.known_bricks("colors", store=store)
    assert again.table("composition") == first.table("composition")
    sizes = again.table("composition").column("granularity")
    assert len(sizes) == len(set(sizes)) > 1


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_bricks_of_a_quick_run_are_known_where_there_are_no_others(store: str) -> None:
    suite = api.generate_bricks("colors")
    api.run_bricks([suite], quick=True, store=store)
    known = api.known_bricks("colors", store=store)
    assert known.table("composition").column("granularity") == (1,)
