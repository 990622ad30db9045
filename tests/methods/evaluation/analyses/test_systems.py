from __future__ import annotations

import pytest

from dlscope.methods.evaluation.analyses.systems import Systems, by_machine, cost_per_million
from dlscope.testing.analyses import example_run, on_machine


def ms(latency: float) -> tuple[int, ...]:
    return (round(latency * 1e6),) * 5


RUNS = (
    example_run("r-1", latencies_ns=ms(2)),
    on_machine(
        example_run("r-2", latencies_ns=ms(1)),
        "rack",
        accelerators=[{"name": "H100"}],
        price_per_hour=1.8,
        currency="EUR",
    ),
    on_machine(example_run("r-3", latencies_ns=ms(4)), "shed", price_per_hour=0.36, currency="EUR"),
    on_machine(example_run("r-4", status="failed", latencies_ns=(), answers=()), "attic"),
)


def told(*runs):
    found = Systems().findings(Systems().table(runs))
    return [(each.claim, each.detail, each.rows) for each in found]


def test_tells_latency_throughput_and_cost_of_each_machine(text) -> None:
    table = Systems().table(RUNS)
    columns = ("system", "cpu", "cores", "accelerator", "mean_ns", "throughput_per_s")
    assert (
        text(table, *columns)
        == """
system  cpu       cores  accelerator  mean_ns  throughput_per_s
attic   Test CPU  4      –            –        –
lab     Test CPU  4      –            2000000  500
rack    Test CPU  4      H100         1000000  1000
shed    Test CPU  4      –            4000000  250
"""
    )
    assert (
        text(table, "latency_speed_up", "throughput_speed_up", "cost_per_million", "reason")
        == """
latency_speed_up  throughput_speed_up  cost_per_million  reason
–                 –                    –                 the graph is cut off; the system manifest tells no price_per_hour
1                 1                    –                 the system manifest tells no price_per_hour
2                 2                    0.5               –
0.5               0.5                  0.4               –
"""  # noqa: E501 (a table)
    )


def test_names_the_fastest_machine_and_the_cheapest() -> None:
    assert told(*RUNS) == [
        (
            "rack is 2.00× as fast as lab with tiny on onnxruntime",
            "their 95 % intervals do not overlap",
            (2, 1),
        ),
        (
            "shed is cheapest for tiny on onnxruntime",
            "0.4 EUR per 10⁶ items, rack 0.5",
            (3, 2),
        ),
    ]


def test_machines_whose_intervals_overlap_are_not_ranked() -> None:
    runs = [example_run("r-1"), on_machine(example_run("r-2"), "rack")]
    assert told(*runs) == [
        (
            "lab and rack cannot be ranked with tiny on onnxruntime",
            "their 95 % intervals overlap; measure longer",
            (0, 1),
        )
    ]


def test_prices_in_different_currencies_are_not_compared() -> None:
    priced = [
        on_machine(example_run("r-1"), name, price_per_hour=1.0, currency=currency)
        for name, currency in (("lab", "EUR"), ("rack", "USD"))
    ]
    assert [claim for claim, _, _ in told(*priced) if "cheapest" in claim] == []


def test_one_machine_is_compared_with_nothing() -> None:
    assert told(RUNS[1]) == []


def test_a_million_items_cost_the_hours_they_take() -> None:
    assert cost_per_million(3.6, 1000.0) == pytest.approx(1.0)
    assert cost_per_million(0.9, 250.0) == pytest.approx(1.0)


def test_gathers_runs_of_each_model_and_framework_by_machine() -> None:
    runs = [*RUNS[:2], example_run("r-9", framework="torch")]
    assert [[machine.name for machine in group] for group in by_machine(runs)] == [
        ["lab", "rack"],
        ["lab"],
    ]
