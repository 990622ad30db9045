from __future__ import annotations

import pytest

from dlscope.catalog.mlmodelscope.naming import (
    asset_of,
    backend_of,
    graph_role,
    name_of,
    secure,
    version_of,
)
from dlscope.catalog.mlmodelscope.original import OriginalFiles


@pytest.mark.parametrize(
    ("original", "name"),
    [("vgg16", "vgg16"), ("ResNet_v1.5", "resnet_v1.5"), ("Net (new)", "net-new"), ("x" * 90, 80)],
)
def test_names_are_small_and_plain(original: str, name) -> None:
    told: list[str] = []
    found = name_of(original, told.append)
    assert found == name if isinstance(name, str) else len(found) == name
    assert bool(told) == (found != original)


@pytest.mark.parametrize(
    ("original", "version"), [("1.0", "1.0.0"), ("2", "2.0.0"), ("1.2.3",) * 2]
)
def test_versions_have_three_numbers(original: str, version: str) -> None:
    assert version_of(original) == version


def test_frameworks_are_named_as_their_backends() -> None:
    told: list[str] = []
    assert backend_of("PyTorch", told.append) == "torch"
    assert told == []
    assert backend_of("My Net", told.append) == "my-net"
    assert told == ["framework: there is no backend for My Net; it stays 'my-net'"]


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("a.onnx", "graph"),
        ("a.tflite", "graph_tflite"),
        ("frozen.PB", "graph_pb"),
        ("model-symbol.json", "graph_json"),
        ("graph", "graph_file"),
    ],
)
def test_a_graph_that_no_backend_reads_is_named_for_its_form(path: str, role: str) -> None:
    assert graph_role(path) == role


@pytest.mark.parametrize(
    ("files", "asset"),
    [
        ({"base_url": "https://a.b/c/"}, {"source": "https://a.b/c/g.onnx"}),
        ({"base_url": "https://a.b/c"}, {"source": "https://a.b/c/g.onnx"}),
        (
            {"base_url": "https://a.b/c.tgz", "is_archive": True},
            {"source": "https://a.b/c.tgz", "archive_member": "g.onnx"},
        ),
        ({}, {"source": "file:g.onnx"}),
    ],
)
def test_files_are_found_from_their_address(files, asset) -> None:
    assert asset_of(OriginalFiles(**files), "g.onnx", None, print) == asset


def test_a_checksum_is_the_md5_that_it_is() -> None:
    asset = asset_of(OriginalFiles(), "https://a.b/g.onnx", "AB" * 16, print)
    assert asset == {"source": "https://a.b/g.onnx", "md5": "ab" * 16}


def test_the_web_is_spoken_to_safely() -> None:
    told: list[str] = []
    assert secure("http://a.b/c", told.append) == "https://a.b/c"
    assert told == ["http://a.b/c will be fetched by https"]
