from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from single_layers import LAYERS, RESHAPE, chain, layer, zeros

from dlscope.graph.brick import Brick
from dlscope.graph.brick_model import brick_model
from dlscope.methods.bounds.implementation import (
    NULL,
    TF32,
    TOLERANCES,
    Configuration,
    Implementation,
    Runnable,
    declared_dtype,
    is_free,
    layout_of,
    tolerance,
)


class Kept(Implementation):
    """Remembers what it was asked to build."""

    name = "kept"
    family = "none"

    def __init__(self) -> None:
        self.asked: list[tuple[Brick, Configuration, int]] = []

    @classmethod
    def version(cls) -> str:
        return "0"

    def configurations(self, brick: Brick) -> Sequence[Configuration]:
        del brick
        return [Configuration()]

    def _build(self, brick: Brick, configuration: Configuration, threads: int) -> Runnable:
        self.asked.append((brick, configuration, threads))
        return object()  # type: ignore[return-value]


def test_a_layout_names_both_sides_where_they_differ() -> None:
    both = [Configuration(layout=each) for each in ("plain", layout_of("plain", "blocked"))]
    assert [(each.layout_in, each.layout_out) for each in both] == [
        ("plain", "plain"),
        ("plain", "blocked"),
    ]
    assert layout_of("blocked", "blocked") == "blocked"


def test_the_null_brick_is_built_in_the_same_way_on_as_many_threads() -> None:
    kept = Kept()
    kept.build(LAYERS["relu"], Configuration("a"), threads=2)
    kept.build_null(threads=2)
    assert kept.asked == [(LAYERS["relu"], Configuration("a"), 2), (NULL, Configuration(), 2)]


def test_the_null_brick_passes_one_element_on() -> None:
    (node,) = brick_model(NULL).graph.node
    assert node.op_type == "Identity"
    assert [tensor.elements for tensor in NULL.tensors] == [1, 1]
    assert NULL.id == Brick.from_json(NULL.to_json()).id


def test_only_what_renames_memory_is_free() -> None:
    views = chain(
        [("Flatten", ["x"], ["a"], {}), ("Identity", ["a"], ["y"], {})],
        {"x": zeros(1, 2, 3)},
        {},
    )
    assert is_free(RESHAPE)
    assert is_free(views)
    assert not is_free(LAYERS["transpose"])
    assert not is_free(
        chain([("Flatten", ["x"], ["a"], {}), ("Relu", ["a"], ["y"], {})], {"x": zeros(2, 3)}, {})
    )


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_type_of_a_brick_is_that_of_its_floats(dtype) -> None:
    gathered = layer("Gather", [zeros(4, dtype=dtype)], [np.array([0, 1])])
    assert declared_dtype(gathered) == dtype


def test_a_brick_without_floats_counts_as_one_of_a_float32_model() -> None:
    assert declared_dtype(layer("Add", [zeros(3, dtype="int64")] * 2)) == "float32"


def test_transformed_products_may_be_further_from_the_reference() -> None:
    assert tolerance(Configuration(), {}) == 1e-4
    assert tolerance(Configuration(), {"transform": "winograd"}) == 1e-3
    assert tolerance(Configuration(dtype="bfloat16"), {"transform": "winograd"}) == 2e-2
    assert tolerance(Configuration(math=TF32), {}) == 2e-2
    assert set(TOLERANCES) >= {"float32", "float16", "bfloat16", "int8"}
