"""`require_same`: a folder of trainings holds one set of options, told apart field by field."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dlscope.core.errors import TrainingError
from dlscope.data.procedural.differences import differences

_ASKED, _MOST = "asked.json", 4


def require_same(folder: Path, asked: Mapping[str, Any]) -> None:
    """Keep in `folder` what is asked of the trainings there.

    Raises `TrainingError` with the fields that differ from what was asked before.
    """
    path = folder / _ASKED
    wanted = json.loads(json.dumps(asked, default=str))
    if path.is_file():
        differing = list(differences(json.loads(path.read_text()), wanted))
        if differing:
            raise TrainingError(
                f"other options or other images were trained with: {_told(differing)}",
                where=str(folder),
                fix="use a folder of its own for each: name another with --out",
            )
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(wanted, indent=1))


def _told(differing: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    more = len(differing) - _MOST
    return "; ".join([*differing[:_MOST], *([f"and {more} more"] if more > 0 else [])])
