"""A whole experiment in a folder: a classifier of colours, pictures of them, a short scenario.

Every part is real and tiny, so that what surrounds a measurement can be tested in milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from dlscope.core.digest import bytes_digest
from dlscope.graph.builder import GraphBuilder, serialize

COLORS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "black": (0, 0, 0)}
"""The classes, in their order, and the pixels of a picture that shows one."""


@dataclass(frozen=True)
class SmallExperiment:
    """The manifests of one model, one data set and one scenario."""

    model: Path
    dataset: Path
    scenario: Path


def write_experiment(folder: Path, *, pictures: int = 8) -> SmallExperiment:
    """Everything needed to evaluate the classifier on `pictures` pictures, below `folder`."""
    write_pictures(folder / "pictures", pictures)
    return SmallExperiment(
        write_yaml(folder / "model.yaml", model_document(write_graph(folder / "colors.onnx"))),
        write_yaml(folder / "dataset.yaml", dataset_document(folder / "pictures", pictures)),
        write_yaml(folder / "scenario.yaml", scenario_document()),
    )


def write_graph(path: Path, *, spoils_black: bool = False) -> Path:
    """The classifier `x` (N×3×8×8, −1 … 1) → `y` (N×4 logits): red, green, blue, black.

    The logits are four times the mean of each channel, and 0 for black. One that `spoils_black`
    adds the logarithm of the mean pixel plus ½, which is NaN for a black picture.
    """
    graph = GraphBuilder("colors")
    x = graph.input("x", "float32", ("N", 3, 8, 8))
    mean = graph.node("Flatten", [graph.node("GlobalAveragePool", [x])])
    weight = graph.constant("weight", np.eye(3, 4, dtype=np.float32) * 4)
    output = "" if spoils_black else "y"
    y = graph.node("MatMul", [mean, weight], output=output)
    if spoils_black:
        whole = graph.node("ReduceMean", [mean], axes=[1])
        half = graph.constant("half", np.float32(0.5))
        logarithm = graph.node("Log", [graph.node("Add", [whole, half])])
        y = graph.node("Add", [y, logarithm], output="y")
    graph.output(y, "float32", ("N", 4))
    path.write_bytes(serialize(graph.finish()))
    return path


def write_pictures(folder: Path, count: int) -> None:
    """`count` PNG pictures of 32 × 32 pixels: red, green, blue, black in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        write_picture(folder / picture_name(index), index % len(COLORS))


def write_picture(path: Path, label: int) -> None:
    """A picture of the colour of class `label`, in the format that the name ends in."""
    from PIL import Image

    Image.new("RGB", (32, 32), list(COLORS.values())[label]).save(path)


def picture_name(index: int) -> str:
    """The file name of the picture at `index`, which says its class."""
    return f"picture_{index:03}_{index % len(COLORS)}.png"


def model_document(graph: Path) -> dict[str, Any]:
    """The manifest of the classifier in the file `graph`, as data to be changed and written."""
    return {
        "kind": "model",
        "schema_version": 1,
        "name": "colors",
        "version": "1.0.0",
        "task": "image_classification",
        "license": "CC0-1.0",
        "assets": {
            "graph": {"source": f"file:{graph.name}", "sha256": bytes_digest(graph.read_bytes())}
        },
        "inputs": [
            {
                "name": "image",
                "tensor": "x",
                "type": "image",
                "element_type": "float32",
                "layout": "NCHW",
                "shape": ["N", 3, 8, 8],
                "color_mode": "RGB",
                "preprocess": [
                    {"decode": {"color": "RGB"}},
                    {"crop": {"method": "center", "ratio": 0.875, "offset_rounding": "none"}},
                    {"resize": {"size": [8, 8], "mode": "exact", "method": "bicubic"}},
                    {"cast": {"to": "float32"}},
                    {"normalize": {"mean": 127, "scale": 128}},
                    {"transpose": {"to": "NCHW"}},
                ],
            }
        ],
        "outputs": [
            {
                "name": "probabilities",
                "tensor": "y",
                "type": "classification",
                "element_type": "float32",
                "layout": "NK",
                "shape": ["N", 4],
                "postprocess": ["softmax", {"top_k": {"k": 4}}],
            }
        ],
    }


def write_hooked(folder: Path, code: str, **functions: str) -> Path:
    """The manifest of the classifier in `folder`, with functions of the file `code` as hooks."""
    module = folder / "hooks.py"
    module.write_text(code, encoding="utf-8")
    sha256 = bytes_digest(module.read_bytes())
    hooks = {"module": f"file:{module.name}", "sha256": sha256, **functions}
    document = model_document(write_graph(folder / "colors.onnx"))
    return write_yaml(folder / "hooked.yaml", {**document, "hooks": hooks})


def dataset_document(folder: Path, items: int) -> dict[str, Any]:
    """The manifest of the pictures in `folder`, as data to be changed and written."""
    return {
        "kind": "dataset",
        "schema_version": 1,
        "name": "pictures",
        "version": "1.0.0",
        "task": "image_classification",
        "license": "CC0-1.0",
        "reader": "class_images",
        "source": f"file:{folder.name}",
        "options": {"pattern": "picture_{index}_{label}.*"},
        "items": items,
        "classes": 4,
        "data_kind": "procedural",
    }


def scenario_document() -> dict[str, Any]:
    """The manifest of a scenario of five queries, as data to be changed and written."""
    return {
        "kind": "scenario",
        "schema_version": 1,
        "name": "brief",
        "type": "online",
        "warmup": 1,
        "min_queries": 5,
        "min_duration_ms": 0,
    }


def write_yaml(path: Path, document: dict[str, Any]) -> Path:
    """Write `document` as a manifest; returns `path`."""
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return path
