from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from brick_models import chain_file, fork_file

from dlscope.methods.bricks.cutting import cut_models
from dlscope.methods.bricks.suite import Suite, runtime_here


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two networks whose graphs are executed as they are written, and share bricks."""
    folder = tmp_path_factory.mktemp("bricks")
    return {"chain": chain_file(folder / "chain.onnx"), "fork": fork_file(folder / "fork.onnx")}


@pytest.fixture(scope="session")
def suite(files) -> Suite:
    """Both, in bricks of one layer, valid for the runtime that is installed."""
    from dlscope.graph.read import read_graph

    graphs = [(name, read_graph(path)) for name, path in files.items()]
    return cut_models(graphs, 1, cut="authored", runtime=runtime_here())
