"""`ComposedModel`: of which bricks a model consists, and in which order they are executed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self, final


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
class Term:
    """What `count` places of a model take: a brick, less `overlap` where that counts already."""

    brick: str
    overlap: str | None
    count: int

    @property
    def bricks(self) -> tuple[str, ...]:
        """The brick, and its overlap where it has one."""
        return (self.brick,) if self.overlap is None else (self.brick, self.overlap)


@final
@dataclass(frozen=True)
class ComposedModel:
    """A model as bricks.

    `composition` counts those that are added whole, `differences` are windows less what they share
    with the one before: of an overlapping partition. `views` are the layers that cost no more than
    being called. `whole` identifies the model as one brick. `steps` tell the order and what flows
    where; an anonymous suite has none. `inputs` and `outputs` number the memory of the model's own.
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
    differences: tuple[Term, ...] = ()

    @property
    def terms(self) -> tuple[Term, ...]:
        """All that its latency is the sum of, beside views and the call itself."""
        whole = (Term(brick, None, count) for brick, count in self.composition.items())
        return (*whole, *self.differences)

    def occurrences(self) -> Counter[str]:
        """How often its latency asks for each brick."""
        found: Counter[str] = Counter()
        for term in self.terms:
            for brick in term.bricks:
                found[brick] += term.count
        return found

    def to_json(self) -> dict[str, Any]:
        """All of it as plain data."""
        plain: dict[str, Any] = {
            "name": self.name,
            "task": self.task,
            "batch": self.batch,
            "layers": self.layers,
            "whole": self.whole,
            "composition": [list(each) for each in self.composition.items()],
            "views": self.views,
            "bindings": dict(self.bindings),
        }
        if self.differences:
            plain["differences"] = [[*each.bricks, each.count] for each in self.differences]
        if self.steps:
            plain["steps"] = [_step_json(each) for each in self.steps]
            plain["inputs"], plain["outputs"] = list(self.inputs), list(self.outputs)
        return plain

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Self:
        """The model that `to_json` wrote. Raises KeyError, TypeError or ValueError for others."""
        return cls(
            str(plain["name"]),
            str(plain["task"]),
            int(plain["batch"]),
            int(plain["layers"]),
            str(plain["whole"]),
            {str(brick): _counted(count) for brick, count in plain["composition"]},
            int(plain["views"]),
            {str(name): int(size) for name, size in plain["bindings"].items()},
            tuple(_step_from(each) for each in plain.get("steps", ())),
            tuple(map(int, plain.get("inputs", ()))),
            tuple(map(int, plain.get("outputs", ()))),
            tuple(_term_from(each) for each in plain.get("differences", ())),
        )


def _counted(count: Any) -> int:
    if int(count) < 1:
        raise ValueError(f"a brick occurs {count} times")
    return int(count)


def _step_json(step: Step) -> list[Any]:
    return [step.brick, step.views, list(step.inputs), list(step.outputs)]


def _step_from(plain: Sequence[Any]) -> Step:
    brick, views, inputs, outputs = plain
    return Step(brick, int(views), tuple(map(int, inputs)), tuple(map(int, outputs)))


def _term_from(plain: Sequence[Any]) -> Term:
    brick, overlap, count = plain
    return Term(str(brick), str(overlap), _counted(count))
