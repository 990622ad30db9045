"""Every installed backend, ours and others', against `BackendSuite`."""

from __future__ import annotations

from typing import Any

from dlscope.core import registry
from dlscope.testing.backends import BackendSuite
from dlscope.testing.gaps import Gap

_DECLARED: dict[str, dict[str, Any]] = {
    "mock": {
        "distribution": "dlscope",
        "gaps": {
            "test_computes_what_the_reference_computes": Gap("never", "the mock computes nothing"),
        },
    },
    "onnxruntime": {"distribution": "onnxruntime"},
    "openvino": {"distribution": "openvino"},
    "reference": {"distribution": "onnx"},
    "torch": {},  # the build, such as +cpu, is part of its version
}

for _name in registry.names("backends"):
    _class = f"Test{_name.title().replace('_', '')}"
    globals()[_class] = type(
        _class, (BackendSuite,), {"backend": _name, **_DECLARED.get(_name, {})}
    )


def test_every_built_in_backend_is_installed() -> None:
    assert set(_DECLARED) <= set(registry.names("backends"))
