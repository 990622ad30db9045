from __future__ import annotations

import numpy as np
import pytest

from dlscope.core.errors import BoundError
from dlscope.graph.builder import GraphBuilder
from dlscope.graph.read import read_graph
from dlscope.methods.bounds.costed import Cost
from dlscope.methods.bounds.wires import Wire, require_measured, wires_of

TO_BLOCKED = Cost(5, "reorder", layout_in="plain", layout_out="blocked", evidence="r1")
SLOWER = Cost(7, "copy", layout_in="plain", layout_out="blocked")
TO_LAST = Cost(3, "reorder", layout_in="plain", layout_out="last")


def test_the_cheapest_measured_way_between_two_layouts() -> None:
    wire = Wire("x", 0, (1,), reorders=(SLOWER, TO_BLOCKED, TO_LAST))
    assert wire.reorder("plain", "blocked") == TO_BLOCKED
    assert wire.reorder("blocked", "plain") is None


def test_each_layout_but_the_given_one_is_a_move() -> None:
    copy = Cost(9, "copy")
    wire = Wire("x", 0, (1,), reorders=(TO_BLOCKED, TO_LAST, copy))
    assert wire.moves("plain", {"plain", "last", "blocked"}) == (TO_BLOCKED, TO_LAST)
    assert wire.moves("plain", {"plain"}) == ()


def test_ends_of_an_inner_tensor() -> None:
    chosen = {
        0: Cost(1, "i", layout_out="blocked"),
        1: Cost(1, "i", layout_in="blocked"),
        2: Cost(1, "i", layout_in="last"),
    }
    assert Wire("x", 0, (1, 2)).ends(chosen) == ("blocked", {"blocked", "last"})


def test_graph_inputs_are_given_and_outputs_wanted_plain() -> None:
    chosen = {1: Cost(1, "i", layout_in="blocked")}
    assert Wire("x", None, (1,), is_output=True).ends(chosen) == ("plain", {"blocked", "plain"})


def test_who_uses_the_graph_takes_its_outputs_too() -> None:
    assert not Wire("x", 0, (1,)).is_shared
    assert not Wire("x", 0, (), is_output=True).is_shared
    assert Wire("x", 0, (1, 2)).is_shared
    assert Wire("x", 0, (1,), is_output=True).is_shared


def test_wires_of_a_graph_are_the_activations_that_someone_takes() -> None:
    builder = GraphBuilder("g")
    x = builder.input("x", "float32", (2, 3))
    scaled = builder.node("Mul", [x, builder.constant("w", np.float32(2))], output="scaled")
    summed = builder.node("Add", [x, scaled], output="summed")
    builder.output(scaled, "float32", (2, 3))
    builder.output(summed, "float32", (2, 3))
    graph = read_graph(builder.finish())
    wires = wires_of(graph, lambda tensor: [Cost(tensor.size_bytes, "reorder")])
    assert [(w.tensor, w.producer, w.consumers, w.is_output) for w in wires] == [
        ("x", None, (0, 1), False),
        ("scaled", 0, (1,), True),
        ("summed", 1, (), True),
    ]
    assert wires[0].reorders == (Cost(24, "reorder"),)


def test_changes_of_layout_that_were_not_measured_are_named() -> None:
    wire, other = Wire("x", 0, (1,), reorders=(TO_BLOCKED,)), Wire("y", 1, (2,))
    pairs = [("plain", "blocked"), ("plain", "plain"), ("blocked", "plain")]
    with pytest.raises(BoundError) as refusal:
        require_measured([(wire, pairs), (other, [("plain", "last")])], where="net")
    assert str(refusal.value) == (
        "BoundError: no measurement of laying out anew: x (blocked to plain), y (plain to last)\n"
        "  where  net\n"
        "  fix    measure these reorders, or leave out the implementations that need them"
    )


def test_nothing_is_missing_where_all_is_measured() -> None:
    wire = Wire("x", 0, (1,), reorders=(TO_BLOCKED,))
    require_measured([(wire, [("plain", "blocked"), ("last", "last")])], where="net")
