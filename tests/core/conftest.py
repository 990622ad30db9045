"""Manifests and a Plan that are complete, for tests to change one thing of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dlscope.core.errors import DlscopeError
from dlscope.core.manifest import (
    DatasetManifest,
    FrameworkManifest,
    ModelManifest,
    ScenarioManifest,
    parse_manifest,
)
from dlscope.core.plan import Plan

HASH = "0123456789abcdef" * 4


def _model() -> dict[str, Any]:
    return {
        "schema_version": 1,
        "name": "tiny",
        "version": "1.0.0",
        "task": "image_classification",
        "license": "MIT",
        "framework": {"name": "onnxruntime", "version": ">=1.17,<2"},
        "assets": {"graph": {"source": "file:tiny.onnx", "sha256": HASH}},
        "inputs": [
            {
                "name": "image",
                "tensor": "input",
                "type": "image",
                "element_type": "float32",
                "layout": "NCHW",
                "shape": ["N", 3, 8, None],
                "preprocess": ["decode", {"resize": {"size": 8}}, {"cast": None}],
            }
        ],
        "outputs": [
            {
                "name": "probabilities",
                "tensor": "output",
                "type": "classification",
                "element_type": "float32",
                "layout": "NK",
                "shape": ["N", 10],
            }
        ],
    }


def _dataset() -> dict[str, Any]:
    return {
        "schema_version": 1,
        "name": "few",
        "version": "1.0.0",
        "task": "image_classification",
        "license": "CC0-1.0",
        "reader": "class_images",
        "source": "pkg:foolbox==3.3.4#foolbox/data",
        "items": 20,
        "data_kind": "photographs",
    }


def _scenario() -> dict[str, Any]:
    return {"schema_version": 1, "name": "online", "type": "online"}


def _framework() -> dict[str, Any]:
    return {
        "schema_version": 1,
        "name": "onnxruntime",
        "version": "1.20.1",
        "backend": "onnxruntime",
    }


def _plan(**changes: Any) -> Plan:
    fields: dict[str, Any] = {
        "workload": "evaluation",
        "model": ModelManifest.model_validate(_model()),
        "framework": FrameworkManifest.model_validate(_framework()),
        "dataset": DatasetManifest.model_validate(_dataset()),
        "scenario": ScenarioManifest.model_validate(_scenario()),
        "items": 20,
        **changes,
    }
    return Plan(**fields)


@pytest.fixture
def make_plan() -> Callable[..., Plan]:
    return _plan


@pytest.fixture
def model_data():
    return _model()


@pytest.fixture
def dataset_data():
    return _dataset()


@pytest.fixture
def framework_data():
    return _framework()


@pytest.fixture
def scenario_data():
    return _scenario()


@pytest.fixture
def problems_of():
    """All problems of a document as (what, where, fix); places written like paths."""

    def collect(kind, data):
        with pytest.raises(DlscopeError) as refusal:
            parse_manifest(kind, data, _place)
        return [(each.what, each.where, each.fix) for each in refusal.value.problems]

    return collect


def _place(path) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")
