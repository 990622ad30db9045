from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from measured_models import BLOCK, forked, forked_model
from single_layers import layer, zeros

from dlscope.graph.read import read_graph
from dlscope.methods.bounds.generating import (
    Reordering,
    costs_nothing,
    declared_dtypes,
    model_benches,
    unique_bricks,
)


def test_every_layer_and_every_fusible_group_is_a_brick(tmp_path: Path) -> None:
    model = forked(tmp_path)
    assert {layer: brick.label for layer, brick in model.layers.items()} == {
        0: "Conv",
        1: "Relu",
        2: "LRN",
        3: "MaxPool",
        4: "Concat",
        5: "Flatten",
    }
    assert [(group.pattern, brick.label) for group, brick in model.groups] == [
        ("Conv→Act", "Conv + Relu")
    ]


def test_views_are_not_timed(tmp_path: Path) -> None:
    model = forked(tmp_path)
    labels = [brick.label for brick in model.timed]
    assert labels == ["Conv", "Relu", "LRN", "MaxPool", "Concat", "Conv + Relu"]
    assert [costs_nothing(model, layer) for layer in model.layers] == [False] * 5 + [True]


def test_changes_of_layout_are_those_of_images_and_nothing_else(tmp_path: Path) -> None:
    model = forked(tmp_path)
    assert {reordering.shape for reordering in model.reorders} == {
        *((1, 8, 6, 6), (1, 16, 6, 6), (1, 576))
    }
    # A tensor of two axes lies in the same way in every layout.
    assert model.reorders[Reordering((1, 576), "float32", "plain", "blocked")] is None
    assert len(model.moved) == 2 * 6


def test_there_is_no_change_into_blocks_that_channels_do_not_fill(tmp_path: Path) -> None:
    from dlscope.graph.builder import GraphBuilder

    graph = GraphBuilder("odd")
    x = graph.input("x", "float32", (1, 3, 4, 4))
    graph.output(graph.node("Relu", [x], output="y"), "float32", (1, 3, 4, 4))
    model = model_benches("odd", read_graph(graph.finish()), tmp_path, block=BLOCK)
    assert {(each.layout_in, each.layout_out) for each in model.reorders} == {
        ("plain", "channels_last"),
        ("channels_last", "plain"),
    }


def test_without_the_size_of_a_block_no_layout_is_changed(tmp_path: Path) -> None:
    assert forked(tmp_path, block=None).moved == ()


def test_bricks_of_several_models_are_unique(tmp_path: Path) -> None:
    first = forked(tmp_path)
    second = model_benches("again", read_graph(forked_model()), tmp_path, block=BLOCK)
    assert unique_bricks([first, second]) == first.timed
    assert unique_bricks([first, second], reorders=True) == first.moved


def test_what_one_model_knows_of_values_serves_all(tmp_path: Path) -> None:
    plain = layer("Gather", [zeros(4, 2), zeros(3, dtype="int64")])
    told = replace(
        plain,
        tensors=tuple(
            replace(each, sample=[3, 1, 2]) if each.is_discrete else each for each in plain.tensors
        ),
    )
    model = forked(tmp_path)
    with_plain = replace(model, layers={0: plain}, groups=())
    with_told = replace(model, layers={0: told}, groups=())
    (brick,) = unique_bricks([with_plain, with_told])
    assert brick == told


def test_the_types_that_bricks_are_written_in_are_told_once() -> None:
    bricks = [layer("Relu", [zeros(2)]), layer("Relu", [zeros(2, dtype="float64")])]
    assert declared_dtypes([*bricks, *bricks]) == ("float32", "float64")


def test_the_whole_model_is_one_brick(tmp_path: Path) -> None:
    assert forked(tmp_path).whole.label == "Conv + Relu + LRN + MaxPool + Concat + Flatten"
    assert forked(tmp_path).batch == 1
