from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from dlscope.backends.reference import ReferenceBackend
from dlscope.core.trace import Level
from dlscope.testing.small_models import SMALL_MODELS


@pytest.mark.parametrize("name", ["convolutions", "encoder"])
def test_every_node_is_a_layer(name: str, tmp_path: Path) -> None:
    small = SMALL_MODELS[name]
    path = small.build(tmp_path / "model.onnx")
    feeds = {"x": small.feed(1)}
    predictor, (tracer,) = ReferenceBackend().open_traced(path, {}, [Level.LAYER])
    wanted = predictor.predict(feeds)
    tracer.start()
    got = predictor.predict(feeds)
    tracer.stop()
    predictor.predict(feeds)
    found = tracer.drain()
    np.testing.assert_array_equal(got["y"], wanted["y"])
    nodes = [(node.name, node.op_type) for node in onnx.load(path).graph.node]
    assert [(span.name, span.type) for span in found.trace] == nodes
    last = found.trace.spans[-1]
    assert last.attributes["output_shape"] == "x".join(map(str, got["y"].shape))
    assert last.attributes["output_bytes"] == got["y"].nbytes


def test_says_what_it_cannot_see() -> None:
    found = {each.level: each for each in ReferenceBackend.capabilities()}
    assert found[Level.LAYER].is_available
    assert [level for level, each in found.items() if not each.is_available] == [
        *(Level.LIBRARY, Level.KERNEL, Level.COUNTER),
    ]
    assert found[Level.KERNEL].reason == (
        "the reference evaluator computes in NumPy, which tells nothing of itself"
    )
