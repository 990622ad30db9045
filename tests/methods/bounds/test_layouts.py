from __future__ import annotations

import itertools

import pytest
from costed_networks import network
from hypothesis import given
from hypothesis import strategies as st
from layout_networks import all_choices, laid_out, spelled_out, total_ns, two_layouts, way, wires

from dlscope.core.errors import BoundError
from dlscope.methods.bounds.bound import Bound
from dlscope.methods.bounds.costed import Cost, Costed, CostedLayer, view
from dlscope.methods.bounds.layouts import (
    IMPOSSIBLE_NS,
    LayoutBound,
    Reorder,
    layout_bound,
    layout_policies,
)
from dlscope.methods.bounds.lower_bounds import sequential_bound
from dlscope.methods.bounds.wires import Wire

CHAIN = {1: [0], 2: [1]}
DIAMOND = {1: [0], 2: [0], 3: [1, 2]}
# Five layers, each taking all before it: no part of it is series-parallel.
DENSE = {node: list(range(node)) for node in range(1, 5)}


def test_a_layout_is_left_only_where_that_is_worth_the_change() -> None:
    """Blocked saves 5 in each of two layers; going there and back costs 4."""
    costed = two_layouts([(10, 5), (10, 5), (10, 50)], CHAIN)
    bound = layout_bound(costed, wires(CHAIN, 3))
    assert bound.bound.total_ns == 5 + 5 + 10 + 4
    assert [step.cost.layout_in for step in bound.bound.steps] == ["blocked", "blocked", "plain"]
    assert [(each.tensor, each.cost.layout_out) for each in bound.reorders] == [
        ("x", "blocked"),
        ("t1", "plain"),
    ]
    assert bound.reorder_ns == 4
    assert bound.bound.method == "exact"


def test_graph_inputs_and_outputs_are_plain() -> None:
    costed = two_layouts([(10, 7)], {})
    assert layout_bound(costed, wires({}, 1)).bound.total_ns == 10
    cheaper = layout_bound(costed, wires({}, 1, there_ns=1, back_ns=1))
    assert cheaper.bound.total_ns == 9


def test_what_several_take_in_a_layout_is_laid_out_once() -> None:
    """The head is plain only; three blocked layers take it and give a blocked sum."""
    before = {1: [0], 2: [0], 3: [0], 4: [1, 2, 3]}
    costs = [[way(1, "plain")], *[[way(1, "blocked")]] * 3, [way(1, "blocked", "plain")]]
    bound = layout_bound(network(costs, before), wires(before, 5))
    assert bound.bound.total_ns == 5 + 2
    assert [each.tensor for each in bound.reorders] == ["t0"]


def test_a_tensor_may_be_wanted_in_two_layouts() -> None:
    costs = [[way(1, "plain")], [way(1, "plain")], [way(1, "blocked")], [way(1, "plain")]]
    bound = layout_bound(network(costs, DIAMOND), wires(DIAMOND, 4))
    assert [(each.tensor, each.cost.layout_out) for each in bound.reorders] == [
        ("t0", "blocked"),
        ("t2", "plain"),
    ]
    assert bound.bound.total_ns == 8


def test_a_view_that_keeps_any_layout_changes_none() -> None:
    costed = network([[way(1, "blocked")], [view()], [way(1, "blocked")]], CHAIN)
    assert layout_bound(costed, wires(CHAIN, 3)).bound.total_ns == 1 + 1 + 2 + 2


def test_a_view_of_the_plain_layout_needs_it() -> None:
    costs = [[way(1, "blocked")], [view("plain", "plain")], [way(1, "blocked")]]
    assert layout_bound(network(costs, CHAIN), wires(CHAIN, 3)).bound.total_ns == 2 + 4 * 2


def test_an_empty_network_takes_no_time() -> None:
    assert layout_bound(network([]), []).bound.total_ns == 0


def test_policies_are_one_layout_for_all_cheapest_first() -> None:
    costed = two_layouts([(10, 5), (10, 5), (10, 12)], CHAIN)
    blocked, plain = layout_policies(costed, wires(CHAIN, 3))
    assert (blocked.layout, blocked.bound.bound.total_ns, blocked.strays) == ("blocked", 26, ())
    assert blocked.bound.reorder_ns == 4
    assert (plain.layout, plain.bound.bound.total_ns, plain.bound.reorders) == ("plain", 30, ())


