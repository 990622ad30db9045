"""Every installed backend, ours and others', against `BackendSuite`."""

from __future__ import annotations

from typing import Any

from dlscope.core import registry
from dlscope.core.errors import BackendError, LoadError
from dlscope.testing.backends import BackendSuite
from dlscope.testing.gaps import Gap

# None of these puts another number in the place of one that does not fit.
_NARROW = {
    "test_whole_numbers_keep_their_64_bits": Gap(
        "notyet", "the framework holds whole numbers in 32 bits", BackendError
    ),
}
_NOTHING = Gap("never", "the mock computes nothing")
_DECLARED: dict[str, dict[str, Any]] = {
    "executorch": {"distribution": "executorch"},
    "litert": {"distribution": "ai-edge-litert"},
    "mnn": {"distribution": "MNN", "gaps": _NARROW},
    "mock": {
        "distribution": "dlscope",
        "gaps": {
            "test_computes_what_the_reference_computes": _NOTHING,
            "test_keeps_names_and_order_of_several_tensors": _NOTHING,
            "test_whole_numbers_keep_their_64_bits": _NOTHING,
        },
    },
    "ncnn": {
        "distribution": "ncnn",
        "gaps": {
            **_NARROW,
            "test_never_hands_out_the_memory_it_was_fed": Gap(
                "notyet", "pnnx does not convert a graph whose one operator is Identity", LoadError
            ),
        },
    },
    "onnxruntime": {"distribution": "onnxruntime"},
    "opencv": {"distribution": "opencv-python-headless", "gaps": _NARROW},
    "openvino": {"distribution": "openvino", "gaps": _NARROW},
    "reference": {"distribution": "onnx"},
    "torch": {},  # the build, such as +cpu, is part of its version
    "tensorflow": {"distribution": "tensorflow-cpu"},
    "tvm": {"distribution": "apache-tvm"},
}

for _name in registry.names("backends"):
    _class = f"Test{_name.title().replace('_', '')}"
    globals()[_class] = type(
        _class, (BackendSuite,), {"backend": _name, **_DECLARED.get(_name, {})}
    )


def test_every_built_in_backend_is_installed() -> None:
    assert set(_DECLARED) <= set(registry.names("backends"))
