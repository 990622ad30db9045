from __future__ import annotations

from costed_networks import network
from hypothesis import given
from layout_networks import laid_out, total_ns, two_layouts, way, wires

from dlscope.methods.bounds.costed import Cost, view
from dlscope.methods.bounds.layout_problem import LayoutProblem

FORK = {1: [0], 2: [0]}


def test_layouts_are_the_plain_one_and_those_that_are_named() -> None:
    costed = network([[way(1, "blocked")], [view()], [way(1, "plain", "last")]])
    assert LayoutProblem(costed, []).layouts == ("plain", "blocked", "last")
    assert LayoutProblem(network([]), []).layouts == ("plain",)


def test_what_is_dearer_between_the_same_layouts_is_no_choice() -> None:
    ways = [Cost(5, "ort"), Cost(3, "torch"), way(4, "blocked")]
    problem = LayoutProblem(network([ways]), [])
    assert problem.costs.single[0].tolist() == [3, 4]
    assert problem.chosen([0])[0].implementation == "torch"


def test_what_takes_any_layout_is_a_choice_for_each() -> None:
    problem = LayoutProblem(network([[way(1, "blocked")], [view()]]), [])
    spelled_out = [problem.chosen([0, choice])[1] for choice in (0, 1)]
    assert [(cost.layout_in, cost.layout_out) for cost in spelled_out] == [
        ("plain", "plain"),
        ("blocked", "blocked"),
    ]


def test_a_tensor_that_several_take_is_one_more_variable() -> None:
    problem = LayoutProblem(two_layouts([(1, 1)] * 3, FORK), wires(FORK, 3))
    # Three layers, and t0 wanted plain, blocked or both.
    assert sorted(each.size for each in problem.costs.single) == [2, 2, 2, 3]


def test_a_policy_is_the_cheapest_in_its_layout_or_else_the_cheapest() -> None:
    ways = [[way(9, "blocked"), way(1, "plain")], [way(5, "plain"), way(2, "plain", "blocked")]]
    chosen = LayoutProblem(network(ways), []).policy("blocked")
    assert [chosen[layer].cost_ns for layer in (0, 1)] == [9, 2]


@given(laid_out())
def test_the_sum_of_choices_is_what_the_layers_and_changes_cost(case) -> None:
    costed, tensors = case
    problem = LayoutProblem(costed, tensors)
    for layout in problem.layouts:
        chosen = problem.policy(layout)
        choices = problem.choices(chosen)
        assert problem.chosen(choices) == chosen
        assert problem.costs.cost(choices) == total_ns(chosen, tensors)
