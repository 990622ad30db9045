from __future__ import annotations

import pytest

from dlscope.catalog.finder import find
from dlscope.core.errors import SearchError
from dlscope.devices.fpga_pipelined import PipelinedFpga
from dlscope.devices.fpga_recursive import RecursiveFpga
from dlscope.methods.codesign.implementing.implementer import Implementer
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space
from dlscope.methods.codesign.targets.report import targets_report
from dlscope.methods.codesign.targets.targets_table import Candidate, placed_on, targets_table

SPACE = Space(find("space", "tiny_grey_4"))
BOARD = find("board", "pynq_z1")
DEVICES = {"recursive": RecursiveFpga(BOARD), "pipelined": PipelinedFpga(BOARD)}
LIGHT = Design(SPACE.digest, (0, 0, 4, 0), (0, 0, 0, 0))
HEAVY = Design(SPACE.digest, (3, 3, 3, 3), (2, 2, 2, 2))


def candidates(light: float, heavy: float) -> list[Candidate]:
    return [
        Candidate("heavy", HEAVY, "recursive", heavy),
        Candidate("light", LIGHT, "pipelined", light),
    ]


def test_every_design_has_its_best_time_on_every_device() -> None:
    table = targets_table(placed_on(SPACE, DEVICES, candidates(0.2, 0.2)))
    assert len(table) == 4
    for row in table:
        design = {"light": LIGHT, "heavy": HEAVY}[str(row["design"])]
        implementer = Implementer(SPACE, DEVICES[str(row["device"])])
        assert row["interval_ns"] == pytest.approx(implementer.time_ns(design))
        assert row["score"] == pytest.approx(row["error"] * row["interval_ns"] / 1e6)


def test_the_best_of_each_device_comes_first_and_the_others_are_slower() -> None:
    table = targets_table(placed_on(SPACE, DEVICES, candidates(0.2, 0.2)))
    assert table.column("design") == ("light", "heavy") * 2
    assert table.column("is_winner") == (True, False) * 2
    assert table.column("rank") == (1, 2) * 2
    slowdowns = table.column("slowdown")
    assert slowdowns[::2] == (1, 1)
    assert min(slowdowns[1::2]) > 1


def test_one_winner_for_all_is_said_so() -> None:
    report = targets_report(placed_on(SPACE, DEVICES, candidates(0.2, 0.2)))
    assert report.answer == "Design light wins on all 2 devices."
    assert report.findings == ()


def test_a_winner_that_changes_is_said_with_what_it_costs_elsewhere() -> None:
    ratios = {
        name: Implementer(SPACE, device).time_ns(HEAVY) / Implementer(SPACE, device).time_ns(LIGHT)
        for name, device in DEVICES.items()
    }
    # Between the two ratios of time lies a ratio of errors with which each device has its own.
    between = sum(ratios.values()) / 2
    report = targets_report(placed_on(SPACE, DEVICES, candidates(0.01 * between, 0.01)))
    assert report.answer.startswith("The winner changes with the device: ")
    assert len(report.findings) == 2
    assert all(len(each.rows) == 2 for each in report.findings)


def test_a_design_that_does_not_fit_has_a_reason() -> None:
    small = PipelinedFpga(BOARD)
    small.budget = {**small.budget, "dsp": 3.0}
    placed = placed_on(SPACE, {**DEVICES, "small": small}, candidates(0.2, 0.2))
    rows = [row for row in targets_table(placed) if row["device"] == "small"]
    assert {row["interval_ns"] for row in rows} == {None}
    assert all(str(row["reason"]).startswith("infeasible: ") for row in rows)
    assert targets_report(placed).answer == "Designs run on 2 of 3 devices only."


@pytest.mark.parametrize(
    ("several", "devices", "message"),
    [
        ([], DEVICES, "0 designs on 2 devices are no comparison"),
        (
            candidates(0.2, 0.2),
            {"one": DEVICES["recursive"]},
            "2 designs on 1 device are no comparison",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused(several, devices, message: str) -> None:
    with pytest.raises(SearchError) as refused:
        placed_on(SPACE, devices, several)
    assert refused.value.what == message
