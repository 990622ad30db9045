"""One trained network on every framework that is installed here gives the same answers."""

from __future__ import annotations

import pytest

from dlscope import api
from dlscope.core import registry
from dlscope.core.report import Report

# Each framework is measured by a worker of its own, and some compile for half a minute.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

FEWEST = 8


def _installed() -> list[str]:
    table = api.doctor().table("backends")
    return [str(row["backend"]) for row in table if row["available"] and row["backend"] != "mock"]


@pytest.fixture(scope="module")
def backends() -> list[str]:
    found = _installed()
    if len(found) < FEWEST:
        pytest.skip(f"{len(found)} frameworks are installed here, {FEWEST} are needed")
    return found


@pytest.fixture(scope="module")
def report(backends: list[str], tmp_path_factory: pytest.TempPathFactory) -> Report:
    # A cache of its own: what was converted by an earlier version proves nothing.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DLSCOPE_CACHE", str(tmp_path_factory.mktemp("cache")))
        return api.compare(
            "efficientnet-lite0",
            dataset="imagenet-mini20",
            # The first is what the others are held against.
            backends=sorted(backends, key=lambda name: name != "reference"),
            scenario="quick",
            store=str(tmp_path_factory.mktemp("store")),
        )


def test_all_of_them_answer_every_photograph(report: Report, backends: list[str]) -> None:
    rows = list(report.table("accuracy"))
    assert sorted(str(row["backend"]) for row in rows) == backends
    assert {(row["n"], row["top_1"]) for row in rows} == {(20, 0.9)}


def test_all_of_them_agree_on_every_photograph(report: Report, backends: list[str]) -> None:
    rows = list(report.table("agreement"))
    assert len(rows) == len(backends) - 1
    assert {(row["n"], row["top_1_agreement"], row["agrees"]) for row in rows} == {(20, 1.0, True)}
    differences = {str(row["backend"]): float(str(row["relative_difference"])) for row in rows}
    assert max(differences.values()) <= 1e-4, differences


def test_conversion_is_told_apart_from_loading(report: Report, backends: list[str]) -> None:
    rows = [row for row in report.table("stages") if row["stage"] == "convert"]
    converting = {name for name in backends if registry.load("backends", name).converts}
    assert {str(row["backend"]) for row in rows} == converting
    assert all(int(str(row["mean_ns"])) > 0 for row in rows)


def test_each_framework_reports_the_precision_it_computes_in(report: Report) -> None:
    precision = {str(row["backend"]): row["precision"] for row in report.table("models")}
    # The reference has the types of the file, whatever they are.
    assert precision.pop("reference") == "as declared"
    assert set(precision.values()) == {"float32"}
