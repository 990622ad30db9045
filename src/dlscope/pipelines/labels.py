"""Class names, read from the file a model names."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from dlscope.core.errors import DataError

_WORDNET_ID = re.compile(r"n\d{8}")


def read_labels(path: Path) -> tuple[str, ...]:
    """Names by class index.

    The file is a JSON list of names, a JSON object from index to name, one that has a single list
    among its values (a network's configuration), or one name per line. Where JSON gives several
    names for one class, the first that is no WordNet id (n01440764) counts.
    Raises `DataError` for anything else.
    """
    try:
        text = path.read_text(encoding="utf-8")
        # By content, not by suffix: a file from the asset cache may be named by its digest.
        labels = _of_json(json.loads(text)) if text.lstrip()[:1] in ("[", "{") else _lines(text)
    except (OSError, ValueError) as error:
        raise _refused(path, f"the labels cannot be read: {error}") from error
    if not labels:
        raise _refused(path, "the file has no labels")
    return labels


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _of_json(data: Any) -> tuple[str, ...]:
    if isinstance(data, list):
        return tuple(_name(entry) for entry in data)
    if not isinstance(data, dict):
        raise ValueError(f"expected a list or an object, found {type(data).__name__}")
    lists = [value for value in data.values() if isinstance(value, list)]
    if len(lists) == 1 and "0" not in data:
        return _of_json(lists[0])
    missing = [str(index) for index in range(len(data)) if str(index) not in data]
    if missing:
        raise ValueError(f"there is no label {missing[0]} among {len(data)}")
    return tuple(_name(data[str(index)]) for index in range(len(data)))


def _name(entry: Any) -> str:
    names = entry if isinstance(entry, list) else [entry]
    for name in names:
        if not isinstance(name, str):
            raise ValueError(f"{entry!r} is not a name")
        if not _WORDNET_ID.fullmatch(name):
            return name
    raise ValueError(f"{entry!r} has no name")


def _refused(path: Path, what: str) -> DataError:
    return DataError(
        what, where=str(path), fix="give one name per line, a JSON list, or an object of indices"
    )
