"""`IntegerNetwork`: whole numbers only, and the reference that everything emitted must equal.

For each channel o of a layer, with whole inputs x, weights w, biases b, residual r:

    a_o = Σ w · x                                                the accumulator
    s_o = a_o · 2^sum_shift_o + b_o + r_o · 2^residual_shift_o   in the finest of their steps
    y_o = clip(⌊s_o / 2^shift_o + 1/2⌋, least, most)             what the next layer reads

Before an average, s_o is cut to `floor_o … ceiling_o`, what the activation lets through, and

    y_o = clip(⌊Σ s_o / (count · 2^shift_o) + 1/2⌋, least, most)

The last layer answers s_o, all channels in one step. Axes: n batch, c and o channels, y and x
places of a map.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.precision import Precision
from dlscope.methods.codesign.emission.convolution import convolved
from dlscope.methods.codesign.emission.grid import Grid, Integers, divided, shifted


@final
@dataclass(frozen=True, eq=False)
class Average:
    """The mean over a map of `count` places, of sums cut to `floor[o]` … `ceiling[o]`.

    `bits` hold the sum over the map.
    """

    count: int
    floor: Integers
    ceiling: Integers
    bits: int


@final
@dataclass(frozen=True, eq=False)
class IntegerLayer:
    """One layer; arrays are whole numbers, those named for channels have one for each output.

    `source` is the layer whose output is added, `accumulator_bits` what the largest of all sums
    needs with its sign. `gives` is the grid of y, None of the last layer; `least` and `most` are
    its ends, or those of the activation where these are nearer. `weight_exponents[o]` and
    `exponents[o]` are log2 of the steps of w, and of b and s.
    """

    name: str
    shape: LayerShape
    precision: Precision
    padding: tuple[int, int]
    weights: Integers
    bias: Integers
    weight_exponents: Integers
    reads: Grid
    sum_shifts: Integers
    residual_shifts: Integers
    exponents: Integers
    accumulator_bits: int
    gives: Grid | None
    shifts: Integers
    least: int
    most: int
    source: int | None = None
    average: Average | None = None

    def summed(self, x_ncyx: Integers, residual: Integers | None = None) -> Integers:
        """The sums s of a batch: N×O×Y×X."""
        exact = convolved(
            x_ncyx.astype(np.float64), self.weights.astype(np.float64), self.shape, self.padding
        )
        sums = np.left_shift(exact.astype(np.int64), self.sum_shifts[:, None, None])
        sums = sums + self.bias[:, None, None]
        if residual is not None:
            sums = sums + np.left_shift(residual, self.residual_shifts[:, None, None])
        return sums

    def given(self, sums: Integers) -> Integers:
        """What the next layer reads of the sums s; the sums themselves of the last layer."""
        if self.gives is None:
            return sums
        shifts = self.shifts[:, None, None]
        if self.average is None:
            return np.clip(shifted(sums, shifts), self.least, self.most)
        total = self.cut(sums).sum(axis=(2, 3), keepdims=True)
        widened = np.left_shift(total, np.maximum(-shifts, 0))
        count = np.left_shift(self.average.count, np.maximum(shifts, 0))
        return np.clip(divided(widened, count), self.least, self.most)

    def cut(self, sums: Integers) -> Integers:
        """What the activation before an average lets through; `sums` where there is none."""
        if self.average is None:
            return sums
        floor, ceiling = self.average.floor, self.average.ceiling
        return np.clip(sums, floor[:, None, None], ceiling[:, None, None])


@final
@dataclass(frozen=True, eq=False)
class IntegerNetwork:
    """Layers one after another; `input` is C×H×W, in the grid that the first layer reads."""

    input: tuple[int, int, int]
    layers: tuple[IntegerLayer, ...]

    @property
    def classes(self) -> int:
        """How many answers there are."""
        return self.layers[-1].shape.channels_out

    @property
    def accumulator_bits(self) -> int:
        """Bits, with the sign, of the widest sum of all layers."""
        return max(layer.accumulator_bits for layer in self.layers)

    @property
    def exponent(self) -> int:
        """Log2 of the step of the answers, the same for all classes."""
        return int(self.layers[-1].exponents[0])

    def quantised(self, images: NDArray[Any]) -> Integers:
        """`images` as the first layer reads them."""
        return self.layers[0].reads.quantised(images)

    def tensors(self, x_ncyx: Integers) -> Iterator[Integers]:
        """What each stage gives: of each layer y, before an average the cut sums s as well."""
        value = x_ncyx
        given: list[Integers] = []
        for layer in self.layers:
            residual = None if layer.source is None else given[layer.source]
            sums = layer.summed(value, residual)
            if layer.average is not None:
                yield layer.cut(sums)
            value = layer.given(sums)
            given.append(value)
            yield value

    def answers(self, x_ncyx: Integers) -> Integers:
        """The whole numbers that the last layer gives: N×classes."""
        *_, last = self.tensors(x_ncyx)
        return last.reshape(len(x_ncyx), -1)

    def logits(self, images: NDArray[Any]) -> NDArray[Any]:
        """What the network says of `images`, N×classes."""
        return self.answers(self.quantised(images)) * 2.0**self.exponent
