from __future__ import annotations

import onnx
import pytest

from dlscope.core.errors import DlscopeError, GraphError
from dlscope.methods.skynet.released_network import build


def test_builds_the_graph_of_the_authors_weights(released_file):
    kinds = {
        lowering: [
            node.op_type
            for node in onnx.load_model_from_string(
                build(released_file, {"reorder": lowering} if lowering else {})
            ).graph.node
        ]
        for lowering in ("", "space_to_depth", "absorb")
    }
    assert kinds[""].count("Slice") == 4
    assert "SpaceToDepth" in kinds["space_to_depth"]
    assert "Slice" not in kinds["absorb"]


def test_refuses_other_options(tmp_path):
    with pytest.raises(GraphError) as refused:
        build(tmp_path / "dac.weights", {"variant": "A"})
    assert str(refused.value) == (
        "GraphError: skynet has no option 'variant'\n"
        "  where  generated:skynet\n"
        "  fix    use one of reorder"
    )
    with pytest.raises(GraphError, match="skynet has no reorder 'fold'"):
        build(tmp_path / "dac.weights", {"reorder": "fold"})


def test_needs_weights():
    with pytest.raises(DlscopeError, match="skynet is built from trained weights"):
        build(None, {})
