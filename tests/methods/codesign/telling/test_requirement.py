from __future__ import annotations

import pytest

from dlscope.core.manifest import RequirementsManifest
from dlscope.methods.codesign.telling.reached import Reached
from dlscope.methods.codesign.telling.requirement import requirements_of

REACHED = Reached(
    interval_ns=8e6,
    latency_ns=20e6,
    error=0.1,
    error_lo=0.08,
    error_hi=0.12,
    energy_j=0.02,
    weight_bytes=3 * 2.0**20,
    input=(3, 224, 224),
)


def requirement(streams: int = 1, **limits):
    asked = RequirementsManifest.model_validate(
        {"kind": "requirements", "schema_version": 1, "name": "a", "streams": streams, **limits}
    )
    return list(requirements_of(asked))[-1]


@pytest.mark.parametrize(
    ("limits", "value", "verdict"),
    [
        ({"latency_ms": 20}, 20, "met"),
        ({"latency_ms": 16}, 20, "missed by 25.0 %"),
        ({"latency_ms": 80, "streams": 8}, 76, "met"),
        ({"fps": 100}, 125, "met"),
        ({"fps": 20, "streams": 8}, 15.625, "missed by 21.9 %"),
        ({"accuracy": 0.85}, 90, "met"),
        ({"accuracy": 0.89}, 90, "met, within noise"),
        ({"accuracy": 0.91}, 90, "missed by 1.1 %, within noise"),
        ({"energy_j": 0.01}, 0.02, "missed by 100.0 %"),
        ({"fps": 50, "power_w": 1}, 1, "met"),
        ({"memory_mib": 4}, 3, "met"),
        ({"fps": 1, "input": [3, 224, 224]}, 50176, "met"),
        ({"fps": 1, "input": [3, 320, 320]}, 50176, "missed by 51.0 %"),
    ],
)
def test_a_limit_has_a_verdict(limits, value: float, verdict: str) -> None:
    found = requirement(**limits)
    reading = found.read(REACHED)
    assert reading is not None
    assert reading[0] == pytest.approx(value)
    assert found.verdict(REACHED) == verdict


@pytest.mark.parametrize(
    "limits",
    [
        {"latency_ms": 1},
        {"accuracy": 0.5},
        {"energy_j": 1},
        {"fps": 1, "power_w": 1},
        {"memory_mib": 1},
        {"fps": 1, "input": [1, 1, 1]},
    ],
)
def test_what_nobody_knows_is_not_measured(limits) -> None:
    found = requirement(**limits)
    assert found.verdict(Reached(interval_ns=1.0)) == "not measured"
    assert not found.is_met(Reached(interval_ns=1.0))


def test_several_streams_are_named_where_they_count() -> None:
    assert requirement(8, fps=1).words == "results a second of each of 8 streams"
    assert requirement(8, energy_j=1).words == "energy of a result, J"
    assert requirement(1, fps=1).limit == "≥ 1.00"
