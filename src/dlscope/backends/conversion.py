"""Models in the form of one framework, made by its converter once and kept in the cache."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

from dlscope.catalog.cache import cache_folder, digest_of

Convert = Callable[[Path], None]
"""Writes the converted model into the empty folder it is given."""


def converted(model: Path, backend: str, version: str, convert: Convert) -> Path:
    """The folder that holds `model` in the form of `backend`, made where it is not there yet.

    The folder appears by one renaming: a conversion that broke leaves nothing behind.
    """
    target = cache_folder("converted") / f"{backend}-{version}-{digest_of(model)[:32]}"
    if target.is_dir():
        return target
    unfinished = target.with_name(f"{target.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}.part")
    unfinished.mkdir()
    try:
        convert(unfinished)
        _publish(unfinished, target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return target


def _publish(unfinished: Path, target: Path) -> None:
    try:
        unfinished.rename(target)
    except OSError:
        # Another process was first: its conversion is as good as ours.
        if not target.is_dir():
            raise
