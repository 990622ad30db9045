from __future__ import annotations

from dlscope.methods.evaluation.analyses.speed_up import SpeedUp
from dlscope.testing.analyses import example_run, on_machine


def ms(latency: float) -> tuple[int, ...]:
    return (round(latency * 1e6),) * 5


def test_holds_every_machine_against_every_other(text) -> None:
    runs = [
        example_run("r-1", latencies_ns=ms(2)),
        on_machine(example_run("r-2", latencies_ns=ms(1)), "rack"),
        on_machine(example_run("r-3", status="failed", latencies_ns=(), answers=()), "attic"),
    ]
    table = SpeedUp().table(runs)
    assert (
        text(table, "system", "against", "latency", "lo", "hi", "throughput", "reason")
        == """
system  against  latency  lo   hi   throughput  reason
attic   lab      –        –    –    –           attic: the graph is cut off
attic   rack     –        –    –    –           attic: the graph is cut off
lab     attic    –        –    –    –           attic: the graph is cut off
lab     rack     0.5      0.5  0.5  0.5         –
rack    attic    –        –    –    –           attic: the graph is cut off
rack    lab      2        2    2    2           –
"""
    )
    assert SpeedUp().findings(table) == ()


def test_the_interval_reaches_from_the_worst_pair_of_ends_to_the_best() -> None:
    slow = on_machine(example_run("r-2", latencies_ns=ms(2)), "rack")
    row = next(iter(SpeedUp().table([example_run("r-1"), slow])))
    assert (row["system"], row["against"]) == ("lab", "rack")
    assert row["lo"] < row["latency"] < row["hi"]
    (online,) = (run.samples.latency_ns for run in (example_run("r-1"),))
    assert row["latency"] == 2e6 / 1.2e6
    assert 2e6 / online.max() <= row["lo"]
    assert row["hi"] <= 2e6 / online.min()


def test_models_and_frameworks_have_a_matrix_each() -> None:
    runs = [
        on_machine(example_run(f"{name}-{framework}", framework=framework), name)
        for name in ("a", "b")
        for framework in ("onnxruntime", "torch")
    ]
    table = SpeedUp().table(runs)
    assert table.column("backend") == ("onnxruntime", "onnxruntime", "torch", "torch")


def test_says_where_only_a_part_was_measured() -> None:
    runs = [
        example_run("r-1"),
        on_machine(example_run("r-2", latencies_ns=(), mode="accuracy"), "rack"),
    ]
    assert set(SpeedUp().table(runs).column("reason")) == {
        "rack: latency and throughput were not both measured"
    }


def test_one_machine_has_no_matrix() -> None:
    assert len(SpeedUp().table([example_run("r-1"), example_run("r-2", repeat=1)])) == 0
