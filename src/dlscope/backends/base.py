"""`Backend` → `Predictor`: a framework, and one model it has opened.

A backend writes three hooks: `version`, `_open`, and the predictor's `_predict`. The public methods
here check, refuse and close in the same way for every framework.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from collections.abc import Collection, Iterator, Mapping, MutableSequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self, final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails

from dlscope.backends.conversion import converted
from dlscope.backends.timed_loop import TimedLoop
from dlscope.core.errors import (
    BackendError,
    DlscopeError,
    FeedError,
    LoadError,
    OutOfMemory,
    PlanError,
    did_you_mean,
    raise_all,
)
from dlscope.core.manifest import Document
from dlscope.core.manifest.problems import expectation
from dlscope.core.no_memory import says_no_memory
from dlscope.core.trace import Level
from dlscope.tracing.tracer import Capability, Tracer

Tensors = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class TensorSpec:
    """A graph input or output: `shape` has a number, or None where the size is free."""

    name: str
    dtype: str
    shape: tuple[int | None, ...]

    def accepts(self, shape: tuple[int, ...]) -> bool:
        """Whether an array of `shape` fits."""
        if len(shape) != len(self.shape):
            return False
        # A plain loop: every prediction passes here, and a generator costs three times as much.
        for wanted, got in zip(self.shape, shape, strict=True):
            if wanted is not None and wanted != got:
                return False
        return True

    @cached_property
    def numpy_dtype(self) -> np.dtype[Any]:
        """`dtype` as NumPy compares it."""
        return np.dtype(self.dtype)

    def __str__(self) -> str:
        return f"{self.dtype}[{', '.join('?' if d is None else str(d) for d in self.shape)}]"


class Options(Document):
    """Options every backend has; a backend adds its own in a subclass.

    `threads` is the number of threads one prediction may use.
    """

    threads: int = Field(default=1, ge=1)


class Predictor(ABC):
    """One opened model. `inputs` and `outputs` are set by the subclass before it is used.

    `loop` times queries where the model is, when that is another process.
    """

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    loop: TimedLoop | None = None
    pulse: MutableSequence[int] | memoryview = array("q", (0, 0))
    _closed: bool = False

    @final
    def predict(self, feeds: Tensors) -> Tensors:
        """Outputs by tensor name for `feeds` by tensor name; `feeds` are left untouched.

        Raises `FeedError` when an input is missing, unknown, or of another dtype or shape,
        `OutOfMemory` when there is no room for it, and `BackendError` after `close` or when the
        framework fails otherwise. `pulse` counts predictions begun and ended, for who watches.
        """
        self._check(feeds)
        pulse = self.pulse
        pulse[0] += 1
        try:
            return self._predict(feeds)
        except DlscopeError:
            raise
        # Frameworks raise whatever they like; it becomes a stated error with their own words.
        except Exception as error:
            if says_no_memory(error):
                raise OutOfMemory(
                    f"out of memory: {_first_line(error)}",
                    where=type(self).__name__,
                    fix="try a smaller batch, or free memory",
                ) from error
            raise BackendError(
                f"the framework failed to predict: {_first_line(error)}",
                where=type(self).__name__,
                fix="check the values that were fed, or choose another backend",
            ) from error
        finally:
            pulse[1] += 1

    @final
    def close(self) -> None:
        """Give the model back; closing twice does nothing."""
        if not self._closed:
            self._closed = True
            self._close()

    @final
    def __enter__(self) -> Self:
        return self

    @final
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def report(self) -> Mapping[str, str | int | float | bool]:
        """What the framework really does: precision, threads, device, as it says itself."""
        return {}

    @abstractmethod
    def _predict(self, feeds: Tensors) -> Tensors: ...

    def _close(self) -> None:  # noqa: B027 (a hook that most frameworks need not fill in)
        """Release the framework's resources."""

    def _check(self, feeds: Tensors) -> None:
        if self._closed:
            raise BackendError(
                "predict was called after close",
                where=type(self).__name__,
                fix="open the model again",
            )
        for spec in self.inputs:
            fed = feeds.get(spec.name)
            if (
                not isinstance(fed, np.ndarray)
                or fed.dtype != spec.numpy_dtype
                or not spec.accepts(fed.shape)
            ):
                raise self._misfit(spec, fed)
        if len(feeds) > len(self.inputs):
            raise self._stranger(feeds)

    def _misfit(self, spec: TensorSpec, fed: object) -> FeedError:
        where = type(self).__name__
        if fed is None:
            fix = f"feed {spec.name}: {spec}"
            return FeedError(f"input {spec.name!r} is missing", where=where, fix=fix)
        if not isinstance(fed, np.ndarray):
            got = f"{type(fed).__name__}, not a NumPy array"
            fix = f"feed a NumPy array of {spec}"
        else:
            got = f"{fed.dtype}[{', '.join(map(str, fed.shape))}]"
            fix = "convert the array, or correct element_type and shape in the manifest"
        return FeedError(f"input {spec.name!r} is {spec}, got {got}", where=where, fix=fix)

    def _stranger(self, feeds: Tensors) -> FeedError:
        known = [spec.name for spec in self.inputs]
        extra = next(name for name in feeds if name not in known)
        return FeedError(
            f"there is no input {extra!r}",
            where=type(self).__name__,
            fix=did_you_mean(extra, known),
        )


