from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

import pytest

from dlscope.catalog.generated import generate
from dlscope.core import registry
from dlscope.core.errors import DataError, PluginError
from dlscope.core.manifest import Source

Install = Callable[[str, str, Mapping[str, bytes]], Path]
BUILDER = b"""
calls = []

def build(weights, options):
    calls.append(dict(options))
    return weights.read_bytes() * int(options["times"])
"""
POINTS = b"[dlscope.networks]\nrepeat = repeating_network:build\n"


@pytest.fixture
def network(install: Install) -> Iterator[Path]:
    """The file of an installed network plugin that repeats its weights."""
    files = {"repeating_network.py": BUILDER, "repeating-1.0.dist-info/entry_points.txt": POINTS}
    site = install("repeating", "1.0", {})
    for name, content in files.items():
        (site / name).write_bytes(content)
    registry._entry_points.cache_clear()
    yield site / "repeating_network.py"
    registry._entry_points.cache_clear()
    sys.modules.pop("repeating_network", None)


def made(weights: Path, times: int = 2) -> Path:
    return generate(Source.parse(f"generated:repeat?times={times}"), weights, "m@1.0.0")


def calls() -> int:
    return len(registry.load("networks", "repeat").__globals__["calls"])


def test_builds_once(network: Path, tmp_path: Path, cache: Path) -> None:
    weights = tmp_path / "w"
    weights.write_bytes(b"ab")
    path = made(weights)
    assert path.read_bytes() == b"abab"
    assert path.parent == cache / "generated"
    assert made(weights) == path
    assert calls() == 1


def test_builds_again_when_anything_it_depends_on_changes(network: Path, tmp_path: Path) -> None:
    weights = tmp_path / "w"
    weights.write_bytes(b"ab")
    first = made(weights)
    assert made(weights, times=3).read_bytes() == b"ababab"
    weights.write_bytes(b"cd-changed")
    assert made(weights).read_bytes() == b"cd-changedcd-changed"
    weights.write_bytes(b"ab")
    network.write_bytes(BUILDER + b"# changed\n")
    second = made(weights)
    assert second != first
    assert second.read_bytes() == b"abab"


def test_builds_again_when_the_kept_file_was_changed(
    network: Path, tmp_path: Path, cache: Path
) -> None:
    weights = tmp_path / "w"
    weights.write_bytes(b"ab")
    made(weights).write_bytes(b"spoiled")
    assert made(weights).read_bytes() == b"abab"
    assert [path.read_bytes() for path in (cache / "quarantine").iterdir()] == [b"spoiled"]


def test_a_network_without_weights_is_kept_apart(network: Path, cache: Path) -> None:
    network.write_bytes(BUILDER.replace(b"weights.read_bytes()", b"repr(weights).encode()"))
    source = Source.parse("generated:repeat?times=2&seed=0")
    path = generate(source, None, "m@1.0.0")
    assert path.read_bytes() == b"NoneNone"
    assert generate(source, None, "m@1.0.0") == path
    assert generate(source, network, "m@1.0.0") != path
    assert calls() == 2


def test_refuses_an_empty_graph(network: Path, tmp_path: Path) -> None:
    weights = tmp_path / "w"
    weights.write_bytes(b"")
    with pytest.raises(DataError) as refusal:
        made(weights)
    assert refusal.value.what == "network 'repeat' built an empty graph"
    assert refusal.value.where == "m@1.0.0"
    assert refusal.value.fix == "report this to whoever wrote the network plugin"


def test_refuses_an_unknown_network(tmp_path: Path) -> None:
    weights = tmp_path / "w"
    weights.write_bytes(b"ab")
    with pytest.raises(PluginError, match="there is no plugin 'berd' among the networks"):
        generate(Source.parse("generated:berd"), weights, "m@1.0.0")


def test_depends_on_the_versions_of_dlscope_and_onnx(
    network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = tmp_path / "w"
    weights.write_bytes(b"ab")
    first = made(weights)
    for changed in ("onnx", "dlscope"):
        monkeypatch.setattr(
            "dlscope.catalog.generated.version",
            lambda name, changed=changed: "9.9" if name == changed else version(name),
        )
        assert made(weights) != first
