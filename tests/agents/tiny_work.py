"""A model of one small layer and a few records, as manifests; scenarios to ask of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dlscope.core.digest import file_digest

MS = 1_000_000
ITEMS = 12
ACCURACY = {"name": "online", "mode": "accuracy", "pipeline": "sequential"}
BRIEF = {"name": "online", "mode": "performance", "min_duration_ms": 0, "min_queries": 20}
ENDLESS = {"name": "online", "mode": "performance", "min_duration_ms": 500_000}


def model(graph: Path) -> dict[str, Any]:
    return {
        "kind": "model",
        "schema_version": 1,
        "name": "tiny",
        "version": "1.0.0",
        "task": "raw",
        "license": "Apache-2.0",
        "assets": {"graph": {"source": f"file:{graph.name}", "sha256": file_digest(graph)}},
        "inputs": [_tensor("picture", "x", "tensor", "NCHW", ["N", 3, 4, 4])],
        "outputs": [_tensor("scores", "y", "raw", "NK", ["N", 10])],
    }


def _tensor(name: str, tensor: str, kind: str, layout: str, shape: list[Any]) -> dict[str, Any]:
    return {
        "name": name,
        "tensor": tensor,
        "type": kind,
        "element_type": "float32",
        "layout": layout,
        "shape": shape,
    }


def dataset() -> dict[str, Any]:
    items = [
        {
            "id": f"item-{number}",
            "input": {"zeros": [3, 4, 4]},
            "target": {"value": [0.0] * 10, "tolerance": 1e-9},
        }
        for number in range(ITEMS)
    ]
    return {
        "kind": "dataset",
        "schema_version": 1,
        "name": "few",
        "version": "1.0.0",
        "task": "raw",
        "license": "CC0-1.0",
        "reader": "records",
        "options": {"items": items},
        "items": ITEMS,
        "data_kind": "procedural",
    }
