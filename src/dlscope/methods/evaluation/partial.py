"""`PartialItems`: answered items on disk, so that a broken pass is taken up where it broke."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final

import numpy as np

from dlscope.core.run import ItemResult


@final
class Timeouts:
    """Predictions of this plan that hung, so that their worker had to be ended."""

    def __init__(self, folder: Path | None) -> None:
        self._path = None if folder is None else folder / "timeouts"

    @property
    def count(self) -> int:
        """How many there are that nobody has accounted for."""
        return len(self._lines())

    def account_for_one(self) -> bool:
        """Take one off; false when there is none."""
        lines = self._lines()
        if self._path is None or not lines:
            return False
        self._path.write_text("".join(f"{line}\n" for line in lines[1:]), encoding="utf-8")
        return True

    def _lines(self) -> list[str]:
        if self._path is None or not self._path.is_file():
            return []
        return self._path.read_text(encoding="utf-8").split()


@final
class PartialItems:
    """One JSON line per answered item; a line cut off by an interruption is ignored."""

    def __init__(self, folder: Path | None) -> None:
        self._path = None if folder is None else folder / "items.jsonl"
        self._begun = None if folder is None else folder / "begun.json"

    def begin(self, indices: Sequence[int]) -> None:
        """Note which items are about to be predicted together."""
        if self._begun is not None:
            self._begun.parent.mkdir(parents=True, exist_ok=True)
            self._begun.write_text(json.dumps(list(indices)), encoding="utf-8")

    def begun(self) -> list[int]:
        """The items that were being predicted when it broke off."""
        if self._begun is None or not self._begun.is_file():
            return []
        try:
            indices: list[int] = json.loads(self._begun.read_text(encoding="utf-8"))
        except json.JSONDecodeError:
            return []
        answered = self.read()
        return [index for index in indices if index not in answered]

    def read(self) -> dict[int, ItemResult]:
        """The items answered so far, by index."""
        if self._path is None or not self._path.is_file():
            return {}
        answered: dict[int, ItemResult] = {}
        for line in filter(None, self._path.read_text(encoding="utf-8").splitlines()):
            try:
                record = json.loads(line)
            except json.JSONDecodeError:
                continue
            answered[record["index"]] = _item(record)
        return answered

    def append(self, results: Mapping[int, ItemResult]) -> None:
        """Add items by index; they are on disk when this returns."""
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(_record(index, item)) for index, item in results.items()]
        with self._path.open("a", encoding="utf-8") as file:
            file.write("".join(f"\n{line}" for line in lines))


def _record(index: int, item: ItemResult) -> dict[str, Any]:
    return {
        "index": index,
        "item": item.item,
        "prediction": item.prediction,
        "target": item.target,
        "error": item.error,
        "outputs": {
            name: {
                "dtype": str(array.dtype),
                "shape": array.shape,
                "data": base64.b64encode(np.ascontiguousarray(array).tobytes()).decode(),
            }
            for name, array in item.outputs.items()
        },
    }


def _item(record: Mapping[str, Any]) -> ItemResult:
    outputs = {
        name: np.frombuffer(base64.b64decode(packed["data"]), dtype=packed["dtype"]).reshape(
            packed["shape"]
        )
        for name, packed in record["outputs"].items()
    }
    return ItemResult(
        record["item"], record["prediction"], record["target"], record["error"], outputs
    )
