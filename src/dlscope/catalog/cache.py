"""The folder of fetched and generated files, and the digests already checked in this process."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_dir

from dlscope.core.digest import file_digest, file_md5
from dlscope.core.errors import DataError

_digests: dict[Path, tuple[tuple[int, int, int], str]] = {}


@dataclass(frozen=True)
class Expected:
    """What is known of a file before it is used; None is not known."""

    sha256: str | None = None
    size_bytes: int | None = None
    md5: str | None = None

    def difference(self, path: Path) -> str | None:
        """What is wrong with the file at `path`, the size looked at first; None for nothing."""
        size = path.stat().st_size
        if self.size_bytes is not None and size != self.size_bytes:
            return f"has {size} bytes, expected {self.size_bytes}"
        if self.sha256 is not None and (actual := digest_of(path)) != self.sha256:
            return f"has the SHA-256 {actual}, expected {self.sha256}"
        if self.md5 is not None and (actual := file_md5(path)) != self.md5:
            return f"has the MD5 {actual}, expected {self.md5}"
        return None


def cache_folder(part: str) -> Path:
    """The folder `part` of the cache, created: DLSCOPE_CACHE, or the user's cache folder.

    Raises `DataError` when it cannot be created.
    """
    root = os.environ.get("DLSCOPE_CACHE") or user_cache_dir("dlscope", appauthor=False)
    folder = Path(root) / part
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"the cache folder cannot be created: {error.strerror}",
            where=str(folder),
            fix="set DLSCOPE_CACHE to a folder that you may write to",
        ) from error
    return folder


def digest_of(path: Path) -> str:
    """SHA-256 of the file at `path`; an unchanged file is read once in a process."""
    stat = path.stat()
    state = (stat.st_size, stat.st_mtime_ns, stat.st_ino)
    known = _digests.get(path)
    if known is None or known[0] != state:
        known = _digests[path] = (state, file_digest(path))
    return known[1]


def keep(part: Path, target: Path) -> None:
    """Make `part` the cache entry `target`, with a record of its digest; nothing is half there."""
    record = _record(target)
    mark = record.with_name(f"{record.name}.{os.getpid()}.part")
    mark.write_text(digest_of(part), encoding="ascii")
    mark.replace(record)
    part.replace(target)


def kept(target: Path) -> bool:
    """Whether `target` is there as it was kept; a file that changed since goes to quarantine."""
    record = _record(target)
    if not target.exists():
        return False
    if record.exists() and record.read_text(encoding="ascii") == digest_of(target):
        return True
    quarantine(target)
    return False


def quarantine(path: Path) -> Path:
    """Move the file at `path` out of use, to where it can still be looked at; its new path."""
    target = cache_folder("quarantine") / f"{digest_of(path)[:16]}-{path.name}"
    path.replace(target)
    return target


def _record(target: Path) -> Path:
    return target.with_name(f"{target.name}.sha256")
