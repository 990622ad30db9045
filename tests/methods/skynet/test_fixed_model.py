from __future__ import annotations

import numpy as np
import onnx
import pytest
from small_detectors import drawn_weights, small_detector

from dlscope.graph.builder import serialize
from dlscope.methods.skynet.fixed_model import fixed_model
from dlscope.methods.skynet.fixed_point import FixedFormat, fixed
from dlscope.methods.skynet.fixed_scheme import FixedScheme

pytest.importorskip("torch")
onnxruntime = pytest.importorskip("onnxruntime")

MAPS, WEIGHTS = FixedFormat(7, 3), FixedFormat(9, 3)


def written(act="relu6"):
    detector, folded = small_detector(act=act), drawn_weights(seed=1)
    scheme = FixedScheme.uniform(folded, MAPS, WEIGHTS)
    return detector.with_graph(fixed_model(detector.graph, folded, scheme)), folded, scheme


@pytest.mark.parametrize("act", ["relu", "relu6"])
def test_computes_what_the_network_of_few_bits_computes(act):
    from dlscope.methods.skynet.fixed_network import FixedNetwork, fixed_heads

    found, folded, scheme = written(act)
    onnx.checker.check_model(found.graph, full_check=True)
    images = np.random.default_rng(0).uniform(-2, 2, (3, 3, *found.size)).astype(np.float32)
    session = onnxruntime.InferenceSession(
        serialize(found.graph), providers=["CPUExecutionProvider"]
    )
    head = session.run(None, {"image": images})[0]
    # Where a sum lies on the edge between two numbers, its order may decide for the other one.
    off = np.abs(head - fixed_heads(FixedNetwork(folded, scheme, act), images))
    assert (off < 1e-4).mean() > 0.95
    assert off.max() < 0.5
    assert found.act == act


def test_has_the_weights_of_the_formats():
    found, folded, _ = written()
    wanted = fixed(folded.flat, WEIGHTS.bits, WEIGHTS.int_bits)
    assert (found.folded().flat == wanted).all()


def test_leaves_the_graph_alone():
    detector, folded = small_detector(), drawn_weights(seed=1)
    before = serialize(detector.graph)
    fixed_model(detector.graph, folded, FixedScheme.uniform(folded, MAPS, WEIGHTS))
    assert serialize(detector.graph) == before
