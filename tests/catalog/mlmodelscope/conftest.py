"""A manifest in the form of MLModelScope, any part of which a test may change."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from dlscope.catalog.mlmodelscope.converting import Converted, converted
from dlscope.catalog.mlmodelscope.original import OriginalManifest

PLAIN: dict[str, Any] = {
    "name": "Tiny_Net",
    "version": 1.0,
    "framework": {"name": "Onnxruntime", "version": "1.6.1"},
    "description": "A network\n  of few layers.",
    "references": ["https://example.org/paper"],
    "license": "MIT",
    "inputs": [
        {
            "type": "image",
            "description": "the input image",
            "parameters": {
                "element_type": "float32",
                "input_layer": "data",
                "layout": "CHW",
                "color_mode": "RGB",
                "dimensions": [3, 8, 6],
                "mean": [1, 2, 3],
                "scale": 4,
            },
        }
    ],
    "output": {
        "type": "classification",
        "parameters": {
            "element_type": "float32",
            "probabilities_layer": "prob",
            "features_url": "https://example.org/names.txt",
            "features_checksum": "A" * 32,
        },
    },
    "model": {
        "base_url": "https://example.org/models/",
        "graph_path": "tiny.onnx",
        "graph_checksum": "0" * 32,
    },
}


@pytest.fixture
def plain() -> dict[str, Any]:
    """The document, to be changed."""
    return copy.deepcopy(PLAIN)


@pytest.fixture
def convert(plain: dict[str, Any]) -> Callable[..., Converted]:
    """Converts the document, fields of it replaced; `image` changes those of its input."""

    def run(image: dict[str, Any] | None = None, **fields: Any) -> Converted:
        plain.update(fields)
        parameters = plain["inputs"][0]["parameters"]
        for name, value in (image or {}).items():
            parameters.pop(name, None)
            if value is not None:
                parameters[name] = value
        return converted(OriginalManifest.model_validate(plain))

    return run
