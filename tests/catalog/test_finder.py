from __future__ import annotations

import os
import textwrap
from pathlib import Path

import pytest

from dlscope.catalog.finder import find, names
from dlscope.core.errors import ManifestError
from dlscope.core.manifest import DatasetManifest, ModelManifest, Reference

SHA = "0" * 64

SCENARIOS = (
    "batched",
    "burst",
    "interactive",
    "multi_stream",
    "offline",
    "offline_mlperf",
    "online",
    "quick",
    "server",
    "server_mlperf",
    "single_stream",
    "uniform",
)


def write(folder: Path, name: str, version: str, *, file: str = "", note: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / (file or f"{name}-{version}.yaml")
    text = f"""\
        kind: model
        schema_version: 1
        name: {name}
        version: {version}
        description: "{note}"
        task: raw
        license: MIT
        assets: {{graph: {{source: "file:weights/graph.onnx", sha256: "{SHA}"}}}}
        inputs: [{{name: x, tensor: x, type: tensor, element_type: float32, shape: [N]}}]
        outputs: [{{name: y, tensor: y, type: raw, element_type: float32, shape: [N]}}]
        """
    path.write_text(textwrap.dedent(text))
    return path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "mine"
    folder.mkdir()
    monkeypatch.setenv("DLSCOPE_CATALOG", str(folder))
    return folder


def version_of(reference: str | Reference) -> str:
    manifest = find("model", reference)
    assert isinstance(manifest, ModelManifest)
    return manifest.version


def test_lists_what_is_built_in() -> None:
    assert names("model") == (
        "alexnet",
        "all-minilm-l6-v2",
        "basic-pitch",
        "bert_base",
        "bert_mini",
        "bert_tiny",
        "centerface",
        "convnext_tiny",
        "deeplab_mobilenet_v2",
        "densenet121",
        "densenet169",
        "densenet201",
        "distilbert_base",
        "efficientnet-lite0",
        "efficientnet-lite1",
        "efficientnet-lite2",
        "ghostnet",
        "googlenet",
        "gru",
        "inception_v3",
        "light_bvlc_alexnet",
        "light_densenet121",
        "light_inception_v1",
        "light_inception_v2",
        "light_resnet50",
        "light_shufflenet",
        "light_squeezenet",
        "light_vgg19",
        "light_zfnet512",
        "lstm",
        "magika",
        "mnasnet",
        "mobilenet_v2",
        "mobilenet_v3_large",
        "mobilenet_v3_small",
        "pp-ocr-rec",
        "regnetx_400mf",
        "regnety_400mf",
        "resnet101",
        "resnet14",
        "resnet152",
        "resnet18",
        "resnet26",
        "resnet34",
        "resnet38",
        "resnet50",
        "resnet50_v1",
        "resnext50",
        "shufflenet_v2",
        "silero-vad",
        "silero-vad-original",
        "skynet-c",
        "squeezenet1_0",
        "squeezenet1_1",
        "ssdlite_mobilenet_v3",
        "swin_tiny",
        "tiny_yolo",
        "unet",
        "vgg11",
        "vgg13",
        "vgg16",
        "vgg19",
        "vit_base",
        "vit_tiny",
        "wide_resnet50",
    )
    assert names("datasets") == (
        "astronaut-face",
        "blank",
        "cifar10-mini",
        "cifar100-mini",
        "drawn-lines",
        "fashion-mini",
        "imagenet-mini20",
        "mnist-5k",
        "mnist-mini",
        "photographs",
        "played-notes",
        "sentences3",
        "silence",
        "small-files",
        "tones",
        "uav-synth-val",
    )
    assert names("scenario") == SCENARIOS


def test_lists_folders_of_the_environment_but_nothing_hidden(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, "tiny", "1.0.0")
    hidden = write(tmp_path / "more", "shy", "1.0.0")
    hidden.write_text(hidden.read_text() + "visibility: hidden\n")
    monkeypatch.setenv("DLSCOPE_CATALOG", os.pathsep.join([str(folder), str(hidden.parent)]))
    assert "tiny" in names("model")
    assert "shy" not in names("model")
    assert version_of("shy") == "1.0.0"


@pytest.mark.parametrize(
    ("reference", "version"),
    [
        ("tiny", "1.10.0"),
        ("tiny@*", "1.10.0"),
        ("tiny@^1.2", "1.10.0"),
        ("tiny@~1.2.0", "1.2.1"),
        ("tiny@<1.2", "1.1.0"),
        ("tiny==1.2", "1.2.0"),
        ("tiny@2.0.0-rc.1", "2.0.0-rc.1"),
    ],
)
def test_takes_the_highest_version_that_fits(folder: Path, reference: str, version: str) -> None:
    for each in ("1.1.0", "1.2.0", "1.10.0", "1.2.1", "2.0.0-rc.1"):
        write(folder, "tiny", each)
    assert version_of(reference) == version


def test_takes_a_path(tmp_path: Path) -> None:
    path = write(tmp_path / "models", "tiny", "1.0.0")
    manifest = find("model", str(path))
    assert isinstance(manifest, ModelManifest)
    source = manifest.assets["graph"].source
    assert source == f"file:{tmp_path.resolve()}/models/weights/graph.onnx"


def test_sees_a_changed_file(folder: Path) -> None:
    write(folder, "tiny", "1.0.0", note="first")
    assert find("model", "tiny").description == "first"
    write(folder, "tiny", "1.0.0", note="second, longer")
    assert find("model", "tiny").description == "second, longer"


def test_takes_the_same_content_from_two_places(folder: Path) -> None:
    write(folder, "tiny", "1.0.0", file="a.yaml")
    write(folder, "tiny", "1.0.0", file="b.yaml")
    assert version_of("tiny") == "1.0.0"


def test_refuses_one_version_with_two_contents(folder: Path) -> None:
    first = write(folder, "tiny", "1.0.0", file="a.yaml")
    second = write(folder, "tiny", "1.0.0", file="b.yaml", note="changed")
    with pytest.raises(ManifestError) as refusal:
        find("model", "tiny")
    assert refusal.value.what == "model tiny@1.0.0 is defined twice with different content"
    assert refusal.value.where == f"{first} and {second}"
    assert refusal.value.fix == "publish a new version"


def test_refuses_an_unmet_constraint(folder: Path) -> None:
    paths = [write(folder, "tiny", version) for version in ("1.2.0", "1.10.0")]
    with pytest.raises(ManifestError) as refusal:
        find("model", "tiny@>=2")
    assert refusal.value.what == "no version of model 'tiny' satisfies >=2"
    assert refusal.value.where == ", ".join(sorted(map(str, paths)))
    assert refusal.value.fix == "use one of the available versions: 1.2.0, 1.10.0"


REFUSED = {
    ("model", "efficientnet-light0"): (
        "there is no model 'efficientnet-light0'",
        "the catalog",
        "did you mean efficientnet-lite0?",
    ),
    ("model", "qqq"): (
        "there is no model 'qqq'",
        "the catalog",
        "dlscope models lists all there are",
    ),
    ("model", "mine.onnx"): (
        "there is no file mine.onnx",
        "models by path",
        "correct the path",
    ),
    ("model", "mine.pt"): (
        "a .pt file does not tell what goes in and what comes out, as ONNX does",
        "mine.pt",
        "export it to ONNX, or write a manifest beside it, beginning with: "
        "dlscope models efficientnet-lite0 > mine.yaml",
    ),
    ("dataset", "./"): (
        "this is a folder; a data set is a manifest, which says what lies where in it",
        "./",
        "write one beside the folder, beginning with: dlscope datasets cifar10-mini > mine.yaml",
    ),
    ("scenario", "xyz"): (
        "there is no scenario 'xyz'",
        "the catalog",
        f"use one of {', '.join(SCENARIOS)}",
    ),
    ("modle", "x"): (
        "'modle' is not a kind of manifest",
        "dlscope.catalog.finder",
        "did you mean model?",
    ),
    ("model", "tiny@newest"): (
        "'newest' is not a version",
        "reference tiny@newest",
        "use name@>=1.0,<2 or name==1.0.0",
    ),
    ("system", "x"): ("there is no system 'x'", "the catalog", "there is nothing to choose from"),
}


@pytest.mark.parametrize(("kind", "reference"), REFUSED)
def test_refuses_with_the_exact_words(kind: str, reference: str) -> None:
    with pytest.raises(ManifestError) as refusal:
        find(kind, reference)
    error = refusal.value
    assert (error.what, error.where, error.fix) == REFUSED[kind, reference]


def test_refuses_a_file_of_another_kind(tmp_path: Path) -> None:
    path = write(tmp_path, "tiny", "1.0.0")
    with pytest.raises(ManifestError) as refusal:
        find("dataset", str(path))
    assert (refusal.value.what, refusal.value.where, refusal.value.fix) == (
        "a dataset is wanted here, this is a model",
        str(path),
        "name a file with kind: dataset",
    )


def test_refuses_a_catalog_folder_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLSCOPE_CATALOG", "/nowhere/at/all")
    with pytest.raises(ManifestError) as refusal:
        names("model")
    assert (refusal.value.what, refusal.value.where, refusal.value.fix) == (
        "a catalog folder does not exist",
        "DLSCOPE_CATALOG, /nowhere/at/all",
        "create it, or take it out of DLSCOPE_CATALOG",
    )


def test_tells_of_a_malformed_file_in_the_catalog(folder: Path) -> None:
    (folder / "broken.yaml").write_text("kind: modle\n")
    with pytest.raises(ManifestError) as refusal:
        find("model", "efficientnet-lite0")
    assert refusal.value.where == f"{folder / 'broken.yaml'}:1, kind"


def test_keeps_a_scenario_without_versions_apart_by_name(folder: Path) -> None:
    text = "kind: scenario\nschema_version: 1\nname: online\ntype: online\nmin_queries: 7\n"
    (folder / "online.yaml").write_text(text)
    with pytest.raises(ManifestError) as refusal:
        find("scenario", "online")
    assert refusal.value.what == "scenario online is defined twice with different content"
    assert refusal.value.fix == "rename one of them"


def test_anchors_the_source_of_a_data_set(tmp_path: Path) -> None:
    path = tmp_path / "d.yaml"
    path.write_text(
        "kind: dataset\nschema_version: 1\nname: d\nversion: 1.0.0\ntask: raw\nlicense: MIT\n"
        "reader: records\nsource: file:pictures\nitems: 1\ndata_kind: mixed\n"
    )
    manifest = find("dataset", str(path))
    assert isinstance(manifest, DatasetManifest)
    assert manifest.source == f"file:{tmp_path.resolve()}/pictures"
