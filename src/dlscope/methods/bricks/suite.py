"""`Suite`: unique bricks, and of which of them models are composed; a file for others to run."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, Self, final

from dlscope.core.errors import GraphError, did_you_mean
from dlscope.graph.brick import Brick

SCHEMA_VERSION = 1
Cut = Literal["executed", "authored"]
CUTS: tuple[Cut, ...] = ("executed", "authored")


@final
@dataclass(frozen=True)
class Step:
    """One segment of a model: its brick, and which memory it takes and leaves.

    `inputs` and `outputs` number the memory of the model's tensors, in the order of the brick's.
    Of `views` layers nothing is executed; a segment of views alone has no brick.
    """

    brick: str | None
    views: int
    inputs: tuple[int, ...] = ()
    outputs: tuple[int, ...] = ()


@final
@dataclass(frozen=True)
class ComposedModel:
    """A model as bricks.

    `composition` counts them, `views` the layers that cost no more than being called. `whole`
    identifies the model as one brick. `steps` tell the order and what flows where; an anonymous
    suite has none. `inputs` and `outputs` number the memory of the model's own.
    """

    name: str
    task: str
    batch: int
    layers: int
    whole: str
    composition: Mapping[str, int]
    views: int
    bindings: Mapping[str, int] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    inputs: tuple[int, ...] = ()
    outputs: tuple[int, ...] = ()


@final
@dataclass(frozen=True)
class Suite:
    """Bricks by id, and models that consist of them, all cut in one way.

    `cut` says of what: of the graph that `runtime` executes, or of the one that was written.
    """

    cut: Cut
    granularity: int
    runtime: str
    bricks: Mapping[str, Brick]
    models: tuple[ComposedModel, ...]
    generator: str = field(default_factory=lambda: f"dlscope {version('dlscope')}")

    @property
    def layers(self) -> int:
        """Layers of all models."""
        return sum(model.layers for model in self.models)

    @property
    def is_anonymous(self) -> bool:
        """Whether nothing tells in which order bricks are executed."""
        return not any(model.steps for model in self.models)

    def model(self, name: str) -> ComposedModel:
        """The model called `name`. Raises `GraphError` naming those that there are."""
        names = [each.name for each in self.models]
        if name not in names:
            raise GraphError(
                f"the suite has no model {name!r}", where="suite", fix=did_you_mean(name, names)
            )
        return self.models[names.index(name)]

    def occurrences(self) -> Counter[str]:
        """How often each brick occurs in all models together."""
        found: Counter[str] = Counter()
        for model in self.models:
            found.update(model.composition)
        return found

    def with_models_of(self, other: Suite) -> Suite:
        """Both suites in one; bricks that both have are there once.

        Raises `GraphError` where they are cut differently, and for a name that both have.
        """
        self._require_same_cut(other)
        mine = {each.name for each in self.models}
        twice = sorted(mine & {each.name for each in other.models})
        if twice:
            raise GraphError(
                f"the suite has {', '.join(map(repr, twice))} already",
                where="suite",
                fix="leave it out, or give the other model a name of its own",
            )
        return Suite(
            self.cut,
            self.granularity,
            self.runtime,
            {**other.bricks, **self.bricks},
            (*self.models, *other.models),
            self.generator,
        )

    def save(self, path: Path) -> None:
        """Write the suite as JSON; the same suite always gives the same bytes."""
        text = json.dumps(self.to_json(), separators=(",", ":"), ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Self:
        """The suite in the file `path`. Raises `GraphError` for what is none."""
        try:
            plain = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise GraphError(
                f"the suite cannot be read: {error}",
                where=str(path),
                fix="give a file that dlscope bricks generate wrote",
            ) from error
        return cls.from_json(plain, where=str(path))

    def to_json(self) -> dict[str, Any]:
        """All of it as plain data."""
        return {
            "kind": "suite",
            "schema_version": SCHEMA_VERSION,
            "generator": self.generator,
            "cut": self.cut,
            "granularity": self.granularity,
            "runtime": self.runtime,
            "bricks": {name: brick.to_json() for name, brick in self.bricks.items()},
            "models": [_model_json(model) for model in self.models],
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any], *, where: str = "suite") -> Self:
        """The suite that `to_json` wrote.

        Raises `GraphError` for what is none, and for another version.
        """
        _require_suite(plain, where)
        try:
            suite = cls(
                plain["cut"],
                int(plain["granularity"]),
                str(plain["runtime"]),
                {name: Brick.from_json(each) for name, each in plain["bricks"].items()},
                tuple(_model_from(each) for each in plain["models"]),
                str(plain["generator"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise _damaged(f"{type(error).__name__}: {error}", where) from error
        suite._require_whole(where)
        return suite

    def _require_same_cut(self, other: Suite) -> None:
        for name in ("cut", "granularity", "runtime"):
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine != theirs:
                raise GraphError(
                    f"the suites are cut differently: {name} {mine} and {theirs}",
                    where="suite",
                    fix="generate both in the same way",
                )

    def _require_whole(self, where: str) -> None:
        for name, brick in self.bricks.items():
            if brick.id != name:
                raise _damaged(f"brick {name} is really {brick.id}", where)
        missing = sorted(set(self.occurrences()) - set(self.bricks))
        if missing:
            raise _damaged(f"there is no brick {missing[0]}", where)


def _require_suite(plain: Any, where: str) -> None:
    if not isinstance(plain, Mapping) or plain.get("kind") != "suite":
        raise _damaged("it does not say that it is a suite", where)
    if plain.get("schema_version") != SCHEMA_VERSION:
        raise GraphError(
            f"the suite has schema version {plain.get('schema_version')}, not {SCHEMA_VERSION}",
            where=where,
            fix="use the version of dlscope that wrote it, or generate it again",
        )


def _damaged(what: str, where: str) -> GraphError:
    return GraphError(
        f"the suite is damaged: {what}",
        where=where,
        fix="generate it again with: dlscope bricks generate",
    )


def _model_json(model: ComposedModel) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "name": model.name,
        "task": model.task,
        "batch": model.batch,
        "layers": model.layers,
        "whole": model.whole,
        "composition": [list(each) for each in model.composition.items()],
        "views": model.views,
        "bindings": dict(model.bindings),
    }
    if model.steps:
        plain["steps"] = [_step_json(each) for each in model.steps]
        plain["inputs"], plain["outputs"] = list(model.inputs), list(model.outputs)
    return plain


def _step_json(step: Step) -> list[Any]:
    return [step.brick, step.views, list(step.inputs), list(step.outputs)]


def _model_from(plain: Mapping[str, Any]) -> ComposedModel:
    return ComposedModel(
        str(plain["name"]),
        str(plain["task"]),
        int(plain["batch"]),
        int(plain["layers"]),
        str(plain["whole"]),
        {str(brick): int(count) for brick, count in plain["composition"]},
        int(plain["views"]),
        {str(name): int(size) for name, size in plain["bindings"].items()},
        tuple(_step_from(each) for each in plain.get("steps", ())),
        tuple(map(int, plain.get("inputs", ()))),
        tuple(map(int, plain.get("outputs", ()))),
    )


def _step_from(plain: Sequence[Any]) -> Step:
    brick, views, inputs, outputs = plain
    return Step(brick, int(views), tuple(map(int, inputs)), tuple(map(int, outputs)))
