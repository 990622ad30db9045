"""Real processes on a backend that overlaps on purpose."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from dlscope.core.plan import Plan
from dlscope.core.run import Run
from dlscope.core.trace import Level
from dlscope.methods.profiling.profile import DIAGNOSTICS, Profile
from dlscope.methods.profiling.serial_rerun import serial_of
from dlscope.methods.profiling.untangling import SERIAL, SOURCE

LEVELS = ["MODEL", "LAYER", "LIBRARY"]


@pytest.fixture
def overlapped(
    carry_out: Callable[..., Run], plan: Callable[..., Plan], spinning: str
) -> Callable[..., Run]:
    """A profile of two iterations on the backend that overlaps."""

    def run(**options: Any) -> Run:
        return carry_out(plan("overlapping", LEVELS, 2, options=options))

    return run


def told(run: Run) -> list[tuple[str, int]]:
    return [
        (each["kind"], each["count"]) for each in json.loads(run.artifacts[DIAGNOSTICS])["LIBRARY"]
    ]


def test_a_serial_run_tells_the_parents_and_the_profile_counts(overlapped) -> None:
    run = overlapped()
    assert told(run) == [(SERIAL, 2 * 2)]
    assert run.conditions[-1].holds
    profile = Profile(run)
    calls = profile.nodes(Level.LIBRARY)
    assert [(call.name, call.parent.name) for call in calls] == [
        ("gemm_left", "left"),
        ("gemm_right", "right"),
    ]
    # They still overlap: only structure comes from the serial run.
    first, second = profile.nodes(Level.LAYER)
    begins, ends = second.starts_ns[2], first.starts_ns[2] + first.durations_ns[2]
    assert (begins < ends).all()
    assert {each.attributes[SOURCE] for each in run.trace if each.level == Level.LIBRARY} == {
        SERIAL
    }
    assert {span.run for span in run.trace} == {0, 1, 2}


def test_twins_stay_ambiguous_and_the_profile_does_not_count(overlapped) -> None:
    run = overlapped(twins=True)
    assert [kind for kind, _ in told(run)] == ["ambiguous", "incomplete"]
    assert not run.conditions[-1].holds


def test_what_does_not_overlap_needs_no_second_run(overlapped) -> None:
    assert told(overlapped(parallel=False)) == []


def test_a_serial_run_that_fails_is_told(overlapped) -> None:
    run = overlapped(refused=True)
    condition = run.conditions[-1]
    assert not condition.holds
    assert condition.measured.endswith("; the serial run failed: it is never serial")


def test_a_backend_that_cannot_be_serial_says_so(
    overlapped, monkeypatch: pytest.MonkeyPatch
) -> None:
    from overlapping import OverlappingBackend

    monkeypatch.setattr(OverlappingBackend, "serial", {})
    assert (
        overlapped()
        .conditions[-1]
        .measured.endswith("; overlapping has no option that would keep its work from overlapping")
    )


def test_what_makes_a_framework_serial(spinning: str) -> None:
    found = serial_of("overlapping", {"threads": 1})
    assert found is not None
    assert (found.options, found.environment) == ({"threads": 1, "parallel": False}, {})
    assert serial_of("overlapping", {"parallel": False}) is None
    assert serial_of("reference", {}) is None


@pytest.mark.parametrize(
    ("backend", "options", "serial"),
    [
        (
            "onnxruntime",
            {"threads": 2, "inter_op_threads": 2},
            {"threads": 2, "inter_op_threads": 1},
        ),
        ("torch", {"threads": 2}, {"threads": 1}),
    ],
)
def test_frameworks_say_what_makes_them_serial(
    backend: str, options: dict[str, Any], serial: dict[str, Any]
) -> None:
    pytest.importorskip(backend)
    found = serial_of(backend, options)
    assert found is not None
    assert (found.options, found.environment) == (serial, {})
    assert serial_of(backend, serial) is None


def test_on_a_gpu_every_launch_waits() -> None:
    pytest.importorskip("torch")
    found = serial_of("torch", {"device": "gpu", "threads": 1})
    assert found is not None
    assert found.environment == {"CUDA_LAUNCH_BLOCKING": "1"}
