"""`BoundRequest`: what is asked of an analysis, and how it is measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar, final

from dlscope.core.errors import BoundError, PluginError, did_you_mean
from dlscope.core.registry import load
from dlscope.methods.bounds.analysis import SELECTED, Selected
from dlscope.methods.bounds.end_to_end import TurnRule
from dlscope.methods.bounds.implementations.registry import implementation, implementations
from dlscope.methods.bounds.measuring import MeasuringOptions
from dlscope.methods.bounds.own_code import COMPOSED, OWN
from dlscope.methods.bounds.setups import Setup
from dlscope.methods.bounds.timing import StopRule
from dlscope.stacks.system import system

Strategy = Literal["sequential", "parallel", "both"]
STRATEGIES: tuple[Strategy, ...] = ("sequential", "parallel", "both")
Word = TypeVar("Word")

REORDERED_BY = ("ort", "torch_nchw")
"""Implementations that tell what changes of layout cost."""
DTYPES = ("float32", "bfloat16")
KNOWN_DTYPES = (*DTYPES, "float16", "float64", "int8")
SECONDS = 0.5
"""At most so long for a benchmark."""


@final
@dataclass(frozen=True)
class BoundRequest:
    """How models are bounded: the setup that advice begins with, what is measured, what is told.

    Without `implementations`, all that are installed for `device`; without backends that it is set
    `against`, all that benchmarks can tell anything of. `seconds` is the most that one benchmark
    takes. Advice may take up to `cores` cores.
    """

    baseline: Setup = field(default_factory=lambda: Setup("onnxruntime"))
    device: str = "cpu"
    threads: int = 1
    cores: int = field(default_factory=lambda: cores_of(None))
    dtypes: tuple[str, ...] = DTYPES
    implementations: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    seconds: float = SECONDS
    turns: TurnRule = field(default_factory=TurnRule)
    selected: Selected = "best"
    has_layouts: bool = True
    is_paper_costed: bool = False
    is_partial: bool = False
    is_refreshed: bool = False
    is_verified: bool = False
    is_mixed: bool = False

    def options(self, dtypes: Iterable[str], batch: int) -> MeasuringOptions:
        """How the bricks of layers and groups, written in `dtypes`, are measured."""
        return MeasuringOptions(
            implementations=self.implementations or _installed(self.device),
            dtypes=tuple(dict.fromkeys([*dtypes, *self.dtypes])),
            threads=self.threads,
            batch=batch,
            stop=StopRule(seconds=self.seconds),
            refresh=self.is_refreshed,
        )

    def reorder_options(self, batch: int) -> MeasuringOptions:
        """How changes of layout are measured."""
        installed = set(_installed(self.device))
        return MeasuringOptions(
            implementations=tuple(each for each in REORDERED_BY if each in installed),
            threads=self.threads,
            batch=batch,
            stop=StopRule(seconds=self.seconds),
            refresh=self.is_refreshed,
        )

    @property
    def more_threads(self) -> int | None:
        """Threads of a layer that advice may be about; None where there are no further cores."""
        return self.cores if self.device == "cpu" and self.cores > self.threads else None

    def threaded(self, options: MeasuringOptions) -> MeasuringOptions | None:
        """How the baseline's own code is measured on all cores; None where that is no question."""
        own = OWN.get(self.baseline.backend, ())
        known = tuple(name for name in own if name in options.implementations)
        if self.more_threads is None or not known:
            return None
        dtypes = tuple(each for each in options.dtypes if each not in DTYPES[1:])
        return replace(options, implementations=known, dtypes=dtypes, threads=self.more_threads)

    @property
    def backends(self) -> tuple[str, ...]:
        """That of the baseline, and those installed that it is set against."""
        if self.device != "cpu":
            return (self.baseline.backend,)
        found = [name for name in self.against or COMPOSED if _is_installed(name)]
        return tuple(dict.fromkeys([self.baseline.backend, *found]))


def _installed(device: str) -> tuple[str, ...]:
    return tuple(each.name for each in implementations(device))


def _is_installed(backend: str) -> bool:
    try:
        load("backends", backend)
    except PluginError:
        return False
    return True


def baseline_of(backend: str, options: Mapping[str, Any], device: str = "cpu") -> Setup:
    """The setup of a backend with options as they are asked for, on a device.

    Raises `PluginError` for an unknown backend, `PlanError` for options that it does not have.
    """
    own = load("backends", backend)()
    given = dict(options)
    if device != "cpu":
        given.setdefault("device", device)
    own.check(given)
    return Setup(backend, {name: each for name, each in given.items() if name != "threads"})


def implementations_of(asked: Iterable[str]) -> tuple[str, ...]:
    """Implementations of layers by name. Raises `PluginError` for what is none, or not here."""
    names = tuple(asked)
    for name in names:
        implementation(name)
    return names


def against_of(asked: Iterable[str]) -> tuple[str, ...]:
    """Backends that whole models can be compared on.

    Raises `BoundError` for what benchmarks tell nothing of, `PluginError` for what is not here.
    """
    names = tuple(_one_of({each: each for each in COMPOSED}, name, "--against") for name in asked)
    for name in names:
        load("backends", name)
    return names


def dtypes_of(asked: Iterable[str]) -> tuple[str, ...]:
    """Types to compute in. Raises `BoundError` for another word."""
    return tuple(_one_of({each: each for each in KNOWN_DTYPES}, word, "--dtype") for word in asked)


def device_of(word: str) -> str:
    """`cpu` or `gpu`. Raises `BoundError` for another word."""
    return _one_of({"cpu": "cpu", "gpu": "gpu"}, word, "--device")


def cores_of(asked: int | None, option: str = "--cores") -> int:
    """So many cores, by default all that may be used here. Raises `BoundError` for more."""
    there = system().cpu.effective_cores
    if asked is not None and asked > there:
        raise BoundError(
            f"{asked} cores are more than the {there} that may be used here",
            where=option,
            fix=f"give at most {there}",
        )
    return asked or there


def selected_of(word: str) -> Selected:
    """Which of several algorithms counts. Raises `BoundError` for another word."""
    return _one_of({each: each for each in SELECTED}, word, "--select-algorithm")


def strategy_of(word: str) -> Strategy:
    """Which bounds are told. Raises `BoundError` for another word."""
    return _one_of({each: each for each in STRATEGIES}, word, "--strategy")


def _one_of(known: Mapping[str, Word], word: str, where: str) -> Word:
    if word not in known:
        raise BoundError(
            f"{word!r} is none of {', '.join(known)}", where=where, fix=did_you_mean(word, known)
        )
    return known[word]
