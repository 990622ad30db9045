from __future__ import annotations

from dlscope.core.manifest import RequirementsManifest
from dlscope.methods.codesign.telling.reached import Alternative, Reached
from dlscope.methods.codesign.telling.requirements_table import requirements_table


def asked(**limits) -> RequirementsManifest:
    return RequirementsManifest.model_validate(
        {"kind": "requirements", "schema_version": 1, "name": "asked", **limits}
    )


def design(time_ms: float, error: float | None = None, loss: float | None = None) -> Reached:
    return Reached(time_ms * 1e6, time_ms * 1e6, error=error, loss=loss)


def changes(limits, reached, *alternatives) -> list[object]:
    several = [Alternative(f"change {n}", each) for n, each in enumerate(alternatives)]
    return list(requirements_table(asked(**limits), reached, several).column("change"))


def test_each_limit_is_a_row_with_its_margin(text) -> None:
    table = requirements_table(
        asked(latency_ms=10, fps={"bound": 200, "kind": "soft"}, energy_j=1), design(8, 0.1)
    )
    assert text(table, "requirement", "kind", "limit", "value", "margin", "verdict") == (
        """
requirement            kind  limit   value  margin  verdict
latency, ms            hard  ≤ 10.0  8      0.2     met
results a second       soft  ≥ 200   125    -0.375  missed by 37.5 %
energy of a result, J  hard  ≤ 1.00  –      –       not measured
"""
    )


def test_the_cheapest_change_loses_least_accuracy() -> None:
    found = changes({"latency_ms": 5}, design(8, 0.1), design(4, 0.3), design(4.5, 0.2))
    assert found == ["change 1: 4.50 ms a result, error 20.0 %"]


def test_where_accuracy_is_missed_it_loses_least_time() -> None:
    found = changes({"accuracy": 0.95}, design(8, 0.1), design(20, 0.01), design(12, 0.04))
    assert found == ["change 1: 12.0 ms a result, error 4.0 %"]


def test_an_estimate_counts_only_where_nothing_was_trained() -> None:
    limits = {"latency_ms": 5}
    assert changes(limits, design(8), design(4, loss=0.1), design(4, 0.9)) == [
        "change 1: 4.00 ms a result, error 90.0 %"
    ]
    assert changes(limits, design(8), design(4, loss=2.0), design(3, loss=1.0)) == [
        "change 1: 3.00 ms a result, estimated loss 1.00"
    ]


def test_untrained_designs_are_ranked_by_the_work_they_keep() -> None:
    few, many = (Reached(4e6, 4e6, kept_work=share) for share in (0.5, 0.9))
    assert changes({"latency_ms": 5}, design(8), few, many) == [
        "change 1: 4.00 ms a result, 90 % of the work, not trained"
    ]


def test_a_hard_limit_that_is_met_is_not_given_up() -> None:
    limits = {"latency_ms": 5, "accuracy": 0.85}
    assert changes(limits, design(8, 0.1), design(4, 0.3)) == [
        "change 0 meets it but gives up another limit: 4.00 ms a result, error 30.0 %",
        None,
    ]


def test_where_nothing_meets_it_the_nearest_is_told() -> None:
    found = changes({"latency_ms": 1}, design(8, 0.1), design(4, 0.3), design(2, 0.5))
    assert found == ["none of 2 designs meets it; nearest: 2.00 ms a result, error 50.0 %"]
    assert changes({"latency_ms": 1}, design(8, 0.1)) == ["no other design is known"]
