"""Graphs that a network plugin builds, kept until anything they depend on changes."""

from __future__ import annotations

import inspect
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dlscope.catalog.cache import cache_folder, digest_of, keep, kept
from dlscope.core import registry
from dlscope.core.digest import digest
from dlscope.core.errors import DataError
from dlscope.core.manifest import Source


def generate(source: Source, weights: Path | None, where: str) -> Path:
    """The graph that the network `source.location` builds from the file `weights`.

    Without one, the network draws its weights from its option `seed`, if it can. It is built once
    for each source text, weights, code of the builder's package, and version of dlscope and onnx.
    Raises `PluginError` for an unknown network and `DataError` for an empty result.
    """
    build = registry.load("networks", source.location)
    key = digest(
        {
            "network": source.location,
            "options": dict(source.options),
            "weights": None if weights is None else digest_of(weights),
            "code": _code_digests(build),
            "versions": [version("dlscope"), version("onnx")],
        }
    )
    target = cache_folder("generated") / f"{key}.onnx"
    if kept(target):
        return target
    content: bytes = build(weights, source.options)
    if not content:
        raise DataError(
            f"network {source.location!r} built an empty graph",
            where=where,
            fix="report this to whoever wrote the network plugin",
        )
    _write(content, target)
    return target


def _code_digests(build: Any) -> list[str]:
    """Digests of the builder's file, or of all files beside it when it is in a package."""
    module = inspect.getmodule(build)
    file = inspect.getsourcefile(build)
    if module is None or file is None:
        return []
    path = Path(file)
    files = sorted(path.parent.glob("*.py")) if module.__package__ else [path]
    return [digest_of(each) for each in files]


def _write(content: bytes, target: Path) -> None:
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        keep(part, target)
    finally:
        part.unlink(missing_ok=True)
