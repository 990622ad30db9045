"""A folded accelerator fitted to some published rates, and how well it predicts the others.

Two forms: `simple` has three constants and reads every value once; `tiled` has the same three,
knows how many lanes idle because tiles do not divide the channels, and reads an input again for
every group of outputs. One byte is counted for a value at 6 and at 8 bits. The form of `tiled` was
chosen with all rows in sight, so that what it gains over `simple` is an indication only.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

from dlscope.devices.engine_tiling import Tile
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.prediction_error import PredictionError
from dlscope.devices.roofline import Roofline, Timed, fit_roofline
from dlscope.methods.codesign.published_designs import FoldedRow, folded_rows
from dlscope.methods.codesign.reference_networks import CONVOLUTIONS

Form = Literal["simple", "tiled"]
FORMS: tuple[Form, ...] = ("simple", "tiled")
Chosen: TypeAlias = Callable[[FoldedRow], bool]

# Two products of 6 bits in a DSP, one of 8; DSPs run at twice the clock of the rest.
_PRODUCTS = {6: 2, 8: 1}
_CLOCKS = 2
_HZ_PER_MHZ = 1e6
_LEARNT_NETWORKS = ("VGG-16", "AlexNet")


def _any(row: FoldedRow) -> bool:
    del row
    return True


@final
@dataclass(frozen=True)
class Split:
    """Which rows are learnt from, which are predicted, and what is accepted."""

    name: str
    learnt: Chosen
    predicted: Chosen
    most_mape: float | None = None
    least_spearman: float | None = None


SPLITS = (
    Split("all rows, fitted to themselves", _any, _any),
    Split(
        "ZU9 with 128 and 512 DSPs, predicting 256 and 1024",
        lambda row: row.device == "ZU9" and row.dsp in (128, 512),
        lambda row: row.device == "ZU9" and row.dsp in (256, 1024),
        0.12,
        0.99,
    ),
    Split(
        "ZU9, predicting ZU7",
        lambda row: row.device == "ZU9",
        lambda row: row.device == "ZU7",
        0.21,
        0.985,
    ),
    Split(
        "VGG-16 and AlexNet, predicting GoogLeNet and ResNet-50",
        lambda row: row.network in _LEARNT_NETWORKS,
        lambda row: row.network not in _LEARNT_NETWORKS,
        0.26,
        0.95,
    ),
)


@final
@dataclass(frozen=True)
class FoldedFit:
    """The constants found on a split, the rows predicted with their rates, and the error."""

    split: Split
    form: Form
    roofline: Roofline
    rows: tuple[FoldedRow, ...]
    predicted_fps: tuple[float, ...]
    error: PredictionError

    @property
    def holds(self) -> bool:
        """Whether mean error and rank correlation are within what the split accepts."""
        most, least = self.split.most_mape, self.split.least_spearman
        is_near = most is None or self.error.mape <= most
        return is_near and (least is None or self.error.spearman >= least)


@functools.cache
def folded_fits() -> tuple[FoldedFit, ...]:
    """Both forms on every split."""
    rows = folded_rows()
    shapes = {name: make() for name, make in CONVOLUTIONS.items()}
    return tuple(_fit(split, form, rows, shapes) for form in FORMS for split in SPLITS)


def timed(row: FoldedRow, layers: Sequence[LayerShape], form: Form) -> Timed:
    """The convolutions of a row as a sample to fit: work and bytes of each, peak, seconds."""
    products = row.dsp * _PRODUCTS[row.bits] * _CLOCKS
    peak_per_s = products * row.clock_mhz * _HZ_PER_MHZ
    if form == "simple":
        work = [float(layer.macs) for layer in layers]
        carried = [float(layer.weights + layer.inputs + layer.outputs) for layer in layers]
    else:
        tile = Tile.of(products)
        work = [layer.macs / tile.efficiency(layer, folds_kernel=True) for layer in layers]
        carried = [float(tile.elements_read(layer) + layer.outputs) for layer in layers]
    return Timed(tuple(work), tuple(carried), peak_per_s, 1 / row.fps)


def _fit(
    split: Split,
    form: Form,
    rows: Sequence[FoldedRow],
    shapes: Mapping[str, Sequence[LayerShape]],
) -> FoldedFit:
    learnt = [timed(row, shapes[row.network], form) for row in rows if split.learnt(row)]
    roofline = fit_roofline(learnt)
    held_out = tuple(row for row in rows if split.predicted(row))
    predicted = tuple(
        1 / timed(row, shapes[row.network], form).predicted_s(roofline) for row in held_out
    )
    error = PredictionError.of(predicted, [row.fps for row in held_out])
    return FoldedFit(split, form, roofline, held_out, predicted, error)
