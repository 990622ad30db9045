from __future__ import annotations

import numpy as np
import pytest
from single_layers import IMAGE, LAYERS, chain, zeros

from dlscope.graph.brick_model import brick_feeds, brick_model
from dlscope.methods.bounds.implementations.ort_session import (
    ALL,
    EXTENDED,
    UNCHANGED,
    OrtRunnable,
    optimised,
    session_of,
)


def operators(model) -> list[str]:
    return [node.op_type for node in model.graph.node]


def test_the_levels_leave_fuse_and_lay_out_anew() -> None:
    nodes = [("Conv", ["x", "w"], ["c"], {}), ("Relu", ["c"], ["y"], {})]
    model = brick_model(chain(nodes, {"x": IMAGE}, {"w": zeros(32, 32, 3, 3)}))
    assert operators(optimised(model, UNCHANGED)) == ["Conv", "Relu"]
    assert operators(optimised(model, EXTENDED)) == ["FusedConv"]
    assert "ReorderOutput" in operators(optimised(model, ALL))


@pytest.mark.parametrize("kind", ["split", "lstm", "gather"])
def test_bound_outputs_are_those_of_the_session(kind) -> None:
    brick = LAYERS[kind]
    session = session_of(brick_model(brick), UNCHANGED)
    feeds, names = brick_feeds(brick), [f"v{place}" for place in brick.outputs]
    runnable = OrtRunnable(session, feeds, names)
    runnable.run()
    for found, expected in zip(runnable.outputs(), session.run(names, feeds), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_outputs_are_written_anew_in_the_same_place_by_every_run() -> None:
    brick = LAYERS["relu"]
    session = session_of(brick_model(brick), UNCHANGED)
    feeds = brick_feeds(brick)
    runnable = OrtRunnable(session, feeds, ["v1"])
    (first,) = runnable.outputs()
    kept, address = first.copy(), first.ctypes.data
    first[...] = -1
    runnable.run()
    (second,) = runnable.outputs()
    assert second.ctypes.data == address
    np.testing.assert_array_equal(second, kept)