def test_layers_that_do_not_know_a_layout_stray_from_it() -> None:
    costed = network([[way(5, "blocked")], [way(1, "plain")], [way(5, "blocked")]], CHAIN)
    blocked = next(each for each in layout_policies(costed, wires(CHAIN, 3)) if each.strays == (1,))
    assert blocked.layout == "blocked"
    assert blocked.bound.bound.total_ns == 11 + 4 * 2


def test_a_dense_graph_goes_to_the_cheaper_layout_as_a_whole() -> None:
    bound = layout_bound(two_layouts([(3, 1)] * 5, DENSE), wires(DENSE, 5))
    assert bound.bound.total_ns == 5 + 2 + 2


def test_missing_changes_of_layout_are_named() -> None:
    costed = two_layouts([(1, 1)], {})
    with pytest.raises(BoundError) as refusal:
        layout_bound(costed, [Wire("x", None, (0,)), Wire("y", 0, (), is_output=True)])
    assert refusal.value.what == (
        "no measurement of laying out anew: x (plain to blocked), y (blocked to plain)"
    )


def test_tensors_of_other_layers_are_refused() -> None:
    with pytest.raises(BoundError) as refusal:
        layout_bound(network([1]), [Wire("x", None, (0, 7)), Wire("y", 9, (0,))])
    assert str(refusal.value) == (
        "BoundError: tensors of layers that there are not: x (7), y (9)\n"
        "  where  net\n"
        "  fix    take the costs and the tensors from one graph"
    )


@given(laid_out())
def test_it_is_the_least_of_all_choices(case) -> None:
    costed, tensors = case
    bound = layout_bound(costed, tensors)
    least = min(total_ns(chosen, tensors) for chosen in all_choices(costed))
    assert bound.bound.total_ns == least
    assert bound.bound.method == "exact"


@given(laid_out())
def test_it_lies_between_the_sequential_bound_and_any_single_layout(case) -> None:
    costed, tensors = case
    bound_ns = layout_bound(costed, tensors).bound.total_ns
    assert bound_ns >= sequential_bound(costed).total_ns
    for policy in layout_policies(costed, tensors):
        assert bound_ns <= policy.bound.bound.total_ns
        chosen = {step.layers[0]: step.cost for step in policy.bound.bound.steps}
        assert policy.bound.bound.total_ns == total_ns(chosen, tensors)


@given(laid_out(), st.data())
def test_one_more_implementation_never_raises_it(case, data) -> None:
    costed, tensors = case
    if not costed.layers:
        return
    layers = list(costed.layers)
    place = data.draw(st.integers(0, len(layers) - 1))
    old, layout = layers[place], data.draw(st.sampled_from(["plain", "blocked", "any"]))
    new = way(data.draw(st.integers(0, 12)), layout)
    layers[place] = CostedLayer(old.id, old.name, old.op_type, (*old.costs, new))
    more = Costed(costed.name, tuple(layers), costed.predecessors)
    assert (
        layout_bound(more, tensors).bound.total_ns <= layout_bound(costed, tensors).bound.total_ns
    )


@given(laid_out(is_chain=True))
def test_a_chain_is_a_shortest_path(case) -> None:
    """From layer to layer, the least cost of having arrived in each layout."""
    costed, tensors = case
    arrived = {"plain": 0}
    for layer in costed.layers:
        wire = next(each for each in tensors if layer.id in each.consumers)
        arrived = _onwards(arrived, layer, wire)
    if costed.layers:
        back_ns = tensors[-1].reorders[1].cost_ns
        arrived = {layout: ns + back_ns * (layout != "plain") for layout, ns in arrived.items()}
    assert layout_bound(costed, tensors).bound.total_ns == min(arrived.values())


def _onwards(arrived: dict[str, int], layer: CostedLayer, wire: Wire) -> dict[str, int]:
    found: dict[str, int] = {}
    for (layout, so_far), cost in itertools.product(arrived.items(), spelled_out(layer)):
        change = wire.reorder(layout, cost.layout_in)
        total = so_far + cost.cost_ns + (change.cost_ns if change else 0)
        found[cost.layout_out] = min(found.get(cost.layout_out, total), total)
    return found


def test_a_layout_that_a_tensor_cannot_have_is_not_possible() -> None:
    def moved(cost_ns: int) -> LayoutBound:
        return LayoutBound(Bound(0, (), "exact"), (Reorder("x", Cost(cost_ns, "none")),))

    assert moved(10).is_possible
    assert not moved(IMPOSSIBLE_NS).is_possible
