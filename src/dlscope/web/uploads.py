"""`Uploads`: pictures and texts that people send, checked and kept as data sets of the catalog."""

from __future__ import annotations

import io
import os
import re
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, final

from dlscope.core.digest import digest
from dlscope.core.errors import DlscopeError, RequestError

MOST_FILES = 2000
MOST_FILE_BYTES = 20 << 20
MOST_BYTES = 256 << 20
MOST_RATIO = 20
MOST_PIXELS = 50_000_000
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".webp")
SOUNDS = (".wav",)
TEXTS = (".txt",)
_ENDINGS = PICTURES + SOUNDS + TEXTS
_PART = 1 << 20
_WHERE = "upload"
_VARIABLE = "DLSCOPE_CATALOG"


@dataclass(frozen=True)
class _Sent:
    """A file that was sent: its name, and what it holds."""

    name: str
    content: bytes


@final
class Uploads:
    """Keeps what is sent below `folder`, each under the digest of what it holds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def publish(self) -> None:
        """Add the folder to the catalog of this process and of those that it starts."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if str(self.folder) not in _catalog():
            os.environ[_VARIABLE] = os.pathsep.join([*_catalog(), str(self.folder)])

    def withdraw(self) -> None:
        """Take the folder out of the catalog; what is in it stays."""
        kept = [text for text in _catalog() if text != str(self.folder)]
        os.environ.pop(_VARIABLE, None)
        if kept:
            os.environ[_VARIABLE] = os.pathsep.join(kept)

    def add(self, name: str, file: IO[bytes], task: str) -> str:
        """The name of the data set made of one file, or of those in a zip file.

        Files in folders `0`, `1`, … are labelled with these numbers; others have no labels. The
        same files give the same data set. Raises `RequestError` for a file of another kind, and
        for a zip file that holds too much, grows too much, or names a place outside itself.
        """
        is_archive = PurePosixPath(name).suffix.lower() == ".zip"
        sent = list(_unpacked(file)) if is_archive else [_single(name, file)]
        if not sent:
            raise _refused("there is nothing in it to measure", f"send {', '.join(_ENDINGS)}")
        for each in sent:
            _check(each)
        data_set = _named(sent, task)
        if not (self.folder / data_set / "dataset.yaml").is_file():
            self._keep(data_set, sent, task)
        return data_set

    def _keep(self, name: str, sent: Sequence[_Sent], task: str) -> None:
        import yaml

        part = Path(tempfile.mkdtemp(prefix=".part-", dir=self.folder))
        try:
            for number, each in enumerate(sent):
                place = part / "files" / _safe_name(each.name, number)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(each.content)
            manifest = yaml.safe_dump(_manifest(name, sent, task), sort_keys=False)
            (part / "dataset.yaml").write_text(manifest, encoding="utf-8")
            # Seen by the catalog only once it is whole.
            part.rename(self.folder / name)
        except OSError:
            if not (self.folder / name).is_dir():
                raise
        finally:
            shutil.rmtree(part, ignore_errors=True)


def _catalog() -> list[str]:
    return [text for text in os.environ.get(_VARIABLE, "").split(os.pathsep) if text]


def _single(name: str, file: IO[bytes]) -> _Sent:
    content = file.read(MOST_FILE_BYTES + 1)
    if len(content) > MOST_FILE_BYTES:
        raise _too_large(name)
    return _Sent(PurePosixPath(name.replace("\\", "/")).name, content)


def _unpacked(file: IO[bytes]) -> Iterator[_Sent]:
    try:
        with zipfile.ZipFile(file) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
            _check_members(members)
            for info in members:
                yield _Sent(info.filename, _read(archive, info))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise _refused(f"it is not a readable zip file: {error}", "make it again") from error


