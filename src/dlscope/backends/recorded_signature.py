"""The inputs and outputs of a converted model, kept beside it where its form does not tell them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dlscope.backends.base import TensorSpec

Specs = tuple[TensorSpec, ...]

_FILE = "signature.json"


def record(folder: Path, inputs: Specs, outputs: Specs) -> None:
    """Keep `inputs` and `outputs` in `folder`, for `recorded` to find."""
    sides = {"inputs": inputs, "outputs": outputs}
    listed = {side: [asdict(spec) for spec in specs] for side, specs in sides.items()}
    (folder / _FILE).write_text(json.dumps(listed), encoding="utf-8")


def recorded(folder: Path) -> tuple[Specs, Specs]:
    """The inputs and outputs that were kept in `folder`."""
    listed = json.loads((folder / _FILE).read_text(encoding="utf-8"))
    return _specs(listed["inputs"]), _specs(listed["outputs"])


def _specs(entries: list[dict[str, Any]]) -> Specs:
    return tuple(
        TensorSpec(entry["name"], entry["dtype"], tuple(entry["shape"])) for entry in entries
    )
