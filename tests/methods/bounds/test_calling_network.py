from __future__ import annotations

from pathlib import Path

import pytest

from dlscope.graph.read import read_graph
from dlscope.methods.bounds.calling_network import calling_network, calling_network_file


def test_it_is_the_same_each_time() -> None:
    assert calling_network().SerializeToString() == calling_network().SerializeToString()


def test_it_has_many_short_layers() -> None:
    graph = read_graph(calling_network())
    assert len(graph.layers) == 8 * 9 + 1
    assert {layer.op_type for layer in graph.layers} == {
        *("Conv", "BatchNormalization", "Clip", "Add", "Relu")
    }


def test_it_is_kept_in_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLSCOPE_CACHE", str(tmp_path))
    path = calling_network_file()
    assert path.is_relative_to(tmp_path)
    written = path.stat().st_mtime_ns
    assert calling_network_file() == path
    assert path.stat().st_mtime_ns == written
    assert [each for each in path.parent.iterdir() if each.suffix == ".part"] == []