def _check_members(members: Sequence[zipfile.ZipInfo]) -> None:
    if len(members) > MOST_FILES:
        raise _refused(f"it holds {len(members)} files", f"send at most {MOST_FILES}")
    for info in members:
        path = PurePosixPath(info.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
            raise _refused(
                f"{info.filename[:200]!r} leaves the archive",
                "send plain files with relative names",
            )
        if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
            raise _refused(f"{info.filename[:200]!r} is not a plain file", "send plain files")
    size = sum(info.file_size for info in members)
    sent = sum(info.compress_size for info in members)
    if size > MOST_BYTES or size > MOST_RATIO * max(sent, 1):
        raise _refused(
            f"it grows to {size} bytes, too many for what was sent",
            f"send files that grow at most {MOST_RATIO} times and to {MOST_BYTES >> 20} MiB",
        )


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """One member; a header that promises less than there is does not help."""
    parts, taken = [], 0
    with archive.open(info) as stream:
        while part := stream.read(_PART):
            taken += len(part)
            if taken > min(info.file_size, MOST_FILE_BYTES):
                raise _too_large(info.filename)
            parts.append(part)
    return b"".join(parts)


def _check(sent: _Sent) -> None:
    ending = PurePosixPath(sent.name).suffix.lower()
    if ending not in _ENDINGS:
        fix = f"send {', '.join(_ENDINGS)}, or a .zip of them"
        raise _refused(f"{sent.name[:200]!r} is of a kind that cannot be read", fix)
    if ending in PICTURES:
        _check_picture(sent)
    elif ending in TEXTS:
        try:
            sent.content.decode("utf-8")
        except UnicodeDecodeError:
            raise _refused(f"{sent.name[:200]!r} is not UTF-8 text", "save it as UTF-8") from None


def _check_picture(sent: _Sent) -> None:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(sent.content)) as picture:
            width, height = picture.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        what = f"{sent.name[:200]!r} is not a picture in a known format"
        raise _refused(what, "save it as PNG or JPEG") from error
    if width * height > MOST_PIXELS:
        raise _refused(
            f"{sent.name[:200]!r} has {width} × {height} pixels",
            f"send at most {MOST_PIXELS // 1_000_000} million",
        )


def _named(sent: Sequence[_Sent], task: str) -> str:
    import hashlib

    files = [[each.name, hashlib.sha256(each.content).hexdigest()] for each in sent]
    return f"upload-{digest({'task': task, 'files': sorted(files)})[:12]}"


def _safe_name(name: str, number: int) -> str:
    """A name of our own for the file at `number`, in the folder of its label."""
    stem = re.sub(r"[^A-Za-z0-9_-]+", "_", PurePosixPath(name).stem)[:60] or "item"
    label = _label(name)
    file = f"{number:04}-{stem}{PurePosixPath(name).suffix.lower()}"
    return file if label is None else f"{label}/{file}"


def _label(name: str) -> int | None:
    folder = PurePosixPath(name.replace("\\", "/")).parent.name
    is_number = folder.isascii() and folder.isdecimal() and len(folder) < 7
    return int(folder) if is_number else None


def _manifest(name: str, sent: Sequence[_Sent], task: str) -> dict[str, Any]:
    labels = [_label(each.name) for each in sent]
    items = [
        _item(each, number, label)
        for number, (each, label) in enumerate(zip(sent, labels, strict=True))
    ]
    return {
        "kind": "dataset",
        "schema_version": 1,
        "name": name,
        "version": "1.0.0",
        "description": f"{len(sent)} files that were uploaded.",
        "task": task,
        "license": "unknown",
        "reader": "records",
        "source": "file:files",
        "options": {"items": items},
        "items": len(sent),
        "data_kind": "mixed",
    }


def _item(sent: _Sent, number: int, label: int | None) -> dict[str, Any]:
    file = _safe_name(sent.name, number)
    is_text = PurePosixPath(file).suffix in TEXTS
    read = {"text": sent.content.decode("utf-8")} if is_text else {"file": file}
    target = {} if label is None else {"target": {"label": label}}
    return {"id": PurePosixPath(file).stem, "input": read, **target}


def _too_large(name: str) -> DlscopeError:
    return _refused(
        f"{name[:200]!r} is too large", f"send files of at most {MOST_FILE_BYTES >> 20} MiB"
    )


def _refused(what: str, fix: str) -> RequestError:
    return RequestError(what, where=_WHERE, fix=fix)
