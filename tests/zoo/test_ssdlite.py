from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from dlscope.zoo.architecture import outline
from dlscope.zoo.ssdlite import SSDLITE, build


def test_has_the_published_size(sizes):
    """Those of torchvision's for COCO, which states 0.583 billion operations."""
    assert sizes(SSDLITE) == (3_440_060, 583_171_904)


def test_heads_read_images_of_six_sizes():
    graph = outline(SSDLITE, {}).model.graph
    nodes = {node.name: node for node in graph.node}
    read = [nodes[f"boxes.{index}.depthwise.conv"].input[0] for index in range(6)]
    assert read == [
        "blocks.12.expand.hard_swish",
        "head.hard_swish",
        *(f"extra.{index}.expand.relu6" for index in range(4)),
    ]
    assert read == [nodes[f"scores.{index}.depthwise.conv"].input[0] for index in range(6)]


@pytest.fixture(scope="module")
def session() -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(build(None, {"seed": "0"}), options)


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(1).standard_normal((2, 3, 320, 320), np.float32)


def test_answers_with_a_box_and_scores_for_each_place(session, images):
    boxes, scores = session.run(["boxes", "scores"], {"image": images})
    places = sum(side**2 for side in (20, 10, 5, 3, 2, 1))
    assert boxes.shape == (2, 6 * places, 4)
    assert scores.shape == (2, 6 * places, 91)
    for found in (boxes, scores):
        assert np.isfinite(found).all()
        assert 0.01 < found.std() < 1000
        assert np.abs(found[0] - found[1]).mean() > 1e-3 * found.std()


def test_a_batch_gives_what_its_images_give_alone(session, images):
    together = session.run(None, {"image": images})
    alone = [session.run(None, {"image": images[index : index + 1]}) for index in range(2)]
    for index, found in enumerate(together):
        expected = np.concatenate([each[index] for each in alone])
        assert np.abs(found - expected).max() <= 1e-5 * np.abs(found).max()
