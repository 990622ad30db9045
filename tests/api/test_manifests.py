from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dlscope import api
from dlscope.core.errors import DataError, ManifestError, PluginError
from dlscope.testing.small_models import ModelBuilder, dense

PICTURES = """
kind: dataset
schema_version: 1
name: mine
version: 1.0.0
task: image_classification
license: mine
reader: class_images
source: "file:pictures"
options: {pattern: "{label}/*.jpg"}
items: 1
classes: 10
data_kind: photographs
"""


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    (tmp_path / "pictures" / "3").mkdir(parents=True)
    (tmp_path / "pictures" / "3" / "a.jpg").write_bytes(b"never decoded")
    path = tmp_path / "mine.yaml"
    path.write_text(PICTURES)
    return path


def test_a_data_set_is_opened_when_it_is_checked(manifest: Path) -> None:
    assert api.check_manifests([manifest]).answer == "mine.yaml is right."
    manifest.write_text(PICTURES.replace("items: 1", "items: 5"))
    with pytest.raises(DataError) as refusal:
        api.check_manifests([manifest])
    assert str(refusal.value) == (
        "DataError: mine@1.0.0 has 1 item, expected 5\n"
        "  where  mine@1.0.0, items\n"
        "  fix    restore the missing items, or correct the manifest"
    )


def test_a_reader_that_is_not_there_is_told(manifest: Path) -> None:
    manifest.write_text(PICTURES.replace("class_images", "class_imagse"))
    with pytest.raises(PluginError) as refusal:
        api.check_manifests([manifest])
    assert str(refusal.value) == (
        "PluginError: there is no plugin 'class_imagse' among the datasets\n"
        "  where  entry points dlscope.datasets\n"
        "  fix    did you mean class_images?"
    )


def test_a_label_above_the_classes_is_told_with_its_file(manifest: Path, tmp_path: Path) -> None:
    (tmp_path / "pictures" / "3").rename(tmp_path / "pictures" / "10")
    with pytest.raises(DataError) as refusal:
        api.check_manifests([manifest])
    assert str(refusal.value) == (
        "DataError: the label 10 is none of the 10 classes\n"
        f"  where  mine@1.0.0, {tmp_path / 'pictures' / '10' / 'a.jpg'}\n"
        "  fix    correct the label: it is a number from 0 to 9; or write classes: 11 in the "
        "manifest"
    )


def test_a_label_above_the_classes_is_told_with_its_line(manifest: Path, tmp_path: Path) -> None:
    (tmp_path / "pictures.csv").write_text("0,0,1\n0,0,12\n0,0,2\n")
    manifest.write_text(
        PICTURES.replace("class_images", "pixel_rows")
        .replace("file:pictures", "file:pictures.csv")
        .replace('pattern: "{label}/*.jpg"', "shape: [1, 2, 1]")
        .replace("items: 1", "items: 3")
    )
    with pytest.raises(DataError) as refusal:
        api.check_manifests([manifest])
    assert str(refusal.value) == (
        "DataError: the label 12 is none of the 10 classes\n"
        f"  where  mine@1.0.0, {tmp_path / 'pictures.csv'}, line 2\n"
        "  fix    correct the label: it is a number from 0 to 9; or write classes: 13 in the "
        "manifest"
    )


def test_a_bare_graph_is_checked_for_what_it_tells(tmp_path: Path) -> None:
    model = ModelBuilder()
    model.add("Identity", "x", output="y")
    told = model.save(
        tmp_path / "told.onnx",
        {"x": (np.float32, ["N", 3])},
        {"y": (np.float32, ["N", 3])},
    )
    assert api.check_manifests([told]).answer == "told.onnx is right."
    untold = model.save(
        tmp_path / "untold.onnx",
        {"x": (np.float32, ["N", "width"])},
        {"y": (np.float32, ["N", "width"])},
    )
    with pytest.raises(ManifestError, match="the graph leaves 1 size open: width of x"):
        api.check_manifests([told, untold])


def test_a_draft_has_the_sizes_that_are_given(tmp_path: Path) -> None:
    path = dense(tmp_path / "net.onnx")
    assert "shape: [N, 3, 4, 4]" in api.draft_manifest(path)
    assert "shape: [8, 3, 4, 4]" in api.draft_manifest(path, {"N": 8})
