"""`recorded`: what a folder of `uav-synth` was asked to be."""

from __future__ import annotations

import json
from pathlib import Path

RECORD = "uav-synth.json"


def recorded(folder: Path) -> object:
    """What was asked of the set in `folder`; None where there is none."""
    path = folder / RECORD
    if not path.is_file():
        return None
    try:
        return json.loads(path.read_text(encoding="utf-8"))["asked"]
    except (OSError, ValueError, KeyError, TypeError):
        return "one that cannot be read"
