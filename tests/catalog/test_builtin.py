"""Every built-in manifest points at files that are what it says."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from dlscope.catalog.assets import fetch, open_dataset
from dlscope.catalog.cache import cache_folder
from dlscope.catalog.finder import find, names
from dlscope.core.errors import ManifestError
from dlscope.core.manifest import (
    BoardManifest,
    DatasetManifest,
    InputSpec,
    ModelManifest,
    OutputSpec,
    Reference,
)
from dlscope.graph.tflite_signature import read_tflite_signature
from dlscope.pipelines.base import StepContext, Value
from dlscope.pipelines.chain import build_chain
from dlscope.pipelines.collate import collate, split
from dlscope.pipelines.labels import read_labels

MANY_PARAMETERS = 12_000_000
TYPES = {1: "float32", 6: "int32", 7: "int64"}


def model(name: str) -> ModelManifest:
    manifest = find("model", name)
    assert isinstance(manifest, ModelManifest)
    return manifest


def dataset(name: str) -> DatasetManifest:
    manifest = find("dataset", name)
    assert isinstance(manifest, DatasetManifest)
    return manifest


def parameters(name: str) -> float:
    return float(model(name).attributes.get("parameters", 0))


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(n, marks=[pytest.mark.slow] if parameters(n) > MANY_PARAMETERS else [])
        for n in names("model")
    ],
)
def test_declares_the_tensors_of_its_graph(name: str) -> None:
    manifest = model(name)
    bring_from_the_web(manifest)
    fetched = fetch(manifest)
    assert list(fetched.digests) == list(manifest.assets)
    graph = onnx.load(str(fetched.paths["graph"])).graph
    constants = {each.name for each in graph.initializer}
    inputs = [each for each in graph.input if each.name not in constants]
    assert {each.name for each in inputs} == {spec.tensor for spec in manifest.inputs}
    real = {each.name: each.type.tensor_type for each in (*inputs, *graph.output)}
    for spec in (*manifest.inputs, *manifest.outputs):
        assert TYPES[real[spec.tensor].elem_type] == spec.element_type
        assert agrees(spec, [size.dim_value for size in real[spec.tensor].shape.dim])


def bring_from_the_web(manifest: ModelManifest) -> None:
    """Put what is on the web into the cache, from the folder of test data; skip without it."""
    for asset in manifest.assets.values():
        if asset.source.startswith("https:"):
            folder = Path(os.environ.get("DLSCOPE_TEST_DATA", "nowhere"))
            file = folder / "skynet" / asset.source.rpartition("/")[2]
            if not file.is_file():
                pytest.skip(f"{file.name} is not in the folder skynet of DLSCOPE_TEST_DATA")
            kept = cache_folder("downloads") / f"{asset.sha256}{file.suffix}"
            shutil.copyfile(file, kept)


def agrees(spec: InputSpec | OutputSpec, sizes: list[int]) -> bool:
    """Whether the sizes that are fixed on both sides are the same; 0 is a free one."""
    return len(sizes) == len(spec.shape) == len(spec.layout) and all(
        declared in (None, "N") or size in (0, declared)
        for declared, size in zip(spec.shape, sizes, strict=True)
    )


@pytest.mark.parametrize("name", names("model"))
def test_names_steps_that_exist_with_parameters_that_they_take(name: str) -> None:
    manifest = model(name)
    chains = [build_chain(spec.preprocess, spec.name) for spec in manifest.inputs]
    chains += [build_chain(spec.postprocess, spec.name) for spec in manifest.outputs]
    assert any(chain.steps for chain in chains)


@pytest.mark.parametrize("name", names("model"))
def test_belongs_to_a_family_of_networks(name: str) -> None:
    assert model(name).attributes["family"] in ("cnn", "transformer", "recurrent")


@pytest.mark.parametrize("name", names("dataset"))
def test_opens_with_its_count_and_digest(name: str) -> None:
    manifest = dataset(name)
    assert manifest.sha256 is not None
    assert len(open_dataset(manifest)) == manifest.items


def test_has_the_known_photographs_with_the_known_labels() -> None:
    items = list(open_dataset(dataset("imagenet-mini20")))
    labels = [item.target["label"] for item in items]
    known = "243 559 438 990 949 853 609 609 915 455 541 630 741 471 129 99 251 22 317 305"
    assert labels == [int(label) for label in known.split()]
    joined = hashlib.sha256(b"".join(item.input for item in items)).hexdigest()
    assert joined.startswith("d625818dacf79cc4")


def noise(samples: int) -> list[float]:
    """Full-scale noise of one bit, by the congruential generator that the C standard shows."""
    state, signs = 1, []
    for _ in range(samples):
        state = (1103515245 * state + 12345) % 2**31
        signs.append(1.0 if state >= 2**30 else -1.0)
    return signs


def test_tones_are_what_their_names_say() -> None:
    sounds = {item.id: item.input for item in open_dataset(dataset("tones"))}
    assert all(sound.dtype == np.float32 for sound in sounds.values())
    assert sounds["silence"].tolist() == [0.0] * 576
    assert sounds["buzz"].tolist() == ([1.0] * 4 + [0.0] * 60) * 9
    assert sounds["noise"].tolist() == noise(576)


@pytest.mark.parametrize("name", ["silero-vad", "silero-vad-original"])
@pytest.mark.parametrize("items", ["silence", "tones"])
def test_silero_gives_sounds_the_known_probabilities(name: str, items: str) -> None:
    targets = [item.target for item in open_dataset(dataset(items))]
    answers = predictions(name, items)
    for answer, target in zip(answers, targets, strict=True):
        assert np.ravel(answer) == pytest.approx([target["value"]], abs=target["tolerance"])


def predictions(name: str, items: str, some: slice = slice(None)) -> list[Any]:
    """What the model of `name` predicts for `some` items of the data set `items`, one by one."""
    manifest = model(name)
    paths = fetch(manifest).paths
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(paths["graph"]), options)
    names = [output.name for output in session.get_outputs()]
    post = build_chain(manifest.prediction.postprocess, "postprocess")
    found = []
    for item in list(open_dataset(dataset(items)))[some]:
        inputs = {
            spec.name: build_chain(spec.preprocess, spec.name).apply(
                Value(item.input), StepContext(assets=paths)
            )
            for spec in manifest.inputs
        }
        outputs = session.run(names, collate(manifest.inputs, [inputs]))
        parts = split(manifest.outputs, dict(zip(names, outputs, strict=True)), 1)[0]
        spec = manifest.prediction
        value = Value(parts[spec.tensor], axes=spec.layout.replace("N", ""))
        found.append(post.apply(value, StepContext(paths, parts, inputs)).data)
    return found


def test_finds_the_face_where_it_is() -> None:
    ((_, score, *box),) = predictions("centerface", "astronaut-face")[0]["boxes"]
    target = open_dataset(dataset("astronaut-face"))[0].target["boxes"][0]
    assert box == pytest.approx(target, abs=1)
    assert score == pytest.approx(0.93, abs=0.01)


def test_knows_the_type_of_every_small_file() -> None:
    items = list(open_dataset(dataset("small-files")))
    answers = predictions("magika", "small-files")
    assert [each["top"][0] for each in answers] == [item.target["label"] for item in items]


def test_small_files_are_named_for_the_type_of_their_label() -> None:
    labels = read_labels(fetch(model("magika")).paths["labels"])
    items = list(open_dataset(dataset("small-files")))
    assert [labels[item.target["label"]] for item in items] == [item.id for item in items]


@pytest.mark.parametrize(
    ("some", "mistakes"),
    [(slice(32, 38), 2), pytest.param(slice(None), 6, marks=pytest.mark.slow)],
    ids=["some", "all"],
)
def test_reads_drawn_lines(some: slice, mistakes: int) -> None:
    """Its only mistake in this font is an m for an n."""
    read = [each["text"] for each in predictions("pp-ocr-rec", "drawn-lines", some)]
    written = [item.target["text"] for item in list(open_dataset(dataset("drawn-lines")))[some]]
    wrong = [pair for pair in zip(written, read, strict=True) if len(set(pair)) > 1]
    assert len(wrong) == mistakes
    assert all(truth.replace("n", "m") == got.replace("n", "m") for truth, got in wrong)


def test_hears_the_notes_that_are_played() -> None:
    """It misses some of pure chords, and takes a harmonic of rich ones for a note."""
    answers = predictions("basic-pitch", "played-notes")
    played = {item.id: item.target["notes"] for item in open_dataset(dataset("played-notes"))}
    heard = [sorted({pitch for pitch, *_ in each["notes"]}) for each in answers]
    found = dict(zip(played, heard, strict=True))
    assert found["pure-a4"] == [69]
    wrong = {name for name, notes in played.items() if found[name] != notes}
    assert wrong == {
        "pure-a-major",
        "pure-fifth",
        "pure-octave",
        "pure-wide",
        "rich-octave",
        "rich-wide",
    }


def test_the_tflite_graph_of_basic_pitch_is_the_same_network() -> None:
    """Every tensor of the manifest has its name in the file, and its shape."""
    manifest = model("basic-pitch")
    signature = read_tflite_signature(fetch(manifest).paths["graph_tflite"])
    names = manifest.assets["graph_tflite"].tensors
    real = {each.name: each for each in (*signature.inputs, *signature.outputs)}
    for spec in (*manifest.inputs, *manifest.outputs):
        found = real[names[spec.tensor]]
        assert found.dtype == spec.element_type
        assert agrees(spec, [size if isinstance(size, int) else 0 for size in found.shape or ()])


@pytest.mark.slow
def test_gives_sentences_the_known_cosines() -> None:
    items = list(open_dataset(dataset("sentences3")))
    found = [np.array(each["embedding"]) for each in predictions("all-minilm-l6-v2", "sentences3")]
    by_id = {item.id: vector for item, vector in zip(items, found, strict=True)}
    for item in items:
        for other, cosine in item.target["pairs"].items():
            assert float(by_id[item.id] @ by_id[other]) == pytest.approx(cosine, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "part", "resources", "memory_gb_per_s", "clock_mhz"),
    [
        ("zc706", "XC7Z045", (900, 218_600, 437_200, 545, 0), 12.8, 200),
        ("zcu102", "XCZU9EG", (2520, 274_080, 548_160, 912, 0), 19.2, 300),
        ("zcu104", "XCZU7EV", (1728, 230_400, 460_800, 312, 96), 19.2, 300),
        ("ultra96", "XCZU3EG", (360, 70_560, 141_120, 216, 0), 4.26, 215),
        ("pynq_z1", "XC7Z020", (220, 53_200, 106_400, 140, 0), 4.2, 100),
        ("ku115", "XCKU115", (5520, 663_360, 1_326_720, 2160, 0), 38.4, 235),
        ("alveo_u250", "Alveo U250", (12_288, 1_728_000, 3_456_000, 2688, 1280), 77, 300),
    ],
)
def test_a_board_has_what_its_part_has(
    name: str, part: str, resources: tuple[int, ...], memory_gb_per_s: float, clock_mhz: float
) -> None:
    board = find("board", name)
    assert isinstance(board, BoardManifest)
    assert board.part == part
    assert tuple(board.resources.model_dump().values()) == resources
    assert (board.memory_gb_per_s, board.clock_mhz) == (memory_gb_per_s, clock_mhz)


def test_every_board_is_listed() -> None:
    listed = ("alveo_u250", "ku115", "pynq_z1", "ultra96", "zc706", "zcu102", "zcu104")
    assert names("boards") == listed


def test_a_value_of_a_board_can_be_overridden() -> None:
    reference = Reference(name="zcu102", overrides={"resources.dsp": 1000, "lanes.0.lut": 30})
    board = find("board", reference)
    assert isinstance(board, BoardManifest)
    assert (board.resources.dsp, board.lanes[0].lut) == (1000, 30)
    assert board.resources.lut == 274_080


def test_an_unknown_board_is_told_with_the_nearest() -> None:
    with pytest.raises(ManifestError) as refusal:
        find("board", "zcu12")
    assert str(refusal.value) == (
        "ManifestError: there is no board 'zcu12'\n"
        "  where  the catalog\n"
        "  fix    did you mean zcu102?"
    )
