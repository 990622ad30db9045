from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from dlscope.catalog.assets import (
    content_digest,
    fetch,
    fetch_source,
    open_dataset,
    require_assets,
)
from dlscope.core.errors import DataError, GraphError, ManifestError, PluginError, Problems
from dlscope.core.manifest import DatasetManifest, ModelManifest

Install = Callable[[str, str, Mapping[str, bytes]], Path]
SHA = hashlib.sha256(b"graph").hexdigest()


def model(**assets: dict[str, Any]) -> ModelManifest:
    tensor = {"name": "x", "tensor": "x", "element_type": "float32", "shape": []}
    return ModelManifest.model_validate(
        {
            "schema_version": 1,
            "name": "m",
            "version": "1.0.0",
            "task": "raw",
            "license": "MIT",
            "assets": assets,
            "inputs": [{**tensor, "type": "tensor"}],
            "outputs": [{**tensor, "type": "raw"}],
        }
    )


def dataset(**changes: Any) -> DatasetManifest:
    fields = {
        "schema_version": 1,
        "name": "d",
        "version": "1.0.0",
        "task": "raw",
        "license": "MIT",
        "reader": "records",
        "options": {"items": [{"id": "a", "input": {"text": "a"}}]},
        "items": 1,
        "data_kind": "text",
    }
    return DatasetManifest.model_validate({**fields, **changes})


def test_fetches_files_from_a_distribution_and_from_a_folder(
    install: Install, tmp_path: Path
) -> None:
    site = install("nets", "1.0", {"nets/graph.onnx": b"graph"})
    labels = tmp_path / "labels.txt"
    labels.write_bytes(b"graph")
    fetched = fetch(
        model(
            labels={"source": f"file:{labels}", "sha256": SHA},
            graph={"source": "pkg:nets==1.0#nets/graph.onnx", "sha256": SHA, "size_bytes": 5},
        )
    )
    assert fetched.paths == {"labels": labels, "graph": site / "nets/graph.onnx"}
    assert fetched.digests == {"labels": SHA, "graph": SHA}


def test_takes_a_relative_path_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "graph.onnx").write_bytes(b"graph")
    monkeypatch.chdir(tmp_path)
    assert fetch_source("file:graph.onnx", SHA, None, "x") == tmp_path / "graph.onnx"


def test_takes_a_member_out_of_an_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("below/graph.onnx", b"graph")
    digest = hashlib.sha256((tmp_path / "a.zip").read_bytes()).hexdigest()
    asset = {"source": f"file:{tmp_path}/a.zip", "sha256": digest}
    fetched = fetch(model(graph={**asset, "archive_member": "below/graph.onnx"}))
    assert fetched.paths["graph"].read_bytes() == b"graph"
    assert fetched.digests["graph"] == SHA


def test_sees_a_file_that_changes_after_it_was_checked(tmp_path: Path) -> None:
    path = tmp_path / "graph.onnx"
    path.write_bytes(b"graph")
    fetch_source(f"file:{path}", SHA, None, "x")
    path.write_bytes(b"grapf")
    with pytest.raises(DataError, match="has the SHA-256"):
        fetch_source(f"file:{path}", SHA, None, "x")


def test_reads_an_unchanged_file_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "graph.onnx"
    path.write_bytes(b"graph")
    read: list[Path] = []

    def counted(file: Path) -> str:
        read.append(file)
        return hashlib.sha256(file.read_bytes()).hexdigest()

    monkeypatch.setattr("dlscope.catalog.cache.file_digest", counted)
    for _ in range(3):
        fetch(model(graph={"source": f"file:{path}", "sha256": SHA}))
    assert read == [path]


def test_refuses_a_wrong_digest_with_both(install: Install) -> None:
    install("nets", "1.0", {"nets/graph.onnx": b"other"})
    with pytest.raises(DataError) as refusal:
        fetch(model(graph={"source": "pkg:nets==1.0#nets/graph.onnx", "sha256": SHA}))
    actual = hashlib.sha256(b"other").hexdigest()
    assert refusal.value.what == f"nets/graph.onnx has the SHA-256 {actual}, expected {SHA}"
    assert refusal.value.where == "m@1.0.0, assets.graph"
    assert refusal.value.fix == "pip install --force-reinstall --no-deps nets==1.0"


def test_an_md5_is_compared_where_there_is_nothing_better(tmp_path: Path) -> None:
    path = tmp_path / "graph.onnx"
    path.write_bytes(b"graph")
    right = hashlib.md5(b"graph", usedforsecurity=False).hexdigest()
    fetched = fetch(model(graph={"source": f"file:{path}", "md5": right}))
    # What a plan then holds is the SHA-256 of the file.
    assert fetched.digests["graph"] == SHA
    with pytest.raises(DataError) as refusal:
        fetch(model(graph={"source": f"file:{path}", "md5": "0" * 32}))
    assert refusal.value.what == f"{path} has the MD5 {right}, expected {'0' * 32}"


