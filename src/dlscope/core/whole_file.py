"""A file that is there whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dlscope.core.errors import FileError

_FULL = (errno.ENOSPC, errno.EDQUOT)
REFUSED = (*_FULL, errno.EROFS, errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENAMETOOLONG)
"""What systems say where something cannot be written."""


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Another name to write under, in the same folder; it becomes `path` at the end.

    What is no ordinary file, such as a pipe or a terminal, is written to as it is. What fails
    leaves nothing behind and what was at `path` as it was; what the disk refuses is `FileError`.
    """
    is_special = path.exists() and not path.is_file()
    part = path if is_special else _part(path)
    try:
        yield part
        if not is_special:
            part.replace(path)
    except OSError as error:
        raise unwritable(error, path) from error
    finally:
        if not is_special:
            part.unlink(missing_ok=True)


def write_whole(path: Path, content: str | bytes) -> None:
    """Put `content`, text as UTF-8, into the file `path`. Raises `FileError`."""
    with whole_file(path) as part:
        part.write_bytes(content.encode() if isinstance(content, str) else content)


def require_writable(path: Path) -> Path:
    """`path`, where a file can be begun. Raises `FileError`, before any work would be lost."""
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if path.is_file() or not path.exists():
            part = _part(path)
            part.touch()
            part.unlink()
    except OSError as error:
        raise unwritable(error, path) from error
    return path


def _part(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def unwritable(error: OSError, path: Path | str) -> FileError:
    """What to say where the system refuses to write to `path`."""
    if error.errno in _FULL:
        return FileError(
            "the disk is full", where=str(path), fix="free some space, or choose another place"
        )
    return FileError(
        f"the file cannot be written: {error.strerror or error}",
        where=str(path),
        fix="name a file in a folder that exists and that you may write to",
    )
