"""`renamed`: a predictor whose tensors go by the names of the manifest, not of its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import final

import numpy as np
from numpy.typing import NDArray

from dlscope.backends.base import Predictor, Tensors, TensorSpec
from dlscope.backends.timed_loop import Round, TimedLoop
from dlscope.core.errors import LoadError, did_you_mean


def renamed(predictor: Predictor, tensors: Mapping[str, str]) -> Predictor:
    """`predictor` with its tensors named as in `tensors`, new name → name in the file.

    A tensor that is not mentioned keeps its name; without any, `predictor` itself comes back.
    Raises `LoadError` for a name that the file does not have, and for one given to two tensors.
    """
    return Renamed(predictor, tensors) if tensors else predictor


@final
class Renamed(Predictor):
    """Another predictor under other names; everything else, it does."""

    def __init__(self, predictor: Predictor, tensors: Mapping[str, str]) -> None:
        names = {old: new for new, old in tensors.items()}
        specs = (*predictor.inputs, *predictor.outputs)
        _require_known(names, [spec.name for spec in specs])
        self.inputs = _under(predictor.inputs, names)
        self.outputs = _under(predictor.outputs, names)
        self._predictor = predictor
        self._feeds = _pairs(self.inputs, predictor.inputs)
        self._fetches = _pairs(self.outputs, predictor.outputs)
        if predictor.loop is not None:
            self.loop = _RenamedLoop(predictor.loop, self._feeds)

    def report(self) -> Mapping[str, str | int | float | bool]:
        """The report of the predictor itself."""
        return self._predictor.report()

    def _predict(self, feeds: Tensors) -> Tensors:
        outputs = self._predictor.predict({old: feeds[new] for new, old in self._feeds})
        return {new: outputs[old] for new, old in self._fetches}

    def _close(self) -> None:
        self._predictor.close()


@final
class _RenamedLoop(TimedLoop):
    """The loop of another predictor, kept inputs under the names of its file."""

    def __init__(self, loop: TimedLoop, feeds: tuple[tuple[str, str], ...]) -> None:
        self.pid, self.crossing = loop.pid, loop.crossing
        self._loop, self._feeds = loop, feeds

    def keep(self, query: int, feeds: Tensors) -> None:
        self._loop.keep(query, {old: feeds[new] for new, old in self._feeds})

    def forget(self) -> None:
        self._loop.forget()

    def round(self, order: NDArray[np.int32], rule: Mapping[str, int | None]) -> Round:
        return self._loop.round(order, rule)


def _require_known(names: Mapping[str, str], known: list[str]) -> None:
    for old, new in names.items():
        if old not in known:
            raise LoadError(
                f"the file has no tensor {old!r} to be called {new!r}",
                where=f"tensors.{new}",
                fix=did_you_mean(old, known),
            )


def _under(specs: tuple[TensorSpec, ...], names: Mapping[str, str]) -> tuple[TensorSpec, ...]:
    made = tuple(replace(spec, name=names.get(spec.name, spec.name)) for spec in specs)
    twice = next((spec.name for spec in made if sum(spec.name == s.name for s in made) > 1), None)
    if twice is not None:
        raise LoadError(
            f"two tensors of the file would be called {twice!r}",
            where=f"tensors.{twice}",
            fix="give each tensor a name of its own",
        )
    return made


def _pairs(new: tuple[TensorSpec, ...], old: tuple[TensorSpec, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((a.name, b.name) for a, b in zip(new, old, strict=True))
