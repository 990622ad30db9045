"""Plugins by name, found through entry points: `names` imports nothing, `load` imports one."""

from __future__ import annotations

import functools
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from dlscope.core.errors import PluginError, did_you_mean

KINDS = (
    "analyses",
    "backends",
    "datasets",
    "devices",
    "networks",
    "renderers",
    "reports",
    "schedulers",
    "steps",
    "workloads",
)


def names(kind: str) -> tuple[str, ...]:
    """Names of the installed plugins of `kind`, sorted; nothing is imported."""
    return tuple(sorted(_entry_points(kind)))


def load(kind: str, name: str) -> Any:
    """The plugin `name` of `kind`, imported.

    Raises `PluginError` for an unknown name, and for a plugin whose framework is missing.
    """
    points = _entry_points(kind)
    if name not in points:
        raise unknown(kind, name)
    point = points[name]
    try:
        return point.load()
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing == "dlscope":
            raise
        raise missing_distribution(kind, name, missing, where=point.value) from error


def unknown(kind: str, name: str) -> PluginError:
    """The refusal of a `name` that no installed plugin of `kind` has."""
    return PluginError(
        f"there is no plugin {name!r} among the {kind}",
        where=f"entry points dlscope.{kind}",
        fix=did_you_mean(name, names(kind)),
    )


def missing_distribution(kind: str, name: str, module: str, *, where: str) -> PluginError:
    """The refusal for a plugin whose Python module `module` is not installed."""
    singular = {"analyses": "analysis"}.get(kind, kind.removesuffix("s"))
    return PluginError(
        f"{singular} {name!r} needs {module!r}, which is not installed",
        where=where,
        fix=f"pip install {_REQUIREMENTS.get(module, module)}",
    )


@functools.cache
def _entry_points(kind: str) -> dict[str, EntryPoint]:
    if kind not in KINDS:
        raise PluginError(
            f"{kind!r} is not a kind of plugin",
            where="dlscope.core.registry",
            fix=did_you_mean(kind, KINDS),
        )
    return {point.name: point for point in entry_points(group=f"dlscope.{kind}")}


# Where the module of a third-party plugin is missing, its own name is the best guess.
_REQUIREMENTS = {
    module: f"'dlscope[{extra}]'"
    for module, extra in {
        "MNN": "mnn",
        "ai_edge_litert": "litert",
        "altair": "figures",
        "cv2": "opencv",
        "executorch": "executorch",
        "flatbuffers": "litert",
        "jax": "jax",
        "lightning_fabric": "training",
        "mlperf_loadgen": "mlperf",
        "ncnn": "ncnn",
        "onnxruntime": "ort",
        "openvino": "openvino",
        "pnnx": "ncnn",
        "pynvml": "energy",
        "ray": "ray",
        "safetensors": "text",
        "tensorflow": "tensorflow",
        "tokenizers": "text",
        "torch": "torch",
        "tvm": "tvm",
        "vl_convert": "figures",
    }.items()
}
