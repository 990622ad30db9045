"""Everything dlscope refuses, as one family of exceptions.

DlscopeError                       what happened, where, how to mend it
├── ManifestError                  a document asks for something malformed
├── PlanError                      what is asked cannot be done as one closed plan
├── PluginError                    an extension is unknown or lacks its distribution
├── StackError                     a software stack cannot be provided
├── BackendError                   a framework failed
│   ├── LoadError                    … to open a model
│   ├── FeedError                    … because its inputs do not fit
│   └── OutOfMemory                  … because there was no room for it
├── DataError                      an asset or an item cannot be read
├── GraphError                     a network graph cannot be understood
│   ├── UnsupportedOp                … because of an operator
│   └── ShapeError                   … because of a shape
├── MeasurementError               a measurement gives no number
├── BoundError                     a lower bound cannot be told, or cannot be true
├── SearchError                    no design can be told, or none fits its device
├── TrainingError                  a training cannot go on
├── StoreError                     the store cannot be read or written
├── FileError                      a file cannot be written
├── FigureError                    a figure cannot be drawn
├── RequestError                   a server refuses what it was asked
└── Problems                       several of the above, found together
    └── Unsatisfiable                … so that nothing at all can be done
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any, Self, final


class DlscopeError(Exception):
    """A deliberate refusal: what happened, where, and how to mend it."""

    def __init__(self, what: str, *, where: str, fix: str) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.fix = fix
        self.problems: tuple[DlscopeError, ...] = (self,)

    def __str__(self) -> str:
        return "\n\n".join(problem.describe() for problem in self.problems)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.what, self.where, self.fix, self._several()))

    def describe(self) -> str:
        """The three fields as the terminal shows them."""
        return f"{type(self).__name__}: {self.what}\n  where  {self.where}\n  fix    {self.fix}"

    def to_json(self) -> dict[str, str]:
        """The three fields and the kind, as plain strings."""
        kind = type(self).__name__
        return {"kind": kind, "what": self.what, "where": self.where, "fix": self.fix}

    def _several(self) -> tuple[DlscopeError, ...] | None:
        return None if self.problems == (self,) else self.problems


class ManifestError(DlscopeError):
    """A manifest is malformed or disagrees with its graph."""


class PlanError(DlscopeError):
    """What is asked cannot be done as one closed plan."""


class PluginError(DlscopeError):
    """An extension is unknown, or the distribution it needs is not installed."""


class StackError(DlscopeError):
    """A software stack cannot be provided."""


class BackendError(DlscopeError):
    """A framework failed, or was used after it was closed."""


class LoadError(BackendError):
    """A framework refused to open a model."""


class FeedError(BackendError):
    """Inputs do not fit what the model declares."""


class OutOfMemory(BackendError):  # noqa: N818 - what happened, in the words people use
    """A prediction needs more memory than there is, or than it was allowed."""


class DataError(DlscopeError):
    """An asset or a data set item cannot be read."""


class GraphError(DlscopeError):
    """A network graph cannot be understood."""


class UnsupportedOp(GraphError):  # noqa: N818 - it reads as what it is, as in ONNX tools
    """A graph uses an operator that this part of dlscope does not know."""


class ShapeError(GraphError):
    """Shapes in a graph do not fit together."""


class MeasurementError(DlscopeError):
    """A measurement gives no number; never a division by zero or a latency of 0."""


class BoundError(DlscopeError):
    """A lower bound cannot be told from what was measured, or contradicts it."""


class SearchError(DlscopeError):
    """A design cannot be told, or none fits the device and the budget."""


class TrainingError(DlscopeError):
    """A training cannot go on: its loss is no number, or its checkpoint is of another one."""


class StoreError(DlscopeError):
    """The store cannot be read or written."""


class FileError(DlscopeError):
    """A file cannot be written: the disk is full, or the place is not there or not yours."""


class FigureError(DlscopeError):
    """A figure cannot be drawn; its table is shown in its place."""


class RequestError(DlscopeError):
    """A server refuses a request: who asks, how, or how much."""


class Problems(DlscopeError):  # noqa: N818 - several errors, not one
    """Several problems found together, so that all can be mended at once."""

    @classmethod
    def of(cls, problems: Iterable[DlscopeError]) -> Self:
        """The given problems, those that are themselves several taken apart."""
        flat = tuple(single for problem in problems for single in problem.problems)
        first = flat[0]
        error = cls(f"{len(flat)} problems", where=first.where, fix=first.fix)
        error.problems = flat
        return error


@final
class Unsatisfiable(Problems):
    """Nothing of what is asked can be carried out here; the problems say why."""


def raise_all(problems: Sequence[DlscopeError]) -> None:
    """Raise nothing for no problem, the problem itself for one, `Problems` for several."""
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise Problems.of(problems)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Advice naming the nearest of the `known` words, or all of them when none is near."""
    choices = {choice.casefold(): choice for choice in sorted(known)}
    near = difflib.get_close_matches(word.casefold(), choices, n=1, cutoff=0.6)
    if near:
        return f"did you mean {choices[near[0]]}?"
    listing = ", ".join(choices.values())
    return f"use one of {listing}" if choices else "there is nothing to choose from"


def _rebuild(
    kind: type[DlscopeError],
    what: str,
    where: str,
    fix: str,
    several: tuple[DlscopeError, ...] | None,
) -> DlscopeError:
    error = kind(what, where=where, fix=fix)
    if several is not None:
        error.problems = several
    return error
