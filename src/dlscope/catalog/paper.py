"""The papers that dlscope is built from: what of each is here, and its figures with their checks.

One YAML file a paper in the folder `papers`; the command line, the docs and the tests read it.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias, final

import yaml
from pydantic import Field, model_validator

from dlscope.core.errors import ManifestError, did_you_mean
from dlscope.core.manifest.base import Document, Name

_FOLDER = Path(__file__).with_name("papers")

State: TypeAlias = Literal["built", "adapted", "partly", "planned", "left out"]
Kind: TypeAlias = Literal["exact", "trend", "published"]
Confidence: TypeAlias = Literal["printed", "public", "derived", "recalled"]


@final
class Idea(Document):
    """What a paper does, and what stands for it here; `test` is one that shows it."""

    idea: str
    state: State
    here: str = ""
    test: str = ""


@final
class PaperFigure(Document):
    """One figure of a paper: what it is, where it stands, and how it is checked here.

    A value `v` agrees when `v = expected` within `tolerance`, or `v ≤ expected + tolerance`, or
    `v ≥ expected − tolerance`. An exact figure follows from shapes or equations and a trend is an
    order or a bound; what is published needs what is not here, and is never compared.

    Confidence: printed in the paper, public in the authors' code or results, derived (it follows
    from what is printed or public), recalled (not checked against its source).

    Checked by `test`, or by the number `here` that `script` wrote under `key` of `result`. `needs`
    says what a check asks for that does not come along; without a test, what a check would need.
    """

    name: Name
    what: str
    expected: int | float | None = None
    relation: Literal["=", "≤", "≥"] = "="
    unit: str = ""
    tolerance: float = Field(default=0, ge=0)
    kind: Kind
    source: str
    confidence: Confidence
    test: str = ""
    script: str = ""
    result: str = ""
    key: str = ""
    here: int | float | None = None
    needs: str = ""

    @model_validator(mode="after")
    def _is_checked(self) -> Self:
        measured = (self.script, self.result, self.key, self.here is not None)
        if any(measured) != all(measured):
            raise ValueError(f"{self.name}: script, result, key and here belong together")
        if not (self.test or self.script or self.needs):
            raise ValueError(f"{self.name}: neither checked here nor told why not")
        if (self.kind == "published") != (not self.test and not self.script):
            raise ValueError(f"{self.name}: what is not checked here is of the kind 'published'")
        return self

    def agrees(self, value: float) -> bool:
        """Whether `value` is what the paper says; True where it says no number."""
        if self.expected is None:
            return True
        excess = value - self.expected
        if self.relation == "≤":
            return excess <= self.tolerance
        if self.relation == "≥":
            return excess >= -self.tolerance
        return abs(excess) <= self.tolerance

    def value_in(self, result: Any) -> Any:
        """What stands under `key` in the parsed file `result`.

        Its parts, between slashes, are names in a mapping, places in a list from 0, or
        `name=value` for the one mapping of a list that has all such pairs, joined by `&`. Raises
        LookupError or ValueError where there is no such thing.
        """
        for part in self.key.split("/"):
            if isinstance(result, list) and "=" in part:
                pairs = [pair.split("=", 1) for pair in part.split("&")]
                (result,) = (
                    each for each in result if all(str(each[name]) == text for name, text in pairs)
                )
            else:
                result = result[int(part) if isinstance(result, list) else part]
        return result


@final
class Paper(Document):
    """A paper: who wrote it, what it brings, the folder to open first, its ideas and figures.

    `place` orders the list. `short` is its name in tables, `state` how far it is built in a line.
    """

    name: Name
    place: int
    short: str
    title: str
    authors: tuple[str, ...] = Field(min_length=1)
    venue: str
    year: int
    identifier: str
    brings: str
    open_first: str
    leans_on: tuple[str, ...] = ()
    state: str
    ideas: tuple[Idea, ...] = Field(min_length=1)
    figures: tuple[PaperFigure, ...] = ()

    @model_validator(mode="after")
    def _names_figures_once(self) -> Self:
        names = [each.name for each in self.figures]
        if len(set(names)) != len(names):
            raise ValueError(f"{self.name}: two figures share a name")
        return self

    @property
    def citation(self) -> str:
        """Title, authors, venue and year in one line."""
        return f"{self.title}. {', '.join(self.authors)}. {self.venue}, {self.year}."


@functools.cache
def papers() -> Mapping[str, Paper]:
    """All papers by name, in the order of the list."""
    found = [
        Paper.model_validate({"name": path.stem, **yaml.safe_load(path.read_text("utf-8"))})
        for path in _FOLDER.glob("*.yaml")
    ]
    return {each.name: each for each in sorted(found, key=lambda each: each.place)}


def paper(name: str) -> Paper:
    """The paper called `name`. Raises `ManifestError` with the nearest name for another."""
    if name not in papers():
        raise ManifestError(
            f"{name!r} is not a paper of the list", where="papers", fix=did_you_mean(name, papers())
        )
    return papers()[name]
