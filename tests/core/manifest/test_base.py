from __future__ import annotations

import pytest
from pydantic import ValidationError

from dlscope.core.manifest import Asset, ModelManifest, Source, parse_manifest
from dlscope.core.manifest.base import Locate

HASH = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (
            "pkg:foolbox==3.3.4#foolbox/data",
            Source("pkg", "foolbox", "3.3.4", "foolbox/data"),
        ),
        ("pkg:a.b-c==1!2.0+cpu#x y.txt", Source("pkg", "a.b-c", "1!2.0+cpu", "x y.txt")),
        ("file:models/a b.onnx", Source("file", "models/a b.onnx")),
        ("https://example.org/m.onnx", Source("https", "https://example.org/m.onnx")),
        ("generated:bert", Source("generated", "bert")),
        (
            "generated:efficientnet_lite?variant=0&size=",
            Source("generated", "efficientnet_lite", options={"variant": "0", "size": ""}),
        ),
    ],
)
def test_reads_the_four_forms_of_a_source(text: str, source: Source) -> None:
    assert Source.parse(text) == source


@pytest.mark.parametrize(
    "text",
    [
        "",
        "models/a.onnx",
        "file:",
        "http://example.org/m.onnx",
        "https:example.org",
        "https://",
        "https:///m.onnx",
        "https://example.org/a b",
        "pkg:foolbox#data",
        "pkg:foolbox==3.3.4",
        "pkg:foolbox==3.3.4#",
        "pkg:==3.3.4#data",
        "pkg:foolbox==3.3.4#../other/secret",
        "pkg:foolbox==3.3.4#data/../../secret",
        "pkg:foolbox==3.3.4#/etc/passwd",
        "generated:",
        "generated:?seed=0",
        "generated:bert?seed",
        "generated:bert?=0",
    ],
)
def test_refuses_what_is_not_a_source(text: str) -> None:
    with pytest.raises(ValueError, match="is not a source") as refusal:
        Source.parse(text)
    assert str(refusal.value) == f"{text!r} is not a source"


@pytest.mark.parametrize(
    ("written", "kept"),
    [("1.0", "1.0.0"), ("1", "1.0.0"), (1.0, "1.0.0"), ("1.2.3-rc.1", "1.2.3-rc.1")],
)
def test_versions_are_padded(model_data, written, kept: str) -> None:
    model = ModelManifest.model_validate({**model_data, "version": written})
    assert model.version == kept
    assert model.identity == f"tiny@{kept}"


def test_a_document_reads_back_what_it_writes(model_data) -> None:
    model = ModelManifest.model_validate(model_data)
    back = ModelManifest.model_validate(model.to_json())
    assert back == model
    assert back.digest == model.digest


def test_the_digest_is_that_of_the_content(model_data) -> None:
    model = ModelManifest.model_validate(model_data)
    asset = Asset(source="file:a", sha256=HASH)
    assert asset.digest == Asset(sha256=HASH, source="file:a").digest
    assert asset.digest != Asset(source="file:b", sha256=HASH).digest
    assert model.model_copy(update={"license": "BSD"}).digest != model.digest


def test_a_document_is_frozen() -> None:
    asset = Asset(source="file:a")
    with pytest.raises(ValidationError, match="frozen"):
        asset.source = "file:b"


def test_parse_manifest_returns_what_is_right(model_data) -> None:
    locate: Locate = str
    model = parse_manifest(ModelManifest, model_data, locate)
    assert model == ModelManifest.model_validate(model_data)