class Backend(ABC):
    """A framework that can open models of the declared `formats`.

    `tolerance` is the largest difference from the reference, relative to max|reference|, at which
    it still computes the same model. One that `converts` writes `_convert` too: it makes a file of
    its own form from the model, which is kept in the cache and opened from then on. `converter`
    names the version of a converter that is dlscope's own: what an older one made is left alone.
    `serial` are the options with which no two parts of a prediction overlap, where it needs any.
    """

    name: ClassVar[str]
    formats: ClassVar[frozenset[str]] = frozenset({"onnx"})
    devices: ClassVar[tuple[str, ...]] = ("cpu",)
    levels: ClassVar[tuple[str, ...]] = ("MODEL",)
    options: ClassVar[type[Options]] = Options
    tolerance: ClassVar[float] = 1e-4
    converts: ClassVar[bool] = False
    converter: ClassVar[str] = ""
    serial: ClassVar[Mapping[str, Any]] = {}

    @classmethod
    @abstractmethod
    def version(cls) -> str:
        """Exact version of the framework, as it reports itself."""

    @final
    @classmethod
    def check(cls, options: Mapping[str, Any]) -> Options:
        """`options` with every default written out.

        Raises `PlanError` for a bad one, `Problems` for several.
        """
        try:
            return cls.options.model_validate(dict(options))
        except ValidationError as error:
            raise_all([cls._option_problem(details) for details in error.errors()])
            raise AssertionError("a validation error has at least one problem") from error

    @final
    def open(self, model: Path, options: Mapping[str, Any] | None = None) -> Predictor:
        """Load the model file. Raises `LoadError` when the framework refuses it."""
        checked = self.check(options or {})
        self._require_file(model)
        with self._loading(model, "open"):
            return self._open(self._converted(model, checked), checked)

    @final
    def open_traced(
        self, model: Path, options: Mapping[str, Any] | None, levels: Collection[Level]
    ) -> tuple[Predictor, tuple[Tracer, ...]]:
        """As `open`, with tracers, not started yet, that see `levels` of its predictions.

        A level that cannot be seen here (see `capabilities`) has no tracer. Variables that
        libraries read when they are loaded (`dlscope.tracing.environment`) must be set before.
        """
        checked = self.check(options or {})
        self._require_file(model)
        with self._loading(model, "open"):
            return self._open_traced(self._converted(model, checked), checked, levels)

    @classmethod
    def capabilities(cls) -> tuple[Capability, ...]:
        """What can be seen here below a prediction, and what cannot, with the reason."""
        return ()

    @final
    def convert(self, model: Path, options: Mapping[str, Any] | None = None) -> None:
        """Have the file that `open` loads in the cache; nothing to do for most backends.

        Called before `open` so that conversion and loading are told apart; `open` converts too
        where it was not. Raises `LoadError` when the model cannot be converted.
        """
        checked = self.check(options or {})
        self._require_file(model)
        with self._loading(model, "convert"):
            self._converted(model, checked)

    @abstractmethod
    def _open(self, model: Path, options: Any) -> Predictor: ...

    def _open_traced(
        self,
        model: Path,
        options: Any,
        levels: Collection[Level],  # noqa: ARG002 - a hook
    ) -> tuple[Predictor, tuple[Tracer, ...]]:
        return self._open(model, options), ()

    def _convert(self, model: Path, options: Any, folder: Path) -> None:
        """Write what `_open` loads into the empty `folder`, which it is then given."""
        raise NotImplementedError

    def _is_native(self, model: Path) -> bool:  # noqa: ARG002 - a hook
        """Whether `model` has the form of the framework already and is opened as it is."""
        return False

    def _converted(self, model: Path, options: Options) -> Path:
        if not self.converts or self._is_native(model):
            return model
        version = f"{self.version()}-{self.converter}" if self.converter else self.version()
        return converted(
            model, self.name, version, lambda folder: self._convert(model, options, folder)
        )

    def _require_file(self, model: Path) -> None:
        if not model.is_file():
            raise LoadError(
                "there is no such model file", where=str(model), fix="check the path of the graph"
            )

    @contextmanager
    def _loading(self, model: Path, verb: str) -> Iterator[None]:
        try:
            yield
        except DlscopeError:
            raise
        # Frameworks raise whatever they like; it becomes a stated error with their own words.
        except Exception as error:
            if says_no_memory(error):
                raise OutOfMemory(
                    f"out of memory: {_first_line(error)}",
                    where=str(model),
                    fix="free memory, or take a smaller model",
                ) from error
            raise LoadError(
                f"{self.name} cannot {verb} the model: {_first_line(error)}",
                where=str(model),
                fix="export the model again, or choose another backend",
            ) from error

    @classmethod
    def _option_problem(cls, details: ErrorDetails) -> PlanError:
        option = ".".join(map(str, details["loc"]))
        if details["type"] != "extra_forbidden":
            what = f"option {option!r} is {details['input']!r}"
            fix = f"use {expectation(details)}"
        elif option == "device":
            what = f"computes on {' or '.join(cls.devices)}, without a choice of device"
            fix = "leave the device out, or take a backend that has it: dlscope doctor lists them"
        else:
            what = f"unknown option {option!r}"
            fix = did_you_mean(option, cls.options.model_fields)
        where = f"framework.options.{option}"
        return PlanError(f"backend {cls.name!r}: {what}", where=where, fix=fix)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
