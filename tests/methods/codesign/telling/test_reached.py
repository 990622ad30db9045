from __future__ import annotations

from dataclasses import replace

from search_sample import sample

from dlscope.methods.codesign.telling.reached import alternatives_of, chosen_of


def test_the_chosen_design_is_read_from_the_record() -> None:
    found = chosen_of(sample())
    assert found is not None
    assert (found.interval_ns, found.error, found.error_hi, found.input) == (
        *(8e6, 0.25, 0.26),
        (1, 28, 28),
    )


def test_latency_is_the_time_per_result_only_where_layers_run_one_after_another() -> None:
    record = sample()
    assert chosen_of(record).latency_ns == 8e6
    assert chosen_of(replace(record, objective="throughput")).latency_ns is None


def test_all_other_designs_are_alternatives() -> None:
    changes = [each.change for each in alternatives_of(sample())]
    assert changes == [f"take design d{n}" for n in (2, 3, 4, 5)]


def test_a_search_without_a_design_has_none() -> None:
    assert chosen_of(sample(without=("pareto",))) is None
