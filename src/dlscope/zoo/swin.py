"""Swin Transformer, tiny, small and base: attention inside windows that shift from block to block.

    image N×3×224×224 ─ patches 56×56×D ─ stages.0 ─ merge ─ … ─ stages.3 ─ average ─ logits N×1000

Axes: values are H×W×C behind the batch, C = D, 2·D, 4·D, 8·D; windows are 49×C, behind a batch of
all windows of all images. A block adds to its input attention and then a two-layer perceptron,
each of what is normalised first. To the scores of a window it adds what was learnt for the two
places' distance. In every second block the image is rolled by half a window; where that brings
places together that are no neighbours, their score becomes so small that they share nothing.

Architecture: Liu et al., "Swin Transformer: Hierarchical Vision Transformer using Shifted
Windows", 2021. Rolls are slices and a concatenation, as exporters write them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
from numpy.typing import NDArray

from dlscope.zoo.architecture import CLASSES, SIDE, Architecture, Choice, Options, draw_network
from dlscope.zoo.blocks import Layers, Value
from dlscope.zoo.channels_last import layer_norm, linear, perceptron, permute
from dlscope.zoo.parameters import Law
from dlscope.zoo.self_attention import SelfAttention

PATCH = 4
WINDOW = 7
SHIFT = WINDOW // 2
# The authors' own code has −100, but e^−100 is too small for a normal float32, and processors are
# slow with such numbers; e^−10000 is 0, and −10000 itself still fits float16.
STRANGERS = -10_000.0
"""What is added to the score of two places that only the roll has brought together."""
LAYER_NORM_EPSILON = 1e-5
_PLACES = WINDOW * WINDOW
_DISTANCES = 2 * WINDOW - 1


@dataclass(frozen=True)
class Size:
    """What the sizes differ in: width of the first stage, blocks of each, heads of the first."""

    width: int
    depths: tuple[int, int, int, int]
    heads: int


SIZES: Mapping[str, Size] = {
    "tiny": Size(96, (2, 2, 6, 2), 3),
    "small": Size(96, (2, 2, 18, 2), 3),
    "base": Size(128, (2, 2, 18, 2), 4),
}


def build(weights: Path | None, options: Mapping[str, str]) -> bytes:
    """The ONNX file of a Swin Transformer of a `size` with weights from `seed`: `image` → `logits`.

    Raises `GraphError` for other options.
    """
    return draw_network(SWIN, weights, options)


def distance_index(window: int = WINDOW) -> NDArray[np.int64]:
    """For each pair of places of a window, the row of the table that their distance has.

    Places are counted row by row; the row is (Δy + w − 1)·(2w − 1) + (Δx + w − 1) with the window's
    side w: w²·w² numbers in 0…(2w − 1)² − 1.
    """
    places = np.stack(np.divmod(np.arange(window * window), window), axis=-1)
    apart = places[:, None] - places[None, :] + window - 1
    index: NDArray[np.int64] = (apart @ np.array([2 * window - 1, 1])).reshape(-1)
    return index


def stranger_mask(side: int, window: int = WINDOW, shift: int = SHIFT) -> NDArray[np.float32]:
    """What is added to the scores after a roll by `shift` of an image of `side`.

    For each window, each pair of its places: 0 for neighbours, `STRANGERS` for places that the
    roll has brought there from opposite edges. (side/w)²×w²×w².
    """
    # The last window of each axis has two parts: its own places, and those from the other edge.
    part = (np.arange(side) >= side - shift).astype(np.int64)
    regions = (2 * part[:, None] + part[None, :]).reshape(side // window, window, -1, window)
    windows = regions.swapaxes(1, 2).reshape(-1, window * window)
    apart = windows[:, :, None] != windows[:, None, :]
    return np.where(apart, np.float32(STRANGERS), np.float32(0))


def _write(layers: Layers, options: Options) -> None:
    size = SIZES[options["size"]]
    writer = _Writer(layers)
    value = writer.patches(layers.input("image", 3, SIDE, SIDE), size.width)
    for stage, depth in enumerate(size.depths):
        if stage > 0:
            value = writer.merge(f"merge.{stage}", value)
        mask = writer.strangers(f"stages.{stage}.strangers", value)
        for index in range(depth):
            name = f"stages.{stage}.{index}"
            shifted = mask if index % 2 == 1 else ""
            value = writer.block(name, value, size.heads << stage, shifted)
    value = layer_norm(layers, "norm", value, LAYER_NORM_EPSILON)
    layers.classify("head", permute(layers, "features", value, 0, 3, 1, 2), CLASSES)


@final
class _Writer:
    """Writes the parts of a network; values are H×W×C behind the batch."""

    def __init__(self, layers: Layers) -> None:
        self._layers = layers
        self._attention = SelfAttention(layers)
        layers.graph.constant("distances", distance_index())
        self._numbers: dict[int, str] = {}

    def patches(self, image: Value, width: int) -> Value:
        """Each 4×4 of the image as `width` features, normalised."""
        value = self._layers.conv("patches", image, width, PATCH, PATCH, 0, bias=True)
        value = permute(self._layers, "patches.last", value, 0, 2, 3, 1)
        return layer_norm(self._layers, "patches.norm", value, LAYER_NORM_EPSILON)

    def merge(self, name: str, value: Value) -> Value:
        """Half of height and width, twice the features: each 2×2 through one matrix."""
        height, width, channels = value.shape
        quarters: list[Value] = []
        for column, row in ((0, 0), (0, 1), (1, 0), (1, 1)):
            part = f"{name}.quarter{len(quarters)}"
            rows = self._slice(f"{part}.rows", value, 1, row, height, 2)
            quarters.append(self._slice(part, rows, 2, column, width, 2))
        shape = (height // 2, width // 2, 4 * channels)
        names = [each.name for each in quarters]
        value = self._layers.node("Concat", f"{name}.concat", names, shape, axis=3)
        value = layer_norm(self._layers, f"{name}.norm", value, LAYER_NORM_EPSILON)
        return linear(self._layers, name, value, 2 * channels, bias=False)

    def strangers(self, name: str, value: Value) -> str:
        """The mask for shifted windows of `value`; none where there is but one window."""
        side = value.shape[0]
        if side == WINDOW:
            return ""
        return self._layers.graph.constant(name, stranger_mask(side)[None, :, None])

    def block(self, name: str, value: Value, heads: int, mask: str) -> Value:
        """Attention in windows, shifted if there is a mask, and a perceptron; added to `value`."""
        layers = self._layers
        normal = layer_norm(layers, f"{name}.norm1", value, LAYER_NORM_EPSILON)
        if mask:
            normal = self._rolled(f"{name}.roll", normal, SHIFT)
        attended = self._attend(name, normal, heads, mask)
        if mask:
            attended = self._rolled(f"{name}.unroll", attended, -SHIFT)
        value = layers.add(f"{name}.add1", value, attended)
        normal = layer_norm(layers, f"{name}.norm2", value, LAYER_NORM_EPSILON)
        return layers.add(f"{name}.add2", value, perceptron(layers, f"{name}.mlp", normal))

    def _attend(self, name: str, value: Value, heads: int, mask: str) -> Value:
        """Attention of the places of each window to one another."""
        height, width, channels = value.shape
        grid = (height // WINDOW, width // WINDOW)
        rows = self._layers.reshape(
            f"{name}.windows.rows", value, grid[0], WINDOW, grid[1], WINDOW, channels
        )
        ordered = permute(self._layers, f"{name}.windows.order", rows, 0, 1, 3, 2, 4, 5)
        windows = self._regroup(f"{name}.windows", ordered, _PLACES, channels)

        def adjust(scores: Value) -> Value:
            return self._adjusted(f"{name}.attention", scores, grid[0] * grid[1], mask)

        windows = self._attention.write(f"{name}.attention", windows, heads, adjust)
        rows = self._regroup(f"{name}.image.rows", windows, *grid, WINDOW, WINDOW, channels)
        ordered = permute(self._layers, f"{name}.image.order", rows, 0, 1, 3, 2, 4, 5)
        return self._layers.reshape(f"{name}.image", ordered, height, width, channels)

    def _adjusted(self, name: str, scores: Value, windows: int, mask: str) -> Value:
        """Scores with what is added for the distance of two places, and for strangers."""
        node, bias = self._layers.node, self._distance_bias(f"{name}.distance", scores.channels)
        scores = node("Add", f"{name}.biased", [scores.name, bias], scores.shape)
        if not mask:
            return scores
        by_image = self._regroup(f"{name}.by_image", scores, windows, *scores.shape)
        masked = node("Add", f"{name}.masked", [by_image.name, mask], by_image.shape)
        return self._regroup(f"{name}.by_window", masked, *scores.shape)

    def _distance_bias(self, name: str, heads: int) -> str:
        """What was learnt for each pair of places of a window: 1×A×49×49."""
        layers, graph = self._layers, self._layers.graph
        table = layers.parameter(f"{name}.table", (_DISTANCES**2, heads), Law(0.0, 0.1))
        pairs = graph.node("Gather", [table, "distances"], output=f"{name}.pairs")
        square = graph.constant(f"{name}.shape", np.array([_PLACES, _PLACES, heads]))
        square = graph.node("Reshape", [pairs, square], output=f"{name}.square")
        first = graph.node("Transpose", [square], output=f"{name}.heads", perm=[2, 0, 1])
        return graph.node("Unsqueeze", [first, self._number(0)], output=name)

    def _rolled(self, name: str, value: Value, shift: int) -> Value:
        """Height and width rolled: what was at `shift` comes first, what was before it, last."""
        for axis, letter in ((1, "rows"), (2, "columns")):
            side, part = value.shape[axis - 1], f"{name}.{letter}"
            cut = shift % side
            halves = [
                self._slice(f"{part}.first", value, axis, cut, side).name,
                self._slice(f"{part}.last", value, axis, 0, cut).name,
            ]
            value = self._layers.node("Concat", part, halves, value.shape, axis=axis)
        return value

    def _slice(
        self, name: str, value: Value, axis: int, start: int, end: int, step: int = 1
    ) -> Value:
        shape = list(value.shape)
        shape[axis - 1] = len(range(start, end, step))
        numbers = [self._number(each) for each in (start, end, axis, step)]
        return self._layers.node("Slice", name, [value.name, *numbers], shape)

    def _regroup(self, name: str, value: Value, *shape: int) -> Value:
        """The elements in another shape behind a batch that becomes smaller or larger."""
        target = self._layers.graph.constant(f"{name}.shape", np.array([-1, *shape]))
        return self._layers.node("Reshape", name, [value.name, target], shape)

    def _number(self, number: int) -> str:
        """The name of a constant of one whole number; each is written once."""
        if number not in self._numbers:
            name = self._layers.graph.constant(f"number.{number}", np.array([number]))
            self._numbers[number] = name
        return self._numbers[number]


SWIN = Architecture("swin", {"size": Choice(tuple(SIZES))}, _write)
