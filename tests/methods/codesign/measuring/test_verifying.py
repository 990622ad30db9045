from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from measured_space import small_space
from synthetic_profile import made_up

from dlscope.core.errors import MeasurementError
from dlscope.methods.codesign.implementing.implementer import Implementer
from dlscope.methods.codesign.measuring import verifying
from dlscope.methods.codesign.measuring.local_table import local_table
from dlscope.methods.codesign.measuring.verifying import measured_designs
from dlscope.methods.codesign.measuring.walk_protocol import WalkProtocol
from dlscope.methods.codesign.measuring.walking import Walked
from dlscope.methods.codesign.space.design import Design

SPACE = small_space(32)
PROFILED = made_up(SPACE)
IMPLEMENTER = Implementer(SPACE, local_table([PROFILED], "a" * 64).device(SPACE))
DESIGNS = {
    name: Design(SPACE.digest, operations, (0, 0, 0, 0))
    for name, operations in (("light", (1, 2, 2, 2)), ("heavy", (0, 0, 0, 0)))
}


def measured(monkeypatch, *, speed: float, failed=None):
    """As if the machine were slower by `speed` today, and every design took 1.2 of its line."""
    anchors = verifying._anchors(PROFILED)
    own = [1.2 * IMPLEMENTER.time_ns(each) for each in DESIGNS.values()]
    took = speed * np.array([*own, *(PROFILED.rows[each].median_ns for each in anchors)])
    times = took * np.linspace(0.99, 1.01, 31)[:, None]

    def timed(models, protocol, told) -> Walked:
        assert len(models) == len(took)
        return Walked("2026-01-01T00:00:00Z", tuple(range(len(took))), times, took, failed or {}, 0)

    monkeypatch.setattr(verifying, "walked", timed)
    return measured_designs(IMPLEMENTER, DESIGNS, PROFILED, WalkProtocol())


@pytest.mark.parametrize("speed", [1.0, 1.7])
def test_how_fast_the_machine_is_today_does_not_count(monkeypatch, speed: float) -> None:
    table = measured(monkeypatch, speed=speed)
    assert table.column("design") == ("light", "heavy")
    for row, design in zip(table, DESIGNS.values(), strict=True):
        assert row["predicted_ns"] == pytest.approx(IMPLEMENTER.time_ns(design))
        assert row["error"] == pytest.approx(1 / 1.2 - 1, rel=1e-3)
        assert row["measured_lo_ns"] < row["measured_ns"] < row["measured_hi_ns"]


def test_a_design_that_cannot_be_timed_is_refused(monkeypatch) -> None:
    with pytest.raises(MeasurementError, match="design 0 of 14 cannot be timed: no kernel"):
        measured(monkeypatch, speed=1.0, failed={0: "no kernel"})


def test_without_networks_of_this_machine_nothing_says_how_fast_it_is() -> None:
    bare = replace(PROFILED, networks=())
    with pytest.raises(MeasurementError) as refused:
        measured_designs(IMPLEMENTER, DESIGNS, bare, WalkProtocol())
    assert refused.value.what == "no network of the space was timed on this machine"
