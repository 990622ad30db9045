from __future__ import annotations

import pytest

from dlscope.core import registry
from dlscope.core.trace import Level, Span
from dlscope.methods.profiling.profile import Profile
from dlscope.testing.profiles import device_run, golden_spans, profiling_run

LEVELS = [Level.MODEL, Level.LAYER, Level.KERNEL]


def queue(run):
    return registry.load("analyses", "a19")().of_profiles([Profile(run)])


def launched(*executions: tuple[int, int, int, int], iterations: int = 3) -> list[Span]:
    """Kernels as (launch, start, end, stream) in µs, of a model and layer of 100 µs."""
    spans: list[Span] = []
    for run in range(3):
        for iteration in range(iterations):
            at = (run * 10 + iteration) * 1_000_000
            place = {"run": run, "iteration": iteration, "thread": 1}
            spans.append(Span(0, 0, Level.MODEL, "model", at, at + 100_000, **place))
            if run == 0:
                continue
            spans.append(Span(0, -1, Level.LAYER, "layer", at, at + 100_000, **place))
            for number, (launch, start, end, stream) in enumerate(executions) if run == 2 else ():
                ids = {"correlation_id": 1 + number, "tracer": "device"}
                begin = at + 1_000 * launch
                spans += [
                    Span(
                        *(0, -1, Level.LIBRARY, "launch", begin, begin + 1_000, "launch"),
                        **ids,
                        **place,
                    ),
                    Span(
                        *(0, -1, Level.KERNEL, f"k{number}", at + 1_000 * start, at + 1_000 * end),
                        kind="execution",
                        device=0,
                        stream=stream,
                        **ids,
                        **place,
                    ),
                ]
    # An id is its place; a correlation is unique in a process, so each iteration has its own.
    return [
        Span(
            **{
                **{name: getattr(span, name) for name in Span.__slots__},
                "id": number,
                "correlation_id": span.correlation_id and 10 * span.iteration + span.correlation_id,
            }
        )
        for number, span in enumerate(spans, 1)
    ]


def test_tells_the_delay_the_gaps_and_what_is_waited_for() -> None:
    run = profiling_run(launched((0, 10, 20, 7), (2, 15, 30, 8), (50, 60, 80, 7)), LEVELS)
    whole, first, second = queue(run)
    assert (whole["device"], whole["stream"]) == (0, None)
    assert (first["stream"], second["stream"]) == (7, 8)
    assert whole["executions"] == whole["launched"] == 3
    # 10 − 1, 15 − 3 and 60 − 51.
    assert whole["delay_us"] == 9
    assert whole["delay_max_us"] == 12
    assert whole["launch_us"] == 3
    assert whole["lead_us"] == 10
    # 10…30 and 60…80, of which 15…20 twice.
    assert (whole["busy_us"], whole["overlap_us"]) == (40, 5)
    assert (whole["gap_us"], whole["longest_gap_us"], whole["awaited"]) == (30, 30, "k2")
    assert whole["idle_pct"] == pytest.approx(100 * 30 / 70)
    assert (first["busy_us"], first["gap_us"]) == (30, 40)
    assert (second["busy_us"], second["gap_us"], second["idle_pct"]) == (15, 0, 0)


def test_says_that_a_device_waits() -> None:
    table = queue(profiling_run(launched((0, 10, 20, 7), (50, 60, 80, 7)), LEVELS))
    (finding,) = registry.load("analyses", "a19")().findings(table)
    assert finding.claim == "Device 0 is idle for 57 % of its part of resnet18 on torch, batch 4"
    assert finding.detail == "the longest gap is before k1"
    assert (finding.gain, finding.gain_unit) == (-40_000, "ns")
    busy = queue(profiling_run(launched((0, 10, 58, 7), (50, 60, 80, 7)), LEVELS))
    assert registry.load("analyses", "a19")().findings(busy) == ()


def test_launches_that_were_not_seen_leave_the_delay_unknown() -> None:
    spans = [each for each in launched((0, 10, 20, 7)) if each.kind != "launch"]
    (whole, _) = queue(profiling_run(spans, LEVELS))
    assert (whole["executions"], whole["launched"]) == (1, 0)
    assert whole["delay_us"] is None
    assert whole["launch_us"] is None
    assert whole["busy_us"] == 10


def test_a_graph_that_is_launched_once_counts_as_one_launch() -> None:
    spans = launched((0, 10, 20, 7), (0, 30, 40, 7))
    shared = [
        Span(
            **{
                **{name: getattr(span, name) for name in Span.__slots__},
                "correlation_id": span.correlation_id and 10 * span.iteration + 1,
            }
        )
        for span in spans
        if not (span.kind == "launch" and span.correlation_id % 10 == 2)
    ]
    (whole, _) = queue(profiling_run(shared, LEVELS))
    assert whole["launched"] == 2
    assert whole["launch_us"] == 1


def test_on_a_processor_there_is_no_row_but_a_reason() -> None:
    table = queue(profiling_run(golden_spans(), LEVELS))
    assert len(table) == 0
    assert table.note.endswith("; nothing was executed on a device")


def test_the_golden_example_on_streams() -> None:
    whole, *streams = queue(device_run())
    assert [row["stream"] for row in streams] == [0, 1, 2, 3]
    # 300 and 80 together, then 100 and 120 far apart; 307 µs is the mean of the union of the first.
    assert sum(row["busy_us"] for row in streams) == pytest.approx(600)
    assert whole["busy_us"] + whole["overlap_us"] == pytest.approx(600, abs=1)