def test_refuses_a_wrong_size_before_it_reads(tmp_path: Path) -> None:
    path = tmp_path / "graph.onnx"
    path.write_bytes(b"graph")
    with pytest.raises(DataError) as refusal:
        fetch_source(f"file:{path}", SHA, 6, "x")
    assert refusal.value.what == f"{path} has 5 bytes, expected 6"
    assert refusal.value.fix == "restore the file, or correct the manifest"


def test_refuses_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError) as refusal:
        fetch_source(f"file:{tmp_path}/graph.onnx", SHA, None, "x")
    assert refusal.value.what == f"there is no file {tmp_path}/graph.onnx"
    assert refusal.value.fix == "correct the path after file:"


def test_refuses_a_folder_where_a_file_is_needed(tmp_path: Path) -> None:
    with pytest.raises(DataError) as refusal:
        fetch_source(f"file:{tmp_path}", SHA, None, "x")
    assert refusal.value.what == f"{tmp_path} is a folder"
    assert refusal.value.fix == "name a file inside it"


def test_tells_of_all_missing_assets_at_once() -> None:
    with pytest.raises(Problems) as refusal:
        fetch(
            model(
                graph={"source": "pkg:nets==1.0#a", "sha256": SHA},
                labels={"source": "pkg:nets==1.0#b", "sha256": SHA},
            )
        )
    assert [problem.what for problem in refusal.value.problems] == [
        "a needs the files of nets==1.0, which is not installed",
        "b needs the files of nets==1.0, which is not installed",
    ]


def test_refuses_to_generate_from_nothing() -> None:
    with pytest.raises(ManifestError) as refusal:
        fetch(model(graph={"source": "generated:bert"}))
    assert refusal.value.what == "generated:bert needs the asset 'weights' or 'original'"
    assert refusal.value.where == "m@1.0.0, assets.graph"
    assert refusal.value.fix == (
        "add weights: {source: …, sha256: …}, or seed=0 to an architecture's options"
    )


def test_generates_from_a_seed_alone() -> None:
    """Nothing else is needed, and what comes out is kept by the text of its source."""
    sources = [f"generated:lstm?layers=1&hidden={size}&seed=0" for size in (2, 2, 3)]
    first, again, other = (fetch(model(graph={"source": source})) for source in sources)
    assert first == again
    assert first.digests != other.digests


def test_refuses_a_seed_where_the_network_is_trained() -> None:
    with pytest.raises(GraphError) as refusal:
        fetch(model(graph={"source": "generated:dynamic_axes?seed=0"}))
    assert refusal.value.what == "dynamic_axes is built from trained weights"


def test_refuses_a_generated_data_set() -> None:
    with pytest.raises(ManifestError) as refusal:
        open_dataset(dataset(source="generated:bert"))
    assert refusal.value.what == "generated:bert is only possible for an asset of a model"
    assert refusal.value.where == "d@1.0.0, source"


def test_opens_a_data_set_and_checks_its_digest() -> None:
    opened = open_dataset(dataset())
    assert [item.input for item in opened] == ["a"]
    assert len(open_dataset(dataset(sha256=content_digest(opened)))) == 1


def test_refuses_a_data_set_of_another_digest() -> None:
    actual = content_digest(open_dataset(dataset()))
    with pytest.raises(DataError) as refusal:
        open_dataset(dataset(sha256=SHA))
    assert refusal.value.what == f"d@1.0.0 has the SHA-256 {actual}, expected {SHA}"
    assert refusal.value.where == "d@1.0.0, sha256"
    assert refusal.value.fix == (
        "restore the changed items, or publish a new version with the new sha256"
    )


def test_refuses_a_data_set_of_another_length() -> None:
    with pytest.raises(DataError) as refusal:
        open_dataset(dataset(items=2))
    assert refusal.value.what == "d@1.0.0 has 1 item, expected 2"
    assert refusal.value.where == "d@1.0.0, items"
    assert refusal.value.fix == "restore the missing items, or correct the manifest"


def test_refuses_an_unknown_reader() -> None:
    with pytest.raises(PluginError, match="there is no plugin 'record' among the datasets"):
        open_dataset(dataset(reader="record"))


def test_refuses_data_from_the_web_without_a_digest() -> None:
    with pytest.raises(ManifestError) as refusal:
        open_dataset(dataset(source="https://example.org/d.bin"))
    assert refusal.value.what == "a data set from the web needs sha256"


def test_refuses_a_cache_that_cannot_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("DLSCOPE_CACHE", str(tmp_path / "file"))
    with pytest.raises(DataError) as refusal:
        fetch_source("https://example.org/graph.onnx", SHA, None, "x")
    assert refusal.value.what == "the cache folder cannot be created: Not a directory"
    assert refusal.value.where == str(tmp_path / "file" / "downloads")
    assert refusal.value.fix == "set DLSCOPE_CACHE to a folder that you may write to"


def test_what_can_be_generated_is_required_without_being_built(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DLSCOPE_CACHE", str(tmp_path))
    require_assets(model(graph={"source": "generated:resnet?depth=18&seed=0"}))
    assert not list(tmp_path.rglob("*.onnx"))
    with pytest.raises(PluginError):
        require_assets(model(graph={"source": "generated:resnot?depth=18&seed=0"}))
