from __future__ import annotations

import pytest
from brick_models import chain_model, few, fork_model, graph_of, models
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.errors import GraphError
from dlscope.graph.brick import Brick
from dlscope.graph.segment import Segment
from dlscope.methods.bricks.cutting import cut_model, cut_models

SIZES = st.integers(1, 12)


def cut(graph, granularity, partition="standard"):
    return cut_models(
        [("model", graph)], granularity, cut="authored", runtime="none", partition=partition
    )


def test_equal_layers_are_one_brick_and_counted() -> None:
    found = cut(graph_of(chain_model()), 1)
    (model,) = found.models
    assert [(found.bricks[name].label, n) for name, n in model.composition.items()] == [
        ("Conv", 2),
        ("Relu", 2),
    ]
    assert (model.layers, model.views) == (5, 1)
    assert [step.views for step in model.steps] == [0, 0, 0, 0, 1]


def test_a_view_has_the_memory_of_its_source() -> None:
    (model,) = cut(graph_of(chain_model()), 1).models
    assert model.outputs == model.steps[3].outputs
    assert model.steps[0].inputs == model.inputs


@few
@given(models(), SIZES)
def test_every_layer_is_in_one_brick_or_a_view(model, granularity) -> None:
    graph = graph_of(model)
    suite = cut(graph, granularity)
    (composed,) = suite.models
    executed = sum(n * len(suite.bricks[name].layers) for name, n in composed.composition.items())
    assert executed + composed.views == composed.layers == len(graph.layers)


@few
@given(models(), SIZES)
def test_every_layer_is_in_one_difference_of_windows_or_a_view(model, granularity) -> None:
    graph = graph_of(model)
    suite = cut(graph, granularity, "overlapping")
    (composed,) = suite.models
    own = 0
    for term in composed.terms:
        layers = [len(suite.bricks[brick].layers) for brick in term.bricks]
        own += term.count * (layers[0] - sum(layers[1:]))
    assert own + composed.views == composed.layers == len(graph.layers)


@few
@given(models(), SIZES)
def test_what_a_step_takes_was_fed_or_left_by_an_earlier_one(model, granularity) -> None:
    (composed,) = cut(graph_of(model), granularity).models
    there = set(composed.inputs)
    for step in composed.steps:
        assert there.issuperset(step.inputs)
        there.update(step.outputs)
    assert there.issuperset(composed.outputs)


@few
@given(models())
def test_windows_of_one_layer_are_the_bricks_of_one_layer(model) -> None:
    graph = graph_of(model)
    apart, windows = cut(graph, 1), cut(graph, 1, "overlapping")
    assert windows.models[0].composition == apart.models[0].composition
    assert windows.models[0].differences == ()
    assert set(windows.bricks) == set(apart.bricks)


@pytest.mark.parametrize("partition", ["standard", "overlapping"])
def test_as_many_layers_as_the_model_has_are_the_model(partition: str) -> None:
    graph = graph_of(fork_model())
    suite = cut(graph, len(graph.layers), partition)
    (model,) = suite.models
    assert model.composition == {model.whole: 1}
    assert list(suite.bricks) == [model.whole]
    assert model.whole == Brick.of(Segment(graph, graph.layers)).id


def test_windows_share_all_layers_but_one() -> None:
    suite = cut(graph_of(chain_model()), 2, "overlapping")
    (model,) = suite.models
    labels = [[suite.bricks[brick].label for brick in term.bricks] for term in model.terms]
    assert labels == [["Conv + Relu"], ["Relu + Conv", "Relu"], ["Conv + Relu", "Conv"]]
    assert [term.count for term in model.terms] == [1, 1, 1]


def test_models_share_bricks() -> None:
    bricks: dict[str, Brick] = {}
    chain = cut_model("chain", graph_of(chain_model()), 1, bricks)
    before = set(bricks)
    fork = cut_model("fork", graph_of(fork_model()), 1, bricks)
    assert set(fork.composition) & set(chain.composition) == before


def test_weights_do_not_matter() -> None:
    assert cut(graph_of(chain_model()), 2).models == cut(graph_of(chain_model(seed=5)), 2).models


def test_refuses_a_name_twice() -> None:
    graph = graph_of(fork_model())
    with pytest.raises(GraphError) as refused:
        cut_models([("a", graph), ("a", graph)], 1, cut="authored", runtime="none")
    assert str(refused.value) == (
        "GraphError: the suite has 'a' already\n"
        "  where  suite\n"
        "  fix    leave it out, or give the other model a name of its own"
    )


@pytest.mark.parametrize("partition", ["standard", "overlapping"])
def test_refuses_bricks_without_layers(partition: str) -> None:
    with pytest.raises(GraphError) as refused:
        cut(graph_of(fork_model()), 0, partition)
    assert str(refused.value) == (
        "GraphError: 0 layers cannot be a brick\n"
        "  where  granularity\n"
        "  fix    ask for at least 1 layer per brick"
    )
