from __future__ import annotations

from collections import Counter

import pytest
from brick_models import chain_model, few, fork_model, graph_of, models
from hypothesis import given
from hypothesis import strategies as st

from dlscope.methods.bricks.anonymous import anonymous
from dlscope.methods.bricks.cutting import cut_models
from dlscope.methods.bricks.protocol import Protocol
from dlscope.methods.bricks.suite import Suite
from dlscope.methods.bricks.walk import Walk, walks_of, weight_bytes

WEIGHTS = 4 * 4 * 3 * 3 * 4  # of one convolution


def both(partition="standard") -> Suite:
    graphs = [("chain", graph_of(chain_model())), ("fork", graph_of(fork_model()))]
    return cut_models(graphs, 1, cut="authored", runtime="none", partition=partition)


def labels(suite: Suite, walk: Walk) -> list[str]:
    return [suite.bricks[item.brick].label for item in walk.items]


def test_each_brick_is_walked_over_once_where_it_is_executed_first() -> None:
    suite = both()
    found = walks_of(suite, Protocol())
    assert [(walk.model, labels(suite, walk)) for walk in found] == [
        ("chain", ["Conv", "Relu"]),
        ("fork", ["Sigmoid", "Add"]),
    ]


def test_in_the_scope_of_a_model_each_walks_over_all_of_its_own() -> None:
    suite = both()
    found = walks_of(suite, Protocol(scope="model"))
    assert [(walk.model, labels(suite, walk)) for walk in found] == [
        ("chain", ["Conv", "Relu"]),
        ("fork", ["Conv", "Relu", "Sigmoid", "Add"]),
    ]


def test_weights_that_a_walk_lacks_are_counted() -> None:
    chain, fork = walks_of(both(), Protocol())
    assert chain.absent_bytes == WEIGHTS  # its second convolution
    assert fork.absent_bytes == WEIGHTS  # its only one, which is the other model's
    again = walks_of(both(), Protocol(scope="model"))[1]
    assert again.absent_bytes == 0


def test_windows_lack_no_weights() -> None:
    graphs = [("chain", graph_of(chain_model()))]
    suite = cut_models(graphs, 3, cut="authored", runtime="none", partition="overlapping")
    (walk,) = walks_of(suite, Protocol())
    assert sum(weight_bytes(suite.bricks[item.brick]) for item in walk.items) > 2 * WEIGHTS
    assert walk.absent_bytes == 0


def test_nothing_is_overwritten_among_windows() -> None:
    graphs = [("fork", graph_of(fork_model()))]
    suite = cut_models(graphs, 2, cut="authored", runtime="none", partition="overlapping")
    (walk,) = walks_of(suite, Protocol())
    assert all(not item.in_place for item in walk.items)


def test_what_is_not_wanted_is_left_out() -> None:
    suite = both()
    wanted = {name for name, brick in suite.bricks.items() if brick.label == "Add"}
    found = walks_of(suite, Protocol(), wanted)
    assert [(walk.model, labels(suite, walk)) for walk in found] == [("fork", ["Add"])]
    assert walks_of(suite, Protocol(), set()) == []


def test_what_is_overwritten_is_told() -> None:
    suite = both()
    (_, fork) = walks_of(suite, Protocol())
    assert [item.in_place for item in fork.items] == ["0<0", "0<0"]


@pytest.mark.parametrize("choice", ["is_in_place", "is_planned"])
def test_overwriting_and_the_plan_can_be_turned_off(choice: str) -> None:
    found = walks_of(both(), Protocol(**{choice: False}))
    assert all(not item.in_place for walk in found for item in walk.items)


def test_without_a_plan_inputs_are_in_two_areas_by_turns() -> None:
    chain, _ = walks_of(both(), Protocol(is_planned=False))
    first, second = (item.placed.offsets for item in chain.items)
    assert first[chain.items[0].step.outputs[0]] == second[chain.items[1].step.inputs[0]]
    assert chain.region_bytes == 1024


def test_an_anonymous_suite_is_one_walk() -> None:
    suite = anonymous(both())
    (walk,) = walks_of(suite, Protocol())
    assert (walk.model, walk.absent_bytes) == ("", 0)
    assert [item.brick for item in walk.items] == list(suite.bricks)


def test_bricks_of_which_no_model_tells_the_order_are_walked_over_last() -> None:
    graph = graph_of(chain_model())
    named = cut_models([("named", graph)], 1, cut="authored", runtime="none")
    joined = named.with_models_of(anonymous(both()))
    found = walks_of(joined, Protocol())
    assert [walk.model for walk in found] == ["named", ""]
    assert sorted(labels(joined, found[1])) == ["Add", "Sigmoid"]


@few
@given(models(), models(), st.integers(1, 6), st.sampled_from(["suite", "model"]))
def test_the_scope_of_the_suite_has_each_brick_once(first, second, granularity, scope) -> None:
    graphs = [("a", graph_of(first)), ("b", graph_of(second))]
    suite = cut_models(graphs, granularity, cut="authored", runtime="none")
    walked = Counter(
        item.brick for walk in walks_of(suite, Protocol(scope=scope)) for item in walk.items
    )
    occurs = Counter(brick for model in suite.models for brick in model.composition)
    assert walked == (Counter(set(occurs)) if scope == "suite" else occurs)
    orders = {model.name: [step.brick for step in model.steps] for model in suite.models}
    for walk in walks_of(suite, Protocol(scope=scope)):
        places = [orders[walk.model].index(item.brick) for item in walk.items]
        assert places == sorted(places)
