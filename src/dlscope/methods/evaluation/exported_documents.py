"""`read_documents`: what `mongoexport` writes of the collections of MLModelScope."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlscope.core.errors import DlscopeError, ManifestError, raise_all

_NUMBERS = {"$numberInt": int, "$numberLong": int, "$numberDouble": float}
_TEXTS = ("$oid", "$date", "$uuid")
_MARKS = (
    ("evaluation", {"framework", "model"}),
    ("model_accuracy", {"top_1"}),
    ("input_prediction", {"features"}),
    ("performance", {"trace"}),
    ("performance", {"trace_level"}),
)
"""Fields by which a document shows its collection, the first that fits."""


@dataclass(frozen=True)
class Document:
    """One document as plain data; `where` names it in messages."""

    collection: str
    id: str
    data: Mapping[str, Any]
    where: str


def read_documents(files: Sequence[Path]) -> tuple[Document, ...]:
    """Every document of `files`: one JSON document, a list of them, or one on each line.

    Raises `ManifestError`s for what cannot be read or belongs to none of the collections.
    """
    documents: list[Document] = []
    problems: list[DlscopeError] = []
    for path in files:
        try:
            texts = list(_parsed(path))
        except DlscopeError as error:
            problems.append(error)
            continue
        for number, value in enumerate(texts, 1):
            try:
                documents.append(_document(value, f"{path}, document {number}"))
            except DlscopeError as error:
                problems.append(error)
    raise_all(problems)
    return tuple(documents)


def _parsed(path: Path) -> Iterator[Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise _refusal(f"the export cannot be read: {reason}", str(path)) from error
    try:
        whole = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        yield from _lines(text, path)
        return
    yield from whole if isinstance(whole, list) else [whole]


def _lines(text: str, path: Path) -> Iterator[Any]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield json.loads(line)
            except (json.JSONDecodeError, RecursionError) as error:
                raise _refusal("the line is not JSON", f"{path}, line {number}") from error


def _document(value: Any, where: str) -> Document:
    try:
        data = _plain(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise _refusal("the document has a number that is none", where) from error
    if not isinstance(data, Mapping):
        raise _refusal("a document is a mapping of fields", where)
    for collection, marks in _MARKS:
        if marks <= set(data):
            return Document(collection, str(data.get("_id") or data.get("id") or ""), data, where)
    raise _refusal("the document is of none of the collections of MLModelScope", where)


def _plain(value: Any) -> Any:
    """`value` without the marks that `mongoexport` puts around what JSON cannot say."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((mark, inner),) = value.items()
        if mark in _NUMBERS:
            return _NUMBERS[mark](inner)
        if mark in _TEXTS:
            return _plain(inner)
    return {name: _plain(each) for name, each in value.items()}


def _refusal(what: str, where: str) -> ManifestError:
    return ManifestError(what, where=where, fix="export it again with mongoexport")
