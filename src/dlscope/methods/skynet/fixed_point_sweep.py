"""How many bits maps and weights need: every combination that is asked for, on the same images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import PlanError
from dlscope.core.table import Cell, Column, Table
from dlscope.methods.skynet.deployed_answers import ANSWER_COLUMNS, Answers, answers
from dlscope.methods.skynet.detector_file import Detector
from dlscope.methods.skynet.fixed_model import fixed_model
from dlscope.methods.skynet.fixed_point import WEIGHTS, FixedFormat
from dlscope.methods.skynet.fixed_scheme import PRESETS, FixedScheme, preset_formats
from dlscope.methods.skynet.measured_images import Told
from dlscope.methods.skynet.model_document import write_detector
from dlscope.methods.skynet.observing import Observed
from dlscope.methods.skynet.prepared_images import PreparedImages
from dlscope.zoo.skynet.folding import Folded

IntegerBits: TypeAlias = int | Literal["calibrated"]
CALIBRATED: Literal["calibrated"] = "calibrated"
FIXED_COLUMNS = (
    Column("scheme", "str", "name of a published scheme", role="id", priority=2),
    Column("map_integer_bits", "str", "bits before the point of a map, the sign included"),
    Column("map_bits", "int", "bits of feature maps", "bit", role="id"),
    Column("weight_bits", "int", "bits of weights and biases", "bit", role="id"),
    Column("weight_integer_bits", "str", "bits before the point of a weight", priority=2),
    Column("tuned", "int", "iterations of training in these formats", role="count", priority=2),
    *ANSWER_COLUMNS,
    Column("saturated", "int", "weights and biases beyond their range", role="count", priority=2),
)


@final
@dataclass(frozen=True)
class Bits:
    """What a scheme has: bits of maps, of weights, and those of maps before the point.

    Weights have four before the point, as in the released design, or their own where those of the
    maps are calibrated. Raises `PlanError` as `FixedFormat` does.
    """

    maps: int
    weights: int
    map_integer: IntegerBits

    def __post_init__(self) -> None:
        FixedFormat(self.maps, 0)
        FixedFormat(self.weights, 0)
        if self.map_integer != CALIBRATED:
            self.formats  # noqa: B018 - raises where there is no such format

    @property
    def formats(self) -> tuple[FixedFormat, FixedFormat]:
        """The one format of maps and that of weights."""
        assert self.map_integer != CALIBRATED
        return FixedFormat(self.maps, self.map_integer), FixedFormat(self.weights, WEIGHTS.int_bits)

    @property
    def name(self) -> str | None:
        """Under which it was published."""
        if self.map_integer == CALIBRATED:
            return None
        return next((name for name, each in PRESETS.items() if each == self.formats), None)

    def scheme(self, folded: Folded, observed: Mapping[str, Observed]) -> FixedScheme:
        """The format of every tensor of `folded`."""
        if self.map_integer == CALIBRATED:
            return FixedScheme.calibrated(
                folded, observed, map_bits=self.maps, weight_bits=self.weights
            )
        return FixedScheme.uniform(folded, *self.formats)


def all_bits(
    maps: Sequence[int], weights: Sequence[int], integers: Sequence[IntegerBits]
) -> tuple[Bits, ...]:
    """Every combination, line after line. Raises `PlanError` for one that is no format."""
    found = tuple(
        Bits(map_bits, weight_bits, integer)
        for integer in integers
        for map_bits in maps
        for weight_bits in weights
    )
    if not found:
        raise PlanError(
            "there is no combination of bits", where="SkyNet, sweep", fix="give at least one each"
        )
    return found


def preset_bits(name: str) -> Bits:
    """The bits of a published scheme by its name. Raises `PlanError` for another."""
    maps, weights = preset_formats(name)
    return Bits(maps.bits, weights.bits, maps.int_bits)


@final
@dataclass(frozen=True)
class Tuning:
    """So many iterations of training in the formats of a combination, on images of their own.

    What was learnt is written to the file `output`, as `fixed_model` has it, with its manifest.
    """

    images: PreparedImages
    iterations: int
    seed: int = 0
    output: Path | None = None


def sweep(
    detector: Detector,
    images: PreparedImages,
    floats: Answers,
    observed: Mapping[str, Observed],
    asked: Sequence[Bits],
    *,
    tuning: Tuning | None = None,
    told: Told,
) -> Table:
    """A row for each combination, beside the answers of `floats`. Needs torch.

    With a `tuning` the first combination has a row more, after that training.
    """
    folded = detector.folded()
    rows = [
        *_rows(detector, folded, images, floats, observed, asked, told),
        *(_tuned(detector, folded, images, floats, observed, asked[0], tuning, told)),
    ]
    return Table.of("fixed_point", FIXED_COLUMNS, rows, title="Numbers of few bits")


def _tuned(
    detector: Detector,
    folded: Folded,
    images: PreparedImages,
    floats: Answers,
    observed: Mapping[str, Observed],
    bits: Bits,
    tuning: Tuning | None,
    told: Told,
) -> Iterator[Mapping[str, Cell]]:
    if tuning is None:
        return
    from dlscope.methods.skynet.fixed_training import fine_tuned

    scheme = bits.scheme(folded, observed)
    learnt = fine_tuned(
        detector, scheme, tuning.images, iterations=tuning.iterations, seed=tuning.seed, told=told
    )
    if tuning.output is not None:
        _write(
            tuning.output, detector.with_graph(fixed_model(detector.graph, learnt, scheme)), bits
        )
    row = _row(detector, learnt, images, floats, bits, scheme)
    yield {**row, "tuned": tuning.iterations}


def _write(output: Path, tuned: Detector, bits: Bits) -> None:
    write_detector(
        output,
        tuned,
        description="SkyNet trained in numbers of few bits, and computing with them.",
        attributes={"map_bits": bits.maps, "weight_bits": bits.weights},
    )


def _rows(
    detector: Detector,
    folded: Folded,
    images: PreparedImages,
    floats: Answers,
    observed: Mapping[str, Observed],
    asked: Sequence[Bits],
    told: Told,
) -> Iterator[Mapping[str, Cell]]:
    for number, bits in enumerate(asked):
        words = f"{bits.maps} bits of maps, {bits.weights} of weights"
        told(f"{words}, integer bits {bits.map_integer}", number / len(asked))
        scheme = bits.scheme(folded, observed)
        yield _row(detector, folded, images, floats, bits, scheme)


def _row(
    detector: Detector,
    folded: Folded,
    images: PreparedImages,
    floats: Answers,
    bits: Bits,
    scheme: FixedScheme,
) -> Mapping[str, Cell]:
    from dlscope.methods.skynet.fixed_network import FixedNetwork, fixed_heads

    network = FixedNetwork(folded, scheme, detector.act)

    def head_of(images_bchw: NDArray[np.float32]) -> NDArray[np.float32]:
        return fixed_heads(network, images_bchw)

    found = answers(head_of, images, detector.anchors)
    is_own = bits.map_integer == CALIBRATED
    return {
        "scheme": bits.name,
        "map_integer_bits": str(bits.map_integer),
        "map_bits": bits.maps,
        "weight_bits": bits.weights,
        "weight_integer_bits": CALIBRATED if is_own else str(WEIGHTS.int_bits),
        "tuned": 0,
        **found.told_beside(floats, images),
        "saturated": scheme.saturated(folded),
    }
