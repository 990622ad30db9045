from __future__ import annotations

import numpy as np
from single_layers import LAYERS

from dlscope.graph.brick_model import brick_feeds, brick_model
from dlscope.methods.bounds.implementations import nchwc
from dlscope.methods.bounds.implementations.ort_cut import CutRunnable
from dlscope.methods.bounds.implementations.ort_session import ALL, optimised


def test_what_follows_the_core_is_computed_from_its_latest_outputs() -> None:
    brick = LAYERS["dense"]
    cut = nchwc.cut_blocks(optimised(brick_model(brick), ALL))
    runnable = CutRunnable(cut, brick_feeds(brick), ["v3"], 1, lambda arrays: [-arrays[0]])
    runnable.run()
    (found,) = runnable.outputs()
    assert found.shape == brick.tensors[brick.outputs[0]].shape
    plain = CutRunnable(cut, brick_feeds(brick), ["v3"], 1)
    plain.run()
    np.testing.assert_array_equal(found, -plain.outputs()[0])


def test_without_movers_the_whole_graph_is_the_core() -> None:
    brick = LAYERS["split"]
    cut = nchwc.cut_blocks(brick_model(brick))
    runnable = CutRunnable(cut, brick_feeds(brick), ["v3", "v2"], 1)
    runnable.run()
    values = brick_feeds(brick)["v0"]
    for found, expected in zip(runnable.outputs(), (values[:, 16:], values[:, :16]), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert runnable.notes == {"kernel": "ai.onnx.Split", "kernels": "1"}
