from __future__ import annotations

import dataclasses

from dlscope.core.run import Metric
from dlscope.methods.evaluation.analyses.trade_off import TradeOff
from dlscope.testing.analyses import example_run


def ms(latency: float) -> tuple[int, ...]:
    return (round(latency * 1e6),) * 5


RUNS = (
    example_run("r-1", model="small", latencies_ns=ms(1), answers=(0, 1, 0, 0)),
    example_run("r-2", model="large", latencies_ns=ms(3), answers=(0, 1, 2, 3)),
    example_run("r-3", model="worse", latencies_ns=ms(4), answers=(0, 1, 2, 0)),
    example_run("r-4", model="untimed", latencies_ns=(), mode="accuracy", answers=(0, 1, 2, 3)),
    example_run("r-5", model="unasked", latencies_ns=ms(1), mode="performance", answers=()),
    example_run("r-6", model="broken", latencies_ns=(), status="failed", answers=()),
)


def told(*runs):
    found = TradeOff().findings(TradeOff().table(runs))
    return [(each.claim, each.detail, each.rows) for each in found]


def test_marks_what_nothing_beats_in_accuracy_and_speed(text) -> None:
    table = TradeOff().table(RUNS)
    assert (
        text(table, "model", "metric", "n", "accuracy", "mean_ns", "throughput_per_s")
        == """
model    metric  n  accuracy  mean_ns  throughput_per_s
broken   –       –  –         –        –
large    top_1   4  1         3000000  333.3
small    top_1   4  0.5       1000000  1000
unasked  –       –  –         1000000  1000
untimed  top_1   4  1         –        –
worse    top_1   4  0.75      4000000  250
"""
    )
    assert (
        text(table, "model", "graph_bytes", "latency_front", "throughput_front", "reason")
        == """
model    graph_bytes  latency_front  throughput_front  reason
broken   4096         –              –                 no accuracy was measured; no latency was measured; the graph is cut off
large    4096         True           True              –
small    4096         True           True              –
unasked  4096         –              –                 no accuracy was measured
untimed  4096         –              –                 no latency was measured
worse    4096         False          False             –
"""  # noqa: E501 (a table)
    )


def test_names_what_is_beaten_in_both_and_what_is_on_the_front() -> None:
    assert told(*RUNS) == [
        (
            "Beaten in accuracy and latency at once: worse",
            "on the front: large, small; intervals may overlap",
            (5,),
        )
    ]


def test_a_model_is_not_beaten_while_one_framework_keeps_it_on_the_front() -> None:
    slow = example_run("r-9", model="small", framework="torch", latencies_ns=ms(9), answers=(1, 1))
    assert told(*RUNS[:2], slow) == []


def test_of_many_beaten_models_the_first_are_named() -> None:
    beaten = [
        example_run(f"r-{n}", model=f"m{n}", latencies_ns=ms(5), answers=(0, 1, 2, 0))
        for n in range(8)
    ]
    ((claim, _, rows),) = told(RUNS[1], *beaten)
    assert claim == "Beaten in accuracy and latency at once: m0, m1, m2, m3, m4, m5 and 2 more"
    assert len(rows) == 8


def test_accuracies_on_other_items_or_by_other_metrics_have_no_common_front() -> None:
    fewer = example_run("r-9", model="fewer", latencies_ns=ms(9), answers=(0, 0, 0))
    assert TradeOff().table([RUNS[1], fewer]).column("latency_front") == (True, True)


def test_of_an_error_the_smaller_is_on_the_front() -> None:
    def erring(model: str, latency: float, value: float):
        run = example_run(f"r-{model}", model=model, latencies_ns=ms(latency))
        return dataclasses.replace(run, metrics=(Metric("wer", value, None, None, 3),))

    table = TradeOff().table([erring("a", 1, 0.1), erring("b", 2, 0.3)])
    assert table.column("latency_front") == (True, False)
