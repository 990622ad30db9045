"""`DatasetManifest`: labelled items and how to read them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from dlscope.core.manifest.base import Document, Manifest, Name, SemVer, Sha256, SourceText
from dlscope.core.manifest.model import Task


class Procedural(Document):
    """Items made from a seed instead of read."""

    generator: Name
    seed: int = 0
    count: int


class DatasetManifest(Manifest):
    """A data set: the plugin that reads it, where its files are, and what is known of it.

    `sha256` is the digest of the sorted digests of the items; `classes` the number of labels.
    """

    kind: Literal["dataset"] = "dataset"
    version: SemVer
    task: Task
    license: str
    reader: Name
    source: SourceText | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    procedural: Procedural | None = None
    sha256: Sha256 | None = None
    items: int
    classes: int | None = None
    split: str = ""
    data_kind: Literal["photographs", "recordings", "text", "procedural", "mixed"]
    references: tuple[str, ...] = ()
    visibility: Literal["listed", "hidden"] = "listed"

    @property
    def identity(self) -> str:
        """`name@version`."""
        return f"{self.name}@{self.version}"
