"""`require_same`: a folder of trainings holds one set of options, told apart field by field."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dlscope.core.errors import TrainingError

_ASKED, _MOST = "asked.json", 6


def require_same(folder: Path, asked: Mapping[str, Any]) -> None:
    """Keep in `folder` what is asked of the trainings there.

    Raises `TrainingError` with the fields that differ from what was asked before.
    """
    path = folder / _ASKED
    wanted = json.loads(json.dumps(asked, default=str))
    if path.is_file():
        differing = list(_differences(json.loads(path.read_text()), wanted))
        if differing:
            raise TrainingError(
                "other options or other images were trained with: " + "; ".join(differing[:_MOST]),
                where=str(folder),
                fix="use a folder of its own for each",
            )
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(wanted, indent=1))


def _differences(there: Any, wanted: Any, name: str = "") -> Iterator[str]:
    """`options.rate is 0.001 there, 0.0005 is asked`, for each field with another value."""
    if isinstance(there, dict) and isinstance(wanted, dict):
        for key in dict.fromkeys([*there, *wanted]):
            inner = f"{name}.{key}" if name else str(key)
            yield from _differences(there.get(key), wanted.get(key), inner)
    elif there != wanted:
        yield f"{name or 'all'} is {there} there, {wanted} is asked"
