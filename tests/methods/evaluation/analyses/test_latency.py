from __future__ import annotations

import dataclasses

from dlscope.methods.evaluation.analyses.latency import Latency
from dlscope.testing.analyses import example_run, on_machine

FAST = (1_000_000, 1_100_000, 1_200_000, 1_300_000, 1_400_000)
CLOSE = (1_050_000, 1_150_000, 1_250_000, 1_350_000, 1_450_000)
SLOW = (2_000_000, 2_200_000, 2_400_000, 2_600_000, 2_800_000)


def findings(*runs):
    return Latency().findings(Latency().table(runs))


def test_tells_each_run_in_nanoseconds(text) -> None:
    runs = [
        example_run("r-2", batch_size=2, latencies_ns=SLOW),
        example_run("r-1", latencies_ns=FAST),
        example_run("r-3", framework="torch", latencies_ns=(), status="failed"),
        example_run("r-4", model="z", latencies_ns=(), mode="accuracy"),
    ]
    table = Latency().table(runs)
    assert (
        text(table, "run", "batch_size", "queries", "mean_ns", "p50_ns", "p90_ns", "p99_ns")
        == """
run  batch_size  queries  mean_ns  p50_ns   p90_ns   p99_ns
r-1  1           5        1200000  1200000  1400000  1400000
r-2  2           5        2400000  2400000  2800000  2800000
r-3  1           0        –        –        –        –
"""
    )
    assert (
        text(table, "run", "min_ns", "max_ns", "std_ns", "per_input_ns", "throughput_per_s")
        == """
run  min_ns   max_ns   std_ns  per_input_ns  throughput_per_s
r-1  1000000  1400000  141421  1200000       833.3
r-2  2000000  2800000  282843  1200000       833.3
r-3  –        –        –       –             –
"""
    )
    assert (
        text(table, "run", "peak_memory_bytes", "valid", "reason", "fix")
        == """
run  peak_memory_bytes  valid  reason                fix
r-1  4000               True   –                     –
r-2  4000               True   –                     –
r-3  –                  False  the graph is cut off  export it
"""
    )


def test_an_interval_holds_its_mean() -> None:
    (row,) = Latency().table([example_run("r-1", latencies_ns=FAST)])
    assert 1_000_000 <= row["ci_lo_ns"] < row["mean_ns"] < row["ci_hi_ns"] <= 1_400_000


def test_a_stream_is_counted_over_the_whole_run() -> None:
    (row,) = Latency().table([example_run("r-1", latencies_ns=FAST, pipeline="stream")])
    assert row["throughput_per_s"] == 5 / 6_000_000e-9


def test_ranks_backends_whose_intervals_are_apart() -> None:
    (finding,) = findings(
        example_run("r-1", latencies_ns=SLOW),
        example_run("r-2", framework="torch", latencies_ns=FAST),
    )
    assert finding.claim == "torch is fastest on tiny, 50 % before onnxruntime"
    assert (finding.sign, finding.rows) == ("good", (1, 0))
    assert (finding.gain, finding.gain_unit) == (-1_200_000.0, "ns")


def test_does_not_rank_backends_whose_intervals_overlap() -> None:
    (finding,) = findings(
        example_run("r-1", latencies_ns=FAST),
        example_run("r-2", framework="torch", latencies_ns=CLOSE),
    )
    assert finding.claim == "onnxruntime and torch cannot be ranked on tiny"
    assert finding.sign == "note"
    assert finding.gain is None


def test_a_backend_is_never_ranked_against_its_own_repeats() -> None:
    assert findings(example_run("r-1"), example_run("r-2", repeat=1)) == ()


def test_one_slow_repeat_is_enough_to_leave_the_rank_open() -> None:
    (finding,) = findings(
        example_run("r-1", latencies_ns=FAST),
        example_run("r-2", latencies_ns=SLOW, repeat=1),
        example_run("r-3", framework="torch", latencies_ns=SLOW),
    )
    assert finding.claim == "onnxruntime and torch cannot be ranked on tiny"
    assert finding.rows == (0, 1, 2)


def test_a_run_that_does_not_count_is_not_ranked_but_told() -> None:
    (finding,) = findings(
        example_run("r-1", latencies_ns=SLOW),
        example_run("r-2", framework="torch", latencies_ns=FAST, is_disturbed=True),
    )
    assert finding.claim == "The run of tiny on torch does not count"
    assert finding.detail == "interference: 30.0 % of CPU time"
    assert finding.advice == "stop the others"
    assert (finding.sign, finding.rows) == ("bad", (1,))


