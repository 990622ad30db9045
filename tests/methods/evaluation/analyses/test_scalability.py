from __future__ import annotations

import dataclasses

from dlscope.methods.evaluation.analyses.scalability import Scalability
from dlscope.testing.analyses import example_run


def ms(latency: float) -> tuple[int, ...]:
    return (round(latency * 1e6),) * 5


def out_of_memory(run_id: str, batch_size: int, reason: str, what: str):
    run = example_run(run_id, batch_size=batch_size, status="failed", latencies_ns=(), answers=())
    return dataclasses.replace(run, error={**run.error, "what": what, "reason": reason})


SWEEP = (
    example_run("r-1", latencies_ns=ms(1)),
    example_run("r-2", latencies_ns=ms(1.6), batch_size=2),
    example_run("r-4", latencies_ns=ms(2.4), batch_size=4),
    out_of_memory("r-8", 8, "oom", "batch 8 does not fit"),
    out_of_memory("r-16", 16, "oom_implied", "batch 8 ran out of memory"),
)
FEW = (
    example_run("s-1", framework="torch", latencies_ns=ms(1)),
    example_run("s-2", framework="torch", latencies_ns=ms(1.9), batch_size=2),
)


def told(*runs):
    found = Scalability().findings(Scalability().table(runs))
    return [(each.claim, each.detail, each.rows) for each in found]


def test_divides_the_throughput_of_each_batch_by_that_of_one_item(text) -> None:
    columns = ("backend", "batch_size", "throughput_per_s", "speed_up", "outcome", "reason")
    lone = example_run("s-2", framework="torch", latencies_ns=ms(2), batch_size=2)
    assert (
        text(Scalability().table([*SWEEP, lone]), *columns)
        == """
backend      batch_size  throughput_per_s  speed_up  outcome      reason
onnxruntime  1           1000              1         finished     –
onnxruntime  2           1250              1.25      finished     –
onnxruntime  4           1667              1.667     finished     –
onnxruntime  8           –                 –         oom          batch 8 does not fit
onnxruntime  16          –                 –         oom_implied  batch 8 ran out of memory
torch        2           1000              –         finished     batch 1 was not measured
"""
    )


def test_names_what_batching_gains_and_what_memory_did_not_hold() -> None:
    assert told(*SWEEP) == [
        (
            "What batching gains tiny on onnxruntime: 1.67× at batch 4",
            "2 batch sizes did not fit into memory",
            (2, 3, 4),
        )
    ]


def test_says_who_gains_most_beside_the_most_that_others_gain() -> None:
    ((claim, _, rows),) = told(*SWEEP[:3], *FEW)
    assert claim == (
        "Batching gains most for tiny on onnxruntime: 1.67× at batch 4, at most 1.05× elsewhere"
    )
    assert rows == (2,)


def test_is_silent_where_no_batch_but_one_was_measured() -> None:
    assert told(SWEEP[0]) == []


def test_modes_of_the_pipeline_are_not_divided_by_one_another(text) -> None:
    runs = [SWEEP[0], example_run("r-2", latencies_ns=ms(1), batch_size=2, pipeline="sequential")]
    assert (
        text(Scalability().table(runs), "pipeline", "batch_size", "speed_up")
        == """
pipeline    batch_size  speed_up
preloaded   1           1
sequential  2           –
"""
    )


def test_repeats_count_by_their_median() -> None:
    repeats = [example_run(f"r-{n}", latencies_ns=ms(n), repeat=n) for n in (1, 2, 4)]
    assert Scalability().table(repeats).column("throughput_per_s") == (500.0,)


def test_runs_that_measured_no_time_have_no_row() -> None:
    assert len(Scalability().table([example_run("r-1", latencies_ns=(), mode="accuracy")])) == 0
