"""`Records`: a few items written out in the manifest itself, for small known-good sets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.digest import bytes_digest, digest
from dlscope.core.errors import ManifestError, did_you_mean
from dlscope.data.base import Dataset, Item

_FORMS = ("file", "text", "bytes_hex", "array", "zeros")


@final
class Records(Dataset):
    """The items of the option `items`: a list of `{id, input, target}`.

    An input is one of `{file: path below the source}` (its bytes), `{text: …}`,
    `{bytes_hex: …}`, `{array: nested numbers}` and `{zeros: shape}`; the last two take a `dtype`,
    float32 unless given. A target is any plain value.
    """

    name: ClassVar[str] = "records"
    _records: list[dict[str, Any]]

    def _open(self) -> None:
        for option in sorted(set(self.options) - {"items"}):
            raise _wrong(option, f"unknown option {option!r}", did_you_mean(option, ("items",)))
        records = self.options.get("items")
        if not isinstance(records, list) or not records:
            raise _wrong("items", "there are no items", "list items: [{id: …, input: …}]")
        ids: set[str] = set()
        for number, record in enumerate(records):
            _check(record, f"items[{number}]", self.root)
            if record["id"] in ids:
                what = f"id {record['id']!r} is used twice"
                raise _wrong(f"items[{number}].id", what, "give each item an id of its own")
            ids.add(record["id"])
        self._records = records

    def __len__(self) -> int:
        return len(self._records)

    def _get(self, index: int) -> Item:
        record = self._records[index]
        return Item(record["id"], self._input(record), record.get("target"))

    def item_id(self, index: int) -> str:
        """The id in the manifest."""
        return str(self._records[index]["id"])

    def item_digest(self, index: int) -> str:
        """SHA-256 over the id, the content of the input and the target."""
        item = self._get(index)
        data = item.input
        if isinstance(data, np.ndarray):
            content: Any = [str(data.dtype), list(data.shape), bytes_digest(data.tobytes())]
        elif isinstance(data, bytes):
            content = bytes_digest(data)
        else:
            content = {"text": data}
        return digest({"id": item.id, "input": content, "target": item.target})

    def labels(self) -> Sequence[int]:
        """The `label` of every target; empty where one has none."""
        targets = [record.get("target") for record in self._records]
        told = [target.get("label") for target in targets if isinstance(target, dict)]
        labels = [label for label in told if type(label) is int]
        return labels if len(labels) == len(targets) else ()

    def place(self, index: int) -> str:
        """The path of the target in the manifest."""
        return f"options.items[{index}].target.label"

    def _input(self, record: Mapping[str, Any]) -> Any:
        spec = record["input"]
        form = _form(spec)
        if form == "file":
            return self._file(record["id"], spec["file"])
        return _READERS[form](spec)

    def _file(self, item: str, name: str) -> bytes:
        path = (self.root or Path()) / name
        try:
            return path.read_bytes()
        except OSError as error:
            raise self._unreadable(
                f"item {item!r} cannot be read: {error.strerror}",
                where=str(path),
                fix="restore the file and allow reading it",
            ) from error


def _text(spec: Mapping[str, Any]) -> str:
    if not isinstance(spec["text"], str):
        raise TypeError(f"{spec['text']!r} is not text")
    return spec["text"]


def _array(spec: Mapping[str, Any]) -> NDArray[Any]:
    return np.asarray(spec["array"], dtype=spec.get("dtype", "float32"))


def _zeros(spec: Mapping[str, Any]) -> NDArray[Any]:
    return np.zeros(tuple(spec["zeros"]), dtype=spec.get("dtype", "float32"))


_READERS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "text": _text,
    "bytes_hex": lambda spec: bytes.fromhex(spec["bytes_hex"]),
    "array": _array,
    "zeros": _zeros,
}


def _form(spec: Mapping[str, Any]) -> str:
    return next(form for form in _FORMS if form in spec)


def _check(record: Any, place: str, root: Path | None) -> None:
    if not isinstance(record, dict) or not isinstance(record.get("id"), str):
        raise _wrong(place, "an item needs an id", "write {id: name, input: …, target: …}")
    for key in sorted(set(record) - {"id", "input", "target"}):
        advice = did_you_mean(key, ("id", "input", "target"))
        raise _wrong(f"{place}.{key}", f"unknown field {key!r}", advice)
    spec = record.get("input")
    forms = [form for form in _FORMS if form in spec] if isinstance(spec, dict) else []
    if not isinstance(spec, dict) or len(forms) != 1:
        fix = f"write one of {', '.join(_FORMS)}"
        raise _wrong(f"{place}.input", "an input has exactly one form", fix)
    if forms[0] == "file":
        _check_file(spec["file"], f"{place}.input.file", root)
        return
    try:
        _READERS[forms[0]](spec)
    except (TypeError, ValueError, OverflowError) as error:
        raise _wrong(f"{place}.input.{forms[0]}", str(error), "correct the value") from None


def _check_file(name: Any, place: str, root: Path | None) -> None:
    if root is None or not root.is_dir():
        fix = "let source name an existing folder"
        raise _wrong(place, "a file needs a folder to be in", fix)
    path = PurePosixPath(str(name))
    if path.is_absolute() or ".." in path.parts:
        raise _wrong(place, f"path {name!r} leaves the source", "name a file below the source")


def _wrong(place: str, what: str, fix: str) -> ManifestError:
    return ManifestError(what, where=f"reader records, options.{place}", fix=fix)
