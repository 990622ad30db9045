"""`verified`: an accelerator compiled, run, and held against its reference, integer by integer.

Anything that differs is an error: a value of any stage, a number that does not fit its bits, or
trips of a loop that are not the cycles of the model.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from dlscope.core.errors import SearchError
from dlscope.methods.codesign.emission.accelerator.source import Source
from dlscope.methods.codesign.emission.compiling import compiled
from dlscope.methods.codesign.emission.grid import Integers
from dlscope.methods.codesign.emission.integer_network import IntegerNetwork
from dlscope.methods.codesign.emission.vectors import RANDOM, golden, vectors_of, write_golden

_MOST_VALUES = 2**24  # of golden vectors at once
_SECONDS = 3600
_TOLD = 400
_STAGE = re.compile(r"stage (\d+) trips (\d+) modelled (\d+) waits (\d+) ")
_MISMATCH = re.compile(
    r"mismatch vector (\d+) stage (\d+) index (\d+) expected (-?\d+) got (-?\d+)"
)
_TOTAL = re.compile(r"vectors (\d+) integers (\d+) mismatches (\d+) overflows (\d+)")


@final
@dataclass(frozen=True)
class CountedStage:
    """A stage: cycles that the model says, trips that were counted, words that it waited for."""

    name: str
    modelled: int
    counted: int
    waits: int


@final
@dataclass(frozen=True)
class Verification:
    """An accelerator that gave every integer of its reference on `vectors` inputs."""

    vectors: int
    integers: int
    stages: tuple[CountedStage, ...]


def verified(
    source: Source, network: IntegerNetwork, rng: np.random.Generator, *, count: int = RANDOM
) -> Verification:
    """`source` run on all corner inputs and `count` random ones.

    Raises `SearchError` with the layer, the index, and both values of the first integer that
    differs; for numbers that do not fit; for trips that the model does not know.
    """
    inputs = vectors_of(network, rng, count=count)
    with tempfile.TemporaryDirectory(prefix="dlscope-") as name:
        folder = Path(name)
        for file, text in source.files.items():
            (folder / file).write_text(text, encoding="utf-8")
        program = compiled(folder)
        parts = [
            _run(program, source, golden(network, part), first)
            for first, part in _parts(network, inputs)
        ]
    return Verification(
        vectors=len(inputs), integers=sum(each.integers for each in parts), stages=parts[0].stages
    )


def _parts(network: IntegerNetwork, inputs: Integers) -> Iterator[tuple[int, Integers]]:
    """Inputs, a few at a time where the golden values of all would take too much room."""
    given = sum(layer.shape.outputs for layer in network.layers) + int(np.prod(network.input))
    step = max(1, _MOST_VALUES // given)
    for first in range(0, len(inputs), step):
        yield first, inputs[first : first + step]


def _run(program: Path, source: Source, rows: Integers, first: int) -> Verification:
    vectors = program.with_name("vectors.bin")
    write_golden(vectors, rows, source.golden_bits)
    done = subprocess.run(
        [program, vectors], capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    total = _TOTAL.search(done.stdout)
    if total is None:
        raise SearchError(
            f"the test bench ended with {done.returncode}: {(done.stdout + done.stderr)[-_TOLD:]}",
            where="verification of the emitted source",
            fix="this is an error of dlscope; keep the design and report it",
        )
    stages = tuple(_counted(source, done.stdout))
    _require_equal(source, stages, done.stdout, total, first)
    return Verification(int(total[1]), int(total[2]), stages)


def _counted(source: Source, told: str) -> Iterator[CountedStage]:
    for match in _STAGE.finditer(told):
        place, counted, modelled, waits = map(int, match.groups())
        yield CountedStage(source.stages[place].name, modelled, counted, waits)


def _require_equal(
    source: Source,
    stages: tuple[CountedStage, ...],
    told: str,
    total: re.Match[str],
    first: int,
) -> None:
    mismatches, overflows = int(total[3]), int(total[4])
    match = _MISMATCH.search(told)
    if match is not None:
        vector, place, index, expected, got = map(int, match.groups())
        raise SearchError(
            f"{mismatches} of {int(total[2])} integers differ from the reference",
            where=f"layer {source.stages[place].name}, index {index} of vector {first + vector}: "
            f"expected {expected}, got {got}",
            fix="emit again from the weights that were trained; nothing of this was kept",
        )
    if overflows:
        raise SearchError(
            f"{overflows} numbers do not fit their bits",
            where="verification of the emitted source",
            fix="this is an error of dlscope; keep the design and report it",
        )
    for stage, modelled in zip(stages, source.stages, strict=True):
        if not stage.counted == stage.modelled == modelled.cycles:
            raise SearchError(
                f"{stage.counted} cycles were counted, the model says {modelled.cycles}",
                where=f"layer {stage.name}",
                fix="this is an error of dlscope; keep the design and report it",
            )
