"""One member out of a zip or tar archive whose members are all harmless."""

from __future__ import annotations

import lzma
import os
import shutil
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from dlscope.catalog.cache import cache_folder, digest_of, keep, kept
from dlscope.core.digest import bytes_digest
from dlscope.core.errors import DataError

MAX_RATIO = 20
MAX_BYTES = 20 << 30


@dataclass(frozen=True)
class _Member:
    name: str
    size: int
    kind: str  # file, folder, link or device


_UNREADABLE = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(ValueError, RuntimeError, EOFError, OSError),
)
"""What the standard library raises on archives that are spoilt, by where they are."""


def extract_member(archive: Path, member: str, where: str) -> Path:
    """The cached copy of the file `member` of `archive`.

    Raises `DataError` for an archive that holds an absolute path, `..`, a link or a device, that
    grows more than 20 times or beyond 20 GiB, or that lacks the member.
    """
    folder = cache_folder(f"members/{digest_of(archive)}")
    target = folder / f"{bytes_digest(member.encode())[:16]}-{PurePosixPath(member).name}"
    if kept(target):
        return target
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened:
                _check(archive, list(_in_zip(opened)), member, where)
                with opened.open(member) as stream:
                    _write(stream, target, opened.getinfo(member).file_size)
        else:
            with tarfile.open(archive) as tape:
                _check(archive, list(_in_tar(tape, archive, where)), member, where)
                with closing(_tar_stream(tape, member)) as stream:
                    _write(stream, target, tape.getmember(member).size)
    except _UNREADABLE as error:
        raise DataError(
            f"{archive.name} is not a readable zip or tar archive: {error}",
            where=where,
            fix="correct the source, or leave archive_member out if it is no archive",
        ) from error
    return target


def _in_zip(archive: zipfile.ZipFile) -> Iterator[_Member]:
    for info in archive.infolist():
        mode = stat.S_IFMT(info.external_attr >> 16)
        # A name may be empty, at which `is_dir` fails.
        kind = "folder" if info.filename.endswith("/") else "file"
        if mode == stat.S_IFLNK:
            kind = "link"
        elif mode not in (0, stat.S_IFREG, stat.S_IFDIR):
            kind = "device"
        yield _Member(info.filename, info.file_size, kind)


def _in_tar(tape: tarfile.TarFile, archive: Path, where: str) -> Iterator[_Member]:
    limit = _limit(archive)
    total = 0
    for info in tape:
        # A compressed tar is unpacked to be listed, so the limit is kept while listing.
        total += info.size
        _refuse_growth(archive, total, limit, where)
        kind = "file" if info.isreg() else "folder" if info.isdir() else "device"
        yield _Member(info.name, info.size, "link" if info.issym() or info.islnk() else kind)


def _check(archive: Path, members: list[_Member], wanted: str, where: str) -> None:
    for member in members:
        if reason := _harm(member):
            raise DataError(
                f"{archive.name} is refused: member {member.name!r} {reason}",
                where=where,
                fix="use an archive of plain files with relative names",
            )
    _refuse_growth(archive, sum(member.size for member in members), _limit(archive), where)
    files = sorted(member.name for member in members if member.kind == "file")
    if wanted not in files:
        raise DataError(
            f"{archive.name} has no file {wanted!r}",
            where=where,
            fix=f"correct archive_member; the archive holds {', '.join(files[:10]) or 'nothing'}",
        )


def _harm(member: _Member) -> str:
    path = PurePosixPath(member.name.replace("\\", "/"))
    if path.is_absolute() or ":" in path.parts[0:1]:
        return "has an absolute path"
    if ".." in path.parts:
        return "leaves the archive with .."
    return f"is a {member.kind}" if member.kind in ("link", "device") else ""


def _limit(archive: Path) -> int:
    return min(MAX_RATIO * archive.stat().st_size, MAX_BYTES)


def _refuse_growth(archive: Path, total: int, limit: int, where: str) -> None:
    if total > limit:
        raise DataError(
            f"{archive.name} is refused: it grows to {total} bytes or more, beyond {limit}",
            where=where,
            fix=f"use an archive that grows at most {MAX_RATIO} times and to at most 20 GiB",
        )


def _tar_stream(tape: tarfile.TarFile, member: str) -> IO[bytes]:
    stream = tape.extractfile(member)
    if stream is None:
        raise tarfile.ReadError(f"{member} is not a file")
    return stream


def _write(stream: IO[bytes], target: Path, size: int) -> None:
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            shutil.copyfileobj(stream, file)
            if file.tell() != size:
                raise tarfile.ReadError(f"{file.tell()} bytes where {size} are declared")
        keep(part, target)
    finally:
        part.unlink(missing_ok=True)
