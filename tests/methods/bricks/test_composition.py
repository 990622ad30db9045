from __future__ import annotations

import numpy as np
import pytest
from brick_models import chain_model, few, fork_model, graph_of, models
from hand_made_times import (
    COSTS,
    NULL_HOT_NS,
    NULL_NS,
    SESSION_NS,
    VIEW_NS,
    brick_times,
    exact_times,
    model_ns,
    with_whole,
)
from hypothesis import given
from hypothesis import strategies as st

from dlscope.methods.bricks.composition import COLD_SHARE, compose
from dlscope.methods.bricks.cutting import cut_models
from dlscope.methods.bricks.times import Times


def cut(graph, granularity, partition="standard"):
    return cut_models(
        [("model", graph)], granularity, cut="authored", runtime="none", partition=partition
    )


@few
@given(models(), st.integers(1, 12), st.sampled_from(["standard", "overlapping"]))
def test_costs_of_layers_compose_to_their_sum(model, granularity, partition) -> None:
    graph = graph_of(model)
    suite = cut(graph, granularity, partition)
    found = compose(suite.models[0], suite.bricks, [exact_times(suite)])
    expected = model_ns(graph) if suite.bricks else 0.0
    assert found.composed_ns == pytest.approx(expected, rel=1e-12)
    assert found.clamped == 0


@pytest.mark.parametrize("partition", ["standard", "overlapping"])
def test_one_brick_of_the_whole_model_composes_to_its_own_time(partition: str) -> None:
    suite = cut(graph_of(fork_model()), 99, partition)
    (name,) = suite.bricks
    (model,) = suite.models
    rounds = np.array([4e5, 5e5, 7e5])
    times = Times(0, {(name, ""): brick_times(rounds)})
    with_whole(times, model, 5e5 + NULL_HOT_NS)
    found = compose(model, suite.bricks, [times])
    assert found.composed_ns == 5e5 + NULL_HOT_NS
    assert found.measured_ns == 5e5 + NULL_HOT_NS
    assert found.ratio == 1.0


def test_half_of_the_cold_part_of_a_session_stays() -> None:
    suite = cut(graph_of(chain_model()), 1)
    (model,) = suite.models
    bricks = {
        (name, ""): brick_times(0.0, walk=np.full(3, 50_000.0), hot_ns=20_000.0)
        for name in suite.bricks
    }
    found = compose(model, suite.bricks, [Times(0, bricks)])
    assert COLD_SHARE == 0.5
    assert SESSION_NS == (NULL_HOT_NS + NULL_NS) / 2
    around = NULL_HOT_NS + VIEW_NS
    assert found.composed_ns == 4 * (50_000 - SESSION_NS) + around
    assert found.walk_ns == 4 * (50_000 - NULL_HOT_NS) + around
    assert found.hot_ns == 4 * (20_000 - NULL_HOT_NS) + around


def test_a_brick_that_is_faster_than_an_empty_session_takes_nothing() -> None:
    suite = cut(graph_of(chain_model()), 1)
    bricks = {
        (name, ""): brick_times(0.0, walk=np.full(3, 1_000.0), hot_ns=500.0)
        for name in suite.bricks
    }
    found = compose(suite.models[0], suite.bricks, [Times(0, bricks)])
    assert found.composed_ns == found.hot_ns == NULL_HOT_NS + VIEW_NS


def test_a_window_that_is_faster_than_its_overlap_counts_as_nothing() -> None:
    suite = cut(graph_of(chain_model()), 2, "overlapping")
    (model,) = suite.models
    times = exact_times(suite)
    (first, second, third) = model.terms
    times.bricks[second.brick, ""] = brick_times(COSTS["Relu"] - 1_000)
    found = compose(model, suite.bricks, [times])
    whole = COSTS["Conv"] + COSTS["Relu"]
    rest = whole - COSTS["Conv"] if third.brick == first.brick else 0.0
    assert found.composed_ns == NULL_HOT_NS + VIEW_NS + whole + rest
    assert found.clamped == 1
    assert found.parallel_ns is None


def test_parts_are_what_is_summed_the_largest_first() -> None:
    suite = cut(graph_of(chain_model()), 1)
    found = compose(suite.models[0], suite.bricks, [exact_times(suite)])
    assert [(part.label, part.count, part.each_ns) for part in found.parts] == [
        ("Conv", 2, COSTS["Conv"]),
        ("Relu", 2, COSTS["Relu"]),
    ]


def test_parts_of_windows_are_their_differences() -> None:
    suite = cut(graph_of(chain_model()), 2, "overlapping")
    found = compose(suite.models[0], suite.bricks, [exact_times(suite)])
    assert [(part.label, part.each_ns) for part in found.parts] == [
        ("Conv + Relu", COSTS["Conv"] + COSTS["Relu"]),
        ("Relu + Conv without Relu", COSTS["Conv"]),
        ("Conv + Relu without Conv", COSTS["Relu"]),
    ]


def test_branches_overlap_in_the_longest_path() -> None:
    suite = cut(graph_of(fork_model()), 1)
    found = compose(suite.models[0], suite.bricks, [exact_times(suite)])
    assert found.parallel_ns == COSTS["Conv"] + COSTS["Sigmoid"] + COSTS["Add"]


