"""EDD: its space, and the hardware models that it searches with, against published designs."""

from __future__ import annotations

import pytest
from paper_figures import require_agreement

from dlscope import api
from dlscope.catalog.finder import find
from dlscope.core.manifest import SpaceManifest
from dlscope.core.report import Report


def _space() -> SpaceManifest:
    space = find("space", "edd_imagenet")
    assert isinstance(space, SpaceManifest)
    return space


def _operations() -> int:
    """How many operations each block may be; the same for all of them."""
    (count,) = {len(block.ops) for block in _space().blocks}
    return count


COMPUTED = {
    "blocks": lambda: len(_space().blocks),
    "operations": _operations,
    "precisions": lambda: len(_space().quant),
}


@pytest.mark.parametrize("name", COMPUTED)
def test_figure(name: str) -> None:
    require_agreement(COMPUTED[name](), name, "edd")


@pytest.fixture(scope="module")
def report() -> Report:
    return api.validate_codesign()


@pytest.mark.parametrize(
    ("case", "figures"),
    [
        (
            "DNNBuilder VGG-16, plan A",
            {"cycles": 7_225_344, "fps": 27.68, "lanes": 2128, "dsp": 1152, "balance": 1.0},
        ),
        (
            "DNNBuilder VGG-16, plan B",
            {"cycles": 14_450_688, "fps": 13.84, "lanes": 1064, "dsp": 1152, "balance": 1.0},
        ),
        ("FINN CNV W1A1", {"cycles": 32_768, "fps": 3052}),
        ("FINN CNV W2A2", {"cycles": 115_200, "fps": 868}),
        ("FINN VGG10 RadioML", {"cycles": 1024, "fps": 244_141}),
    ],
)
def test_exact_designs_are_exact(report: Report, case: str, figures: dict[str, float]) -> None:
    rows = [row for row in report.table("validation") if row["case"] == case]
    found = {str(row["figure"]): row["predicted"] for row in rows}
    assert {name: found[name] for name in figures} == figures


def test_the_rate_that_the_paper_quotes_is_that_of_the_plan(report: Report) -> None:
    rows = report.table("validation")
    published = next(row for row in rows if row["figure"] == "published fps")
    assert published["reference"] == 27.7
    assert round(float(published["predicted"] or 0), 1) == 27.7


@pytest.mark.parametrize(
    ("place", "mape", "worst", "spearman"),
    [
        (0, 0.140, 0.409, 0.989),
        (1, 0.115, None, 0.994),
        (2, 0.205, None, 0.990),
        (3, 0.234, None, 0.953),
    ],
)
def test_three_constants_fit_as_well_as_the_reference_does(
    report: Report, place: int, mape: float, worst: float | None, spearman: float
) -> None:
    row = [each for each in report.table("splits") if each["form"] == "simple"][place]
    assert row["mape"] == pytest.approx(mape, abs=5e-4)
    assert row["spearman"] == pytest.approx(spearman, abs=5e-4)
    assert worst is None or row["worst"] == pytest.approx(worst, abs=5e-4)


def test_the_constants_of_all_rows_are_those_of_the_reference(report: Report) -> None:
    row = next(iter(report.table("splits")))
    assert row["efficiency"] == pytest.approx(0.506, abs=5e-4)
    assert row["bandwidth_bytes_per_s"] == pytest.approx(2.55e9, abs=5e6)
    assert row["overhead_ns"] == 0


@pytest.mark.parametrize(
    ("place", "most_mape", "least_spearman"), [(1, 0.12, 0.99), (2, 0.21, 0.985), (3, 0.26, 0.95)]
)
def test_tiles_predict_what_was_held_out_better(
    report: Report, place: int, most_mape: float, least_spearman: float
) -> None:
    simple, tiled = (
        [each for each in report.table("splits") if each["form"] == form][place]
        for form in ("simple", "tiled")
    )
    assert float(tiled["mape"] or 1) < float(simple["mape"] or 0) <= most_mape
    assert float(tiled["spearman"] or 0) > float(simple["spearman"] or 1) >= least_spearman
