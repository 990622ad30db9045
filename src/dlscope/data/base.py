"""`Dataset`: labelled items by index, read one at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, final

from dlscope.core.errors import DataError


@dataclass(frozen=True)
class Item:
    """One item: a stable `id`, its input (encoded bytes, text or an array) and its target."""

    id: str
    input: Any
    target: Any


class Dataset(ABC):
    """Items of one data set below `root`, the folder or file its source resolves to.

    `options` are those of the manifest. Reading is lazy: an item is read when it is asked for.
    """

    name: ClassVar[str]

    def __init__(self, root: Path | None, options: Mapping[str, Any]) -> None:
        self.root = root
        self.options = dict(options)
        self._open()

    @final
    def __getitem__(self, index: int) -> Item:
        """The item at `index`. Raises IndexError outside 0 … len−1, `DataError` if unreadable."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self._get(index)

    @final
    def __iter__(self) -> Iterator[Item]:
        return (self[index] for index in range(len(self)))

    @abstractmethod
    def _open(self) -> None:
        """List the items; called once. Raises `DataError` when there is nothing to read."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def _get(self, index: int) -> Item: ...

    @abstractmethod
    def item_id(self, index: int) -> str:
        """The id of the item at `index`, without reading it."""

    @abstractmethod
    def item_digest(self, index: int) -> str:
        """SHA-256 of the item at `index`: its content and its target."""

    def labels(self) -> Sequence[int]:
        """The class of every item, told without reading one; empty where only reading tells."""
        return ()

    def place(self, index: int) -> str:
        """Where the item at `index`, and its class, can be corrected."""
        return f"item {self.item_id(index)}"

    def _unreadable(self, what: str, where: str, fix: str) -> DataError:
        return DataError(what, where=where, fix=fix)
