from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dlscope.core.manifest import ScenarioManifest
from dlscope.core.run import Condition, Samples
from dlscope.loadgen.validity import (
    failed_items_condition,
    interference_condition,
    scenario_conditions,
)


def _scenario(**changes: Any) -> ScenarioManifest:
    fields = {"min_duration_ms": 2000, "min_queries": 4, "max_failed_fraction": 0.25, **changes}
    return ScenarioManifest(schema_version=1, name="online", type="online", **fields)


def _samples(duration_ns: int, ok: list[bool]) -> Samples:
    if not ok:
        return Samples.empty()
    ends = np.linspace(0, duration_ns, len(ok) + 1).astype(np.int64) + 12_345
    ends[-1] = 12_345 + duration_ns
    return Samples(ends[:-1], ends[:-1], ends[1:], np.array(ok))


def test_a_run_that_meets_every_minimum_is_valid() -> None:
    assert scenario_conditions(_samples(2_000_000_000, [True] * 4), _scenario()) == (
        Condition("minimum duration", "2.00 s", "≥ 2 s", holds=True),
        Condition("minimum queries", "4", "≥ 4", holds=True),
        Condition("every query answered", "0 of 4 failed", "≤ 25.0 %", holds=True),
    )


def test_a_run_that_misses_every_minimum_says_how_to_mend_it() -> None:
    short = _samples(1_999_999_999, [True, False, True])
    assert scenario_conditions(short, _scenario()) == (
        Condition(
            "minimum duration",
            "1.99 s",
            "≥ 2 s",
            holds=False,
            advice="raise max_queries or max_duration_ms",
        ),
        Condition("minimum queries", "3", "≥ 4", holds=False, advice="raise max_duration_ms"),
        Condition(
            "every query answered",
            "1 of 3 failed",
            "≤ 25.0 %",
            holds=False,
            advice="see the log of the run",
        ),
    )


def test_the_duration_is_compared_in_whole_nanoseconds() -> None:
    scenario = _scenario(min_duration_ms=500.3)
    assert scenario_conditions(_samples(500_300_000, [True] * 4), scenario)[0].holds
    assert not scenario_conditions(_samples(500_299_999, [True] * 4), scenario)[0].holds


def test_the_allowed_share_of_failures_may_be_reached() -> None:
    answered = scenario_conditions(_samples(10**10, [True, True, False, True]), _scenario())[2]
    assert (answered.measured, answered.holds) == ("1 of 4 failed", True)


def test_a_run_without_queries_is_not_valid() -> None:
    conditions = scenario_conditions(Samples.empty(), _scenario())
    assert [(each.measured, each.holds) for each in conditions] == [
        ("0.00 s", False),
        ("0", False),
        ("0 of 0 failed", False),
    ]


@pytest.mark.parametrize(
    ("share", "is_disturbed", "reason", "measured", "holds", "advice"),
    [
        (0.013, False, "", "1.3 % of CPU time", True, ""),
        (
            0.2,
            True,
            "",
            "20.0 % of CPU time",
            False,
            "stop other programs and run it again with --rerun",
        ),
        (
            0.01,
            True,
            "the clock fell",
            "the clock fell",
            False,
            "stop other programs and run it again with --rerun",
        ),
        (None, None, "no /proc here", "not measured: no /proc here", True, ""),
    ],
)
def test_interference(
    share: float | None,
    is_disturbed: bool | None,
    reason: str,
    measured: str,
    holds: bool,
    advice: str,
) -> None:
    assert interference_condition(share, is_disturbed=is_disturbed, reason=reason) == Condition(
        "interference",
        measured,
        "≤ 5 % CPU time of others, frequency −10 % at most",
        holds,
        advice,
    )


@pytest.mark.parametrize(
    ("failed", "items", "measured", "holds", "advice"),
    [
        (0, 20, "0 of 20", True, ""),
        (5, 20, "5 of 20", True, ""),
        (6, 20, "6 of 20", False, "see which items failed and why in the table failures"),
        (0, 0, "0 of 0", True, ""),
    ],
)
def test_failed_items(failed: int, items: int, measured: str, holds: bool, advice: str) -> None:
    assert failed_items_condition(failed, items, _scenario()) == Condition(
        "failed items", measured, "≤ 25.0 %", holds, advice
    )
