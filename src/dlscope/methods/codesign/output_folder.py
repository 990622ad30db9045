"""`output_folder`: a folder to write into, made before any work would be lost."""

from __future__ import annotations

from pathlib import Path

from dlscope.core.errors import FileError


def output_folder(path: Path) -> Path:
    """`path` as a folder that is there. Raises `FileError` where it cannot be made."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(
            f"the folder cannot be made: {error.strerror or error}",
            where=str(path),
            fix="name a folder that exists, or one inside a folder that you may write to",
        ) from error
    return path
