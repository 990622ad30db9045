"""Names, versions and addresses of MLModelScope in the forms that dlscope takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from dlscope.catalog.mlmodelscope.original import OriginalFiles

Note = Callable[[str], None]
"""Keeps a sentence about what could not be carried over as it was."""

BACKENDS: Mapping[str, str] = {
    "tensorflow": "tensorflow",
    "pytorch": "torch",
    "onnxruntime": "onnxruntime",
    "onnx runtime": "onnxruntime",
    "jax": "jax",
    "mxnet": "mxnet",
    "caffe": "caffe",
    "caffe2": "caffe2",
    "cntk": "cntk",
    "tensorrt": "tensorrt",
}
_ENDINGS = {"onnx": "graph", "tflite": "graph_tflite", "keras": "graph_keras", "h5": "graph_h5"}
_STRANGE = re.compile(r"[^a-z0-9_.-]+")
_LONGEST = 80


def name_of(original: str, note: Note) -> str:
    """`original` in small letters, digits and _.-, of at most 80 characters."""
    name = _STRANGE.sub("-", original.lower()).strip("-")[:_LONGEST]
    if name != original:
        note(f"name: {original!r} is written {name!r}")
    return name


def version_of(original: str) -> str:
    """`original` with all three numbers."""
    numbers = original.split(".")
    return ".".join([*numbers, "0", "0"][: max(3, len(numbers))])


def backend_of(original: str, note: Note) -> str:
    """The backend of dlscope for a framework."""
    backend = BACKENDS.get(original.lower())
    if backend is None:
        backend = _STRANGE.sub("-", original.lower())
        note(f"framework: there is no backend for {original}; it stays {backend!r}")
    return backend


def graph_role(path: str) -> str:
    """The role of a graph file by its ending; one that no backend reads is named for it."""
    ending = path.rpartition(".")[2].lower() if "." in path else "file"
    return _ENDINGS.get(ending, f"graph_{_STRANGE.sub('', ending)}")


def asset_of(files: OriginalFiles, path: str, md5: str | None, note: Note) -> dict[str, Any]:
    """The asset for one file of a model."""
    if files.is_archive:
        asset = {"source": secure(files.base_url or "", note), "archive_member": path}
    elif "://" in path or not files.base_url:
        asset = {"source": secure(path, note)}
    else:
        asset = {"source": secure(f"{files.base_url.rstrip('/')}/{path}", note)}
    if md5:
        asset["md5"] = md5.lower()
    return asset


def secure(address: str, note: Note) -> str:
    """`address` by https; one that is no address of the web becomes a path."""
    scheme, separator, rest = address.partition("://")
    if not separator:
        return f"file:{address}"
    if scheme == "http":
        note(f"{address} will be fetched by https")
    return f"https://{rest}"