def test_pipeline_modes_and_batch_sizes_are_not_ranked_together() -> None:
    runs = [
        example_run("r-1", latencies_ns=FAST),
        example_run("r-2", framework="torch", latencies_ns=SLOW, pipeline="sequential"),
        example_run("r-3", framework="openvino", latencies_ns=SLOW, batch_size=2),
    ]
    assert findings(*runs) == ()


def swept(framework: str, **batches: tuple[int, ...]):
    """Runs of one framework, its latencies by batch size: `_1`, `_2`."""
    return [
        example_run(
            f"{framework}{name}",
            framework=framework,
            batch_size=int(name[1:]),
            latencies_ns=latencies,
        )
        for name, latencies in batches.items()
    ]


def test_a_sweep_that_one_backend_wins_is_told_in_one_finding() -> None:
    (finding,) = findings(
        *swept("onnxruntime", _1=SLOW, _2=SLOW), *swept("torch", _1=FAST, _2=FAST)
    )
    assert finding.claim == "torch is fastest on tiny, at every batch size"
    assert finding.detail == "by 50 % of the next one's time"
    assert (finding.sign, finding.rows) == ("good", (2, 0, 3, 1))


def test_a_sweep_says_at_which_batch_sizes_a_backend_wins_and_where_nothing_is_decided() -> None:
    (finding,) = findings(
        *swept("onnxruntime", _1=SLOW, _2=FAST), *swept("torch", _1=FAST, _2=CLOSE)
    )
    assert finding.claim == "torch is fastest on tiny, at batch 1"
    assert finding.detail == (
        "by 50 % of the next one's time; at batch 2 the 95 % intervals overlap"
    )


def test_a_sweep_with_several_winners_names_each_at_its_batch_sizes() -> None:
    (finding,) = findings(
        *swept("onnxruntime", _1=SLOW, _2=FAST, _4=FAST),
        *swept("torch", _1=FAST, _2=SLOW, _4=SLOW),
    )
    assert finding.claim == (
        "Which backend is fastest on tiny depends on the batch: torch at 1, onnxruntime at 2, 4"
    )


def test_a_sweep_without_a_winner_is_left_open() -> None:
    (finding,) = findings(
        *swept("onnxruntime", _1=FAST, _2=FAST), *swept("torch", _1=CLOSE, _2=CLOSE)
    )
    assert (finding.sign, finding.claim) == ("note", "No backend is fastest on tiny")
    assert finding.detail == "at batch 1, 2 the 95 % intervals overlap"


def out_of_memory(run_id: str, batch_size: int, reason: str):
    run = example_run(run_id, batch_size=batch_size, status="failed", latencies_ns=(), answers=())
    return dataclasses.replace(run, error={**run.error, "reason": reason})


def test_what_fitted_of_a_sweep_counts_and_the_rest_is_told_once() -> None:
    runs = [
        example_run("r-1", latencies_ns=FAST),
        out_of_memory("r-2", 2, "oom"),
        out_of_memory("r-3", 4, "oom_implied"),
    ]
    (finding,) = findings(*runs)
    assert finding.claim == "Batch 2 of tiny on onnxruntime ran out of memory"
    assert finding.detail == "what fitted counts; batch 4 not tried"
    assert finding.advice == "raise memory_limit, or leave the larger batches out"
    assert (finding.sign, finding.rows) == ("warn", (1, 2))
    assert Latency().table(runs).column("outcome") == ("finished", "oom", "oom_implied")


def test_memory_that_held_no_batch_at_all_is_a_run_that_does_not_count() -> None:
    (finding,) = findings(out_of_memory("r-1", 1, "oom"))
    assert finding.claim == "The run of tiny on onnxruntime does not count"


def test_a_machine_is_not_ranked_against_another() -> None:
    runs = [
        example_run("r-1", latencies_ns=SLOW),
        on_machine(example_run("r-2", framework="torch", latencies_ns=FAST), "rack"),
    ]
    assert findings(*runs) == ()
    assert Latency().table(runs).column("system") == ("lab", "rack")


def test_on_several_machines_the_rank_names_its_machine() -> None:
    runs = [
        on_machine(example_run(f"r-{name}-{n}", framework=framework, latencies_ns=latencies), name)
        for name in ("lab", "rack")
        for n, (framework, latencies) in enumerate((("onnxruntime", SLOW), ("torch", FAST)))
    ]
    assert [finding.claim for finding in findings(*runs)] == [
        "torch is fastest on tiny (machine lab), 50 % before onnxruntime",
        "torch is fastest on tiny (machine rack), 50 % before onnxruntime",
    ]
