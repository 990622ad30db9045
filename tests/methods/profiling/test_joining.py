from __future__ import annotations

import dataclasses

from dlscope.core.trace import COLUMNS, Trace
from dlscope.methods.profiling.joining import joined, layer_parts
from dlscope.methods.profiling.profile import Profile
from dlscope.testing.profiles import layered_run


def profile(names, parts=None, **more) -> Profile:
    layers = {name: (kind, [10, 10]) for name, kind in names.items()}
    return Profile(layered_run(layers, work=parts, **more))


def chain(*names: str):
    fields = {"flops": 1.0, "read_bytes": 1.0, "write_bytes": 1.0}
    before = [None, *names]
    return {
        name: {**fields, "inputs": {maker: 1.0} if maker else {}}
        for name, maker in zip(names, before, strict=False)
    }


def names_of(before: Profile, after: Profile):
    return [
        ([node.name for node in group.before], [node.name for node in group.after])
        for group in joined(before, after)
    ]


def test_equal_names_belong_together_in_the_order_of_the_later() -> None:
    first = profile({"a": "Conv", "b": "Relu"})
    second = profile({"b": "Relu", "a": "Conv"})
    assert names_of(first, second) == [(["b"], ["b"]), (["a"], ["a"])]


def test_what_has_no_partner_is_left_alone_and_comes_with_its_own_side() -> None:
    first, second = profile({"a": "Conv", "x": "Pad"}), profile({"y": "Copy", "a": "Conv"})
    assert names_of(first, second) == [([], ["y"]), (["a"], ["a"]), (["x"], [])]
    alone, _, _ = joined(first, second)
    assert not alone.is_matched
    assert (alone.name, [layer.name for layer in alone.layers]) == ("y", ["y"])


def nodes(*named: tuple[str, str, int]) -> Profile:
    """A profile whose layers may share a name: (name, operator, µs)."""
    run = layered_run({f"{number}": (kind, [us]) for number, (_, kind, us) in enumerate(named)})
    names = {f"{number}": name for number, (name, *_) in enumerate(named)}
    texts = [names.get(text, text) for text in run.trace.texts]
    columns = {column: run.trace[column] for column in COLUMNS}
    return Profile(dataclasses.replace(run, trace=Trace.of_columns(columns, texts)))


def test_of_namesakes_those_are_joined_that_the_common_sequence_joins() -> None:
    first = nodes(("conv", "Conv", 1), ("relu", "Relu", 2), ("conv", "Conv", 3), ("add", "Add", 4))
    second = nodes(("relu", "Relu", 5), ("conv", "Conv", 6), ("add", "Add", 7))
    found = joined(first, second)
    assert [
        [[layer.name for layer in side] for side in (group.before, group.after)] for group in found
    ] == [[["relu"]] * 2, [["conv"]] * 2, [["add"]] * 2, [["conv"], []]]
    (conv,) = found[1].before
    assert first.latency_ns(conv) == 3_000


def test_namesakes_that_are_there_equally_often_may_change_their_order() -> None:
    first = nodes(("a", "Conv", 1), ("a", "Pool", 2), ("b", "Relu", 3))
    second = nodes(("b", "Relu", 1), ("a", "Convolution", 2), ("a", "Pooling", 3))
    assert all(group.is_matched for group in joined(first, second))


def test_layers_that_share_a_layer_of_the_graph_belong_together() -> None:
    graph = chain("conv", "bn", "relu", "pool")
    eager = profile({"conv": "Conv", "bn": "BN", "relu": "Relu", "pool": "Pool"}, graph)
    fused = profile({"relu_nchwc": "Conv", "pool_nchwc": "Pool", "reorder": "Reorder"}, graph)
    assert names_of(eager, fused) == [
        (["conv", "bn", "relu"], ["relu_nchwc"]),
        (["pool"], ["pool_nchwc"]),
        ([], ["reorder"]),
    ]
    assert joined(eager, fused)[0].name == "relu_nchwc"
    assert joined(fused, eager)[0].name == "relu_nchwc"


def test_fusions_that_overlap_are_one_group() -> None:
    graph = chain("a", "b", "c")
    told = {"a": {"original_layers": "a,b"}, "c": {"original_layers": "c"}}
    other = {"a": {"original_layers": "a"}, "c": {"original_layers": "b,c"}}
    kinds = {"a": "Conv", "c": "Conv"}
    first, second = profile(kinds, graph, attributes=told), profile(kinds, graph, attributes=other)
    assert names_of(first, second) == [(["a", "c"], ["a", "c"])]


def test_a_graph_that_only_one_side_knows_does_not_keep_names_apart() -> None:
    first, second = profile({"a": "Conv"}), profile({"a": "Conv"}, chain("a"))
    assert names_of(first, second) == [(["a"], ["a"])]
    assert layer_parts(first) == {}
    assert layer_parts(second) == {"a": ["a"]}
