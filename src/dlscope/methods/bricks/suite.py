"""`Suite`: unique bricks, and of which of them models are composed; a file for others to run."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, Self, final, get_args

from dlscope.core.errors import GraphError, did_you_mean
from dlscope.core.whole_file import write_whole
from dlscope.graph.brick import Brick
from dlscope.graph.partition import Cut
from dlscope.methods.bricks.composed_model import ComposedModel

SCHEMA_VERSION = 1
CUTS: tuple[Cut, ...] = get_args(Cut)
Partition = Literal["standard", "overlapping"]
PARTITIONS: tuple[Partition, ...] = get_args(Partition)


@final
@dataclass(frozen=True)
class Suite:
    """Bricks by id, and models that consist of them, all cut in one way.

    `cut` says of what: of the graph that `runtime` executes, or of the one that was written.
    `partition`: each layer in one brick, or windows that overlap in all layers but one.
    """

    cut: Cut
    granularity: int
    runtime: str
    bricks: Mapping[str, Brick]
    models: tuple[ComposedModel, ...]
    generator: str = field(default_factory=lambda: f"dlscope {version('dlscope')}")
    partition: Partition = "standard"

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
            found.update(model.occurrences())
        return found

    def with_models_of(self, other: Suite) -> Suite:
        """Both suites in one; bricks that both have are there once.

        Raises `GraphError` where they are cut differently, and for a name that both have.
        """
        self._require_same_cut(other)
        models = (*self.models, *other.models)
        require_one_of_each([each.name for each in models])
        bricks = dict(self.bricks)
        for name, brick in other.bricks.items():
            bricks[name] = bricks[name].with_sizes_of(brick) if name in bricks else brick
        return replace(self, bricks=bricks, models=models)

    def save(self, path: Path) -> None:
        """Write the suite as JSON; the same suite always gives the same bytes.

        Raises `FileError` where that cannot be done.
        """
        text = json.dumps(self.to_json(), separators=(",", ":"), ensure_ascii=False)
        write_whole(path, f"{text}\n")

    @classmethod
    def load(cls, path: Path) -> Self:
        """The suite in the file `path`. Raises `GraphError` for what is none."""
        try:
            plain = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else f"it is not JSON: {error}"
            raise GraphError(
                f"the suite cannot be read: {why}",
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
            "partition": self.partition,
            "granularity": self.granularity,
            "runtime": self.runtime,
            "bricks": {name: brick.to_json() for name, brick in self.bricks.items()},
            "models": [model.to_json() for model in self.models],
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any], *, where: str = "suite") -> Self:
        """The suite that `to_json` wrote.

        Raises `GraphError` for what is none, and for another version.
        """
        _require_suite(plain, where)
        try:
            suite = cls(
                _word(plain, "cut", CUTS),
                int(plain["granularity"]),
                str(plain["runtime"]),
                {name: Brick.from_json(each) for name, each in plain["bricks"].items()},
                tuple(ComposedModel.from_json(each) for each in plain["models"]),
                str(plain["generator"]),
                _word({"partition": "standard", **plain}, "partition", PARTITIONS),
            )
        except GraphError as error:
            raise _damaged(error.what, where) from error
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise _damaged(f"{type(error).__name__}: {error}", where) from error
        suite._require_whole(where)
        return suite

    def _require_same_cut(self, other: Suite) -> None:
        for name in ("cut", "partition", "granularity", "runtime"):
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
        if self.granularity < 1:
            raise _damaged(f"its bricks have at most {self.granularity} layers", where)
        require_one_of_each([each.name for each in self.models], where=where)
        for model in self.models:
            if model.steps and not self._has_steps_of(model):
                raise _damaged(f"the steps of {model.name!r} are not those of its bricks", where)

    def _has_steps_of(self, model: ComposedModel) -> bool:
        """Whether the steps of a model execute its bricks, with as much memory as those have."""
        executed = [step for step in model.steps if step.brick is not None]
        if Counter(step.brick for step in executed) != model.occurrences():
            return False
        return all(
            len(step.inputs) == len(self.bricks[step.brick].inputs)
            and len(step.outputs) == len(self.bricks[step.brick].outputs)
            for step in executed
            if step.brick is not None
        )


def runtime_here() -> str:
    """The runtime that is installed here: an executed graph holds for its version alone."""
    return f"onnxruntime {version('onnxruntime')}"


def require_one_of_each(names: list[str], *, where: str = "suite") -> None:
    """Raise `GraphError` for a name that several models have."""
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise GraphError(
            f"the suite has {', '.join(map(repr, twice))} already",
            where=where,
            fix="leave it out, or give the other model a name of its own",
        )


def _require_suite(plain: Any, where: str) -> None:
    if not isinstance(plain, Mapping) or plain.get("kind") != "suite":
        raise _damaged("it does not say that it is a suite", where)
    if plain.get("schema_version") != SCHEMA_VERSION:
        raise GraphError(
            f"the suite has schema version {plain.get('schema_version')}, not {SCHEMA_VERSION}",
            where=where,
            fix="use the version of dlscope that wrote it, or generate it again",
        )


def _word(plain: Mapping[str, Any], name: str, words: tuple[Any, ...]) -> Any:
    if plain[name] not in words:
        raise ValueError(f"{plain[name]!r} is no {name}")
    return plain[name]


def _damaged(what: str, where: str) -> GraphError:
    return GraphError(
        f"the suite is damaged: {what}",
        where=where,
        fix="generate it again with: dlscope bricks generate",
    )