def test_ratios_are_paired_round_by_round() -> None:
    suite = cut(graph_of(fork_model()), 99)
    ((name, _),) = suite.bricks.items()
    (model,) = suite.models
    # The machine slows down by ten: unpaired medians would tell nothing of 1.1.
    drift = np.array([1.0, 3.0, 10.0])
    times = Times(0, {(name, ""): brick_times(1.1 * 1e6 * drift - NULL_HOT_NS)})
    times.wholes[model.whole] = np.stack([0.9e6 * drift, 1.1e6 * drift], axis=1)
    times.started[model.whole] = ""
    found = compose(model, suite.bricks, [times])
    assert found.ratio == pytest.approx(1.1)
    assert found.ratio_interval == pytest.approx((1.1, 1.1))
    assert found.assumptions == ()


def test_bricks_that_were_known_earlier_are_paired_with_the_first_runs_of_the_model() -> None:
    suite = cut(graph_of(fork_model()), 99)
    ((name, _),) = suite.bricks.items()
    (model,) = suite.models
    drift = np.array([1.0, 3.0, 10.0, 90.0])
    times = Times(0, {(name, ""): brick_times(1.1 * 1e6 * drift[:3] - NULL_HOT_NS)})
    times.wholes[model.whole] = np.stack([1e6 * drift] * 2, axis=1)
    times.started[model.whole] = ""
    found = compose(model, suite.bricks, [times])
    assert found.ratio_interval == pytest.approx((1.1, 1.1))


def test_bricks_that_were_timed_later_are_not_paired() -> None:
    suite = cut(graph_of(fork_model()), 1)
    (model,) = suite.models
    times = with_whole(exact_times(suite), model, 1e5)
    later = next(iter(suite.bricks))
    times.bricks[later, ""] = brick_times(COSTS["Conv"], started="later")
    found = compose(model, suite.bricks, [times])
    assert found.ratio == found.composed_ns / 1e5
    assert found.ratio_interval == (found.ratio, found.ratio)
    assert found.assumptions[-1] == (
        "bricks and model were timed at different times, so the ratio is not paired"
    )


def test_a_latency_from_elsewhere_takes_the_place_of_the_model() -> None:
    suite = cut(graph_of(fork_model()), 1)
    (model,) = suite.models
    times = with_whole(exact_times(suite), model, 1e5)
    found = compose(model, suite.bricks, [times], against_ns=2e5)
    assert found.measured_ns == 2e5
    assert found.ratio == found.composed_ns / 2e5
    assert "not paired" in found.assumptions[-1]


def test_processes_are_pooled_by_median() -> None:
    suite = cut(graph_of(fork_model()), 99)
    ((name, _),) = suite.bricks.items()
    (model,) = suite.models
    several = [Times(n, {(name, ""): brick_times(ns)}) for n, ns in enumerate((1e5, 9e5, 2e5))]
    found = compose(model, suite.bricks, several)
    assert found.composed_ns == 2e5 + NULL_HOT_NS
    assert found.processes == 3
    totals = np.array([1e5, 9e5, 2e5]) + NULL_HOT_NS
    assert found.spread == pytest.approx(np.std(totals, ddof=1) / np.mean(totals))
    assert found.interval_ns[0] < found.composed_ns < found.interval_ns[1]


def test_the_interval_is_the_same_each_time() -> None:
    suite = cut(graph_of(chain_model()), 1)
    rounds = np.random.default_rng(0).uniform(1e5, 2e5, 20)
    times = Times(0, {(name, ""): brick_times(rounds) for name in suite.bricks})
    first, second = (compose(suite.models[0], suite.bricks, [times]) for _ in range(2))
    assert first == second
    assert first.interval_ns[0] < first.composed_ns < first.interval_ns[1]


def test_a_model_with_a_brick_that_has_no_time_is_incomplete() -> None:
    suite = cut(graph_of(chain_model()), 1)
    (model,) = suite.models
    times = exact_times(suite)
    relu = next(name for name, brick in suite.bricks.items() if brick.label == "Relu")
    del times.bricks[relu, ""]
    found = compose(model, suite.bricks, [times])
    assert (found.composed_ns, found.interval_ns, found.ratio) == (None, None, None)
    assert found.missing == 2 / 5


def test_the_share_of_layers_that_are_missing_among_windows() -> None:
    suite = cut(graph_of(chain_model()), 2, "overlapping")
    (model,) = suite.models
    times = exact_times(suite)
    del times.bricks[model.terms[1].overlap, ""]
    assert compose(model, suite.bricks, [times]).missing == 1 / 5


def test_a_process_that_is_incomplete_does_not_count() -> None:
    suite = cut(graph_of(chain_model()), 1)
    broken = exact_times(suite, 1)
    broken.bricks.clear()
    found = compose(suite.models[0], suite.bricks, [exact_times(suite), broken])
    assert found.processes == 1
    assert found.missing == 0


def test_short_bricks_say_how_little_is_known() -> None:
    suite = cut(graph_of(chain_model()), 1)
    found = compose(suite.models[0], suite.bricks, [exact_times(suite)])
    share = 4 * 3_000 / found.composed_ns
    told = f"what sessions add is known to 3 µs each, here {share * 100:.0f} % of the latency"
    assert found.assumptions == (told,)
