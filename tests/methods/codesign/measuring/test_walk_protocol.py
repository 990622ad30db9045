from __future__ import annotations

import pytest

from dlscope.core.errors import PlanError
from dlscope.methods.codesign.measuring.walk_protocol import WalkProtocol


def test_one_thread_is_timed_by_its_own_clock() -> None:
    assert WalkProtocol().clock == "cpu"
    assert WalkProtocol(threads=2).clock == "wall"


def test_how_many_samples_there_are_is_no_part_of_its_identity() -> None:
    longer = WalkProtocol(processes=5, min_rounds=99, min_seconds=1.0, max_seconds=9.0)
    assert longer.digest == WalkProtocol().digest
    assert WalkProtocol(slot_ns=1).digest != WalkProtocol().digest


def test_it_crosses_into_another_process_whole() -> None:
    protocol = WalkProtocol(threads=2, seed=7)
    assert WalkProtocol.from_json(protocol.to_json()) == protocol


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"threads": 0}, "threads is 0"),
        ({"processes": 0}, "processes is 0"),
        ({"min_seconds": float("nan")}, "min_seconds is nan"),
        ({"max_seconds": -1.0}, "max_seconds is -1.0"),
    ],
)
def test_what_cannot_be_is_refused(fields, message: str) -> None:
    with pytest.raises(PlanError) as refused:
        WalkProtocol(**fields)
    assert refused.value.what == message
