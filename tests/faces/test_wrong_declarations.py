"""A trained model under manifests that are wrong in one thing: the report names it and its cure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import yaml
from onnx import TensorProto, helper, numpy_helper

import dlscope
from dlscope.catalog.assets import fetch
from dlscope.catalog.finder import find
from dlscope.core.digest import bytes_digest
from dlscope.testing.small_experiment import scenario_document, write_yaml

CATALOG = Path(dlscope.__file__).parent / "catalog" / "models"
NORMALIZE = 4


@pytest.fixture
def lite0() -> dict[str, Any]:
    """The manifest of EfficientNet-Lite0 as data to be spoiled."""
    return yaml.safe_load((CATALOG / "efficientnet-lite0.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def evaluated(cli, tmp_path: Path) -> Callable[[dict[str, Any]], Any]:
    """A manifest evaluated as it stands, over the twenty photographs."""
    brief = write_yaml(tmp_path / "brief.yaml", scenario_document())

    def evaluate(document: dict[str, Any]):
        model = write_yaml(tmp_path / "model.yaml", document)
        result = cli("evaluate", model, "--dataset", "imagenet-mini20", "-s", brief, "-f", "json")
        assert result.code == 0, result.err
        return result

    return evaluate


def steps(document: dict[str, Any]) -> list[Any]:
    return document["inputs"][0]["preprocess"]


def declared(result) -> list[tuple[str, str, str, str]]:
    """The findings about the declaration: sign, claim, detail and advice."""
    return [
        (each["sign"], each["claim"], each["detail"], each["advice"])
        for each in result.data["findings"]
        if each["evidence"]["table"] == "declaration"
    ]


def right(result) -> str:
    (row,) = result.rows("models")
    return row["right"]


def with_background(path: Path) -> Path:
    """EfficientNet-Lite0 with a class in front that is never the best, as TensorFlow has it."""
    graph = onnx.load(fetch(find("models", "efficientnet-lite0")).paths["graph"])
    old = graph.graph.output[0].name
    lowest = numpy_helper.from_array(np.float32(-100.0), "lowest")
    pads = numpy_helper.from_array(np.array([0, 1, 0, 0], np.int64), "one_in_front")
    graph.graph.initializer.extend([lowest, pads])
    pad = helper.make_node("Pad", [old, "one_in_front", "lowest"], ["with_background"])
    graph.graph.node.append(pad)
    del graph.graph.output[:]
    output = helper.make_tensor_value_info("with_background", TensorProto.FLOAT, ["N", 1001])
    graph.graph.output.append(output)
    onnx.save(graph, path)
    return path


@pytest.mark.slow
def test_blue_for_red_is_evaluated_as_declared_and_named(evaluated, lite0) -> None:
    lite0["inputs"][0]["color_mode"] = "BGR"
    steps(lite0)[0] = {"decode": {"color": "BGR"}}
    result = evaluated(lite0)
    assert right(result) == "15/20"
    assert declared(result) == [
        (
            "warn",
            "efficientnet-lite0 declares BGR, its answers fit RGB: 15 → 18 of 20 right",
            "mean p(label) 0.57 → 0.69, paired over items, p = 0.04",
            "set inputs[0].color_mode: RGB and decode: {color: RGB}",
        )
    ]


@pytest.mark.slow
def test_a_missing_normalisation_is_evaluated_as_declared_and_named(evaluated, lite0) -> None:
    del steps(lite0)[NORMALIZE]
    result = evaluated(lite0)
    assert right(result) == "1/20"
    assert declared(result) == [
        (
            "bad",
            "efficientnet-lite0 declares raw 0–255, its answers fit (x − 127.5)/127.5: "
            "1 → 18 of 20 right",
            "mean p(label) 0.01 → 0.69, paired over items, p = 2e-05; next best: x/255, 17 right",
            "add normalize: {mean: 127.5, scale: 127.5} to inputs[0].preprocess, after cast",
        )
    ]


@pytest.mark.slow
def test_a_range_that_costs_one_answer_of_twenty_is_no_more_than_a_note(evaluated, lite0) -> None:
    steps(lite0)[NORMALIZE] = {"rescale": {"factor": 1 / 255}}
    result = evaluated(lite0)
    assert right(result) == "17/20"
    assert declared(result) == [
        (
            "note",
            "efficientnet-lite0 declares x · 0.003922; (x − 127.5)/127.5 may fit better: "
            "17 → 18 of 20 right",
            "20 items cannot decide it, p = 0.17",
            "ask for more items, or put normalize: {mean: 127.5, scale: 127.5} in the place of "
            "rescale in inputs[0].preprocess",
        )
    ]


@pytest.mark.parametrize(
    ("shape", "drop", "cure"),
    [
        (
            ["N", 1001],
            [{"drop_class": {"index": 1000}}],
            "set drop_class: {index: 0} in outputs[0].postprocess, class 1000 is no background",
        ),
        pytest.param(
            ["N", None],
            [],
            "add drop_class: {index: 0} to outputs[0].postprocess, or count the labels from 1",
            marks=pytest.mark.slow,
        ),
    ],
    ids=["the last of 1001 dropped", "none of 1001 dropped"],
)
def test_labels_off_by_one_are_evaluated_as_declared_and_named(
    evaluated, lite0, tmp_path: Path, shape, drop, cure: str
) -> None:
    graph = with_background(tmp_path / "graph.onnx")
    digest = bytes_digest(graph.read_bytes())
    lite0["assets"] = {"graph": {"source": f"file:{graph.name}", "sha256": digest}}
    output = lite0["outputs"][0]
    output |= {"tensor": "with_background", "shape": shape}
    output["postprocess"] = ["softmax", *drop, {"top_k": {"k": 5}}]
    del output["labels"]
    result = evaluated(lite0)
    assert right(result) == "0/20"
    (finding,) = declared(result)
    assert finding == (
        "bad",
        "The labels of imagenet-mini20 and efficientnet-lite0 are shifted: 0 → 18 of 20 right",
        "they fit with label = class answered − 1, paired over items, p = 8e-06",
        cure,
    )


@pytest.mark.slow
def test_a_right_manifest_is_not_suspected(evaluated, lite0) -> None:
    result = evaluated(lite0)
    assert right(result) == "18/20"
    assert declared(result) == []


def test_a_model_of_the_catalog_is_taken_at_its_word(cli, tmp_path: Path) -> None:
    brief = write_yaml(tmp_path / "brief.yaml", scenario_document())
    result = cli("evaluate", "efficientnet-lite0", "-s", brief, "-f", "json")
    assert len(result.data["runs"]) == 1
    assert declared(result) == []
