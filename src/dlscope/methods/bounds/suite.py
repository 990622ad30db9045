"""`BoundSuite`: what has to be measured for some models, as a file that needs no model.

Bricks are kept in their canonical form, without weights; models as the ids of their bricks.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self, final

from dlscope.core.errors import BoundError, DlscopeError
from dlscope.core.whole_file import write_whole
from dlscope.graph.brick import Brick
from dlscope.methods.bounds.generating import ModelBenches, unique_bricks

SCHEMA_VERSION = 1
_KIND = "bounds"


@final
@dataclass(frozen=True)
class SuiteModel:
    """A model by name: how many layers it has, and the ids of the bricks that are timed of it."""

    name: str
    batch: int
    layers: int
    bricks: tuple[str, ...]


@final
@dataclass(frozen=True)
class BoundSuite:
    """Unique bricks of layers and fused groups, those of changes of layout, and models of them."""

    bricks: tuple[Brick, ...]
    reorders: tuple[Brick, ...]
    models: tuple[SuiteModel, ...]

    @property
    def batch(self) -> int:
        """Inputs at once, of all models alike. Raises `BoundError` where they differ."""
        batches = sorted({model.batch for model in self.models})
        if len(batches) > 1:
            raise BoundError(
                f"the models of a suite have several batch sizes: {batches}",
                where="suite of benches",
                fix="generate a suite for each batch size",
            )
        return batches[0] if batches else 1

    @classmethod
    def of(cls, models: Sequence[ModelBenches]) -> Self:
        """The suite of some models."""
        return cls(
            unique_bricks(models),
            unique_bricks(models, reorders=True),
            tuple(
                SuiteModel(
                    each.name,
                    each.batch,
                    len(each.layers),
                    tuple(brick.id for brick in each.timed),
                )
                for each in models
            ),
        )

    def to_json(self) -> dict[str, Any]:
        """All of it as plain data."""
        return {
            "schema_version": SCHEMA_VERSION,
            "kind": _KIND,
            "generator_version": version("dlscope"),
            "bricks": _bricks_json(self.bricks),
            "reorders": _bricks_json(self.reorders),
            "models": [
                {
                    "name": each.name,
                    "batch": each.batch,
                    "layers": each.layers,
                    "bricks": list(each.bricks),
                }
                for each in self.models
            ],
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any], *, where: str) -> Self:
        """The suite that `to_json` wrote. Raises `BoundError` for what is none."""
        try:
            if plain["kind"] != _KIND or plain["schema_version"] != SCHEMA_VERSION:
                raise ValueError(f"kind {plain['kind']!r}, schema {plain['schema_version']!r}")
            return cls(
                _bricks_from(plain["bricks"]),
                _bricks_from(plain["reorders"]),
                tuple(
                    SuiteModel(
                        str(each["name"]),
                        int(each["batch"]),
                        int(each["layers"]),
                        tuple(map(str, each["bricks"])),
                    )
                    for each in plain["models"]
                ),
            )
        except KeyError as error:
            raise _no_suite(where, f"there is no {error}") from error
        except (TypeError, ValueError, AttributeError, DlscopeError) as error:
            raise _no_suite(where, f"{type(error).__name__}: {error}") from error

    def save(self, path: Path) -> None:
        """Write the suite to a file."""
        write_whole(path, json.dumps(self.to_json(), indent=1) + "\n")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the file that `save` wrote. Raises `BoundError` for another one."""
        try:
            plain = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise BoundError(
                f"{path.name} cannot be read: {error.strerror}",
                where=str(path),
                fix=f"write it with: dlscope bound generate squeezenet1_1 -o {path.name}",
            ) from error
        except ValueError as error:
            raise _no_suite(str(path), str(error)) from error
        return cls.from_json(plain, where=str(path))


def _bricks_json(bricks: Iterable[Brick]) -> dict[str, Any]:
    return {brick.id: brick.to_json() for brick in bricks}


def _bricks_from(plain: Mapping[str, Any]) -> tuple[Brick, ...]:
    return tuple(Brick.from_json(each) for each in plain.values())


def _no_suite(where: str, why: str) -> BoundError:
    return BoundError(
        f"this is not a suite of benchmarks: {why}",
        where=where,
        fix=f"write it again with: dlscope bound generate squeezenet1_1 -o {Path(where).name}",
    )
