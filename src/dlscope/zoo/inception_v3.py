"""Inception v3: an image classifier of modules with branches of factored convolutions.

    image N×3×299×299 ─ stem ─ 5b 5c 5d ─ 6a ─ 6b … 6e ─ 7a ─ 7b 7c ─ average ─ fc ─ logits N×1000

A branch is a list of convolutions. Architecture: Szegedy et al., "Rethinking the Inception
Architecture for Computer Vision", 2015, without the classifier beside the trunk, which only helps
to train it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dlscope.zoo.architecture import CLASSES, Architecture, Options, draw_network
from dlscope.zoo.blocks import Layers, Size, Value

SIDE = 299
BN_EPSILON = 1e-3
_ROW, _COLUMN = (1, 7), (7, 1)


@dataclass(frozen=True)
class Convolution:
    """One convolution of a branch; `padding` as `Layers.conv` has it."""

    channels: int
    kernel: Size = 1
    stride: int = 1
    padding: int | None = None


Branch = Sequence[Convolution]


def build(weights: Path | None, options: Mapping[str, str]) -> bytes:
    """The ONNX file of Inception v3 with weights from `seed`: `image` → `logits`.

    Raises `GraphError` for other options.
    """
    return draw_network(INCEPTION_V3, weights, options)


def _write(layers: Layers, _options: Options) -> None:
    value = layers.input("image", 3, SIDE, SIDE)
    value = _branch(layers, "stem.0", value, _STEM[0])
    value = layers.max_pool("stem.pool0", value, 3, 2)
    value = _branch(layers, "stem.1", value, _STEM[1])
    value = layers.max_pool("stem.pool1", value, 3, 2)
    for name, pooled in (("mixed5b", 32), ("mixed5c", 64), ("mixed5d", 64)):
        value = _module(layers, name, value, _wide_filters(), pooled)
    value = _reduction(layers, "mixed6a", value, _FIRST_REDUCTION)
    for name, channels in (("6b", 128), ("6c", 160), ("6d", 160), ("6e", 192)):
        value = _module(layers, f"mixed{name}", value, _rows_and_columns(channels), 192)
    value = _reduction(layers, "mixed7a", value, _SECOND_REDUCTION)
    for name in ("mixed7b", "mixed7c"):
        value = _forked_module(layers, name, value)
    layers.classify("fc", value, CLASSES)


_STEM: tuple[Branch, Branch] = (
    [Convolution(32, 3, 2, 0), Convolution(32, 3, 1, 0), Convolution(64, 3)],
    [Convolution(80), Convolution(192, 3, 1, 0)],
)
_FIRST_REDUCTION: Sequence[Branch] = (
    [Convolution(384, 3, 2, 0)],
    [Convolution(64), Convolution(96, 3), Convolution(96, 3, 2, 0)],
)
_SECOND_REDUCTION: Sequence[Branch] = (
    [Convolution(192), Convolution(320, 3, 2, 0)],
    [
        Convolution(192),
        Convolution(192, _ROW),
        Convolution(192, _COLUMN),
        Convolution(192, 3, 2, 0),
    ],
)


def _wide_filters() -> Sequence[Branch]:
    return (
        [Convolution(64)],
        [Convolution(48), Convolution(64, 5)],
        [Convolution(64), Convolution(96, 3), Convolution(96, 3)],
    )


def _rows_and_columns(channels: int) -> Sequence[Branch]:
    """7×7 filters, factored into rows and columns; `channels` in between."""
    return (
        [Convolution(192)],
        [Convolution(channels), Convolution(channels, _ROW), Convolution(192, _COLUMN)],
        [
            Convolution(channels),
            Convolution(channels, _COLUMN),
            Convolution(channels, _ROW),
            Convolution(channels, _COLUMN),
            Convolution(192, _ROW),
        ],
    )


def _module(
    layers: Layers, name: str, value: Value, branches: Sequence[Branch], pooled: int
) -> Value:
    """The branches, and one of `pooled` channels behind a pool, side by side."""
    parts = _branches(layers, name, value, branches)
    return layers.concat(f"{name}.concat", [*parts, _pooled(layers, name, value, pooled)])


def _reduction(layers: Layers, name: str, value: Value, branches: Sequence[Branch]) -> Value:
    """The branches, which halve the image, and a pool that does so, side by side."""
    parts = _branches(layers, name, value, branches)
    return layers.concat(f"{name}.concat", [*parts, layers.max_pool(f"{name}.pool", value, 3, 2)])


def _forked_module(layers: Layers, name: str, value: Value) -> Value:
    """A module of which two branches fork into a row and a column of 3 at their end."""
    parts = [_branch(layers, f"{name}.branch1", value, [Convolution(320)])]
    trunks: Sequence[Branch] = ([Convolution(384)], [Convolution(448), Convolution(384, 3)])
    for number, trunk in enumerate(trunks, 2):
        end = _branch(layers, f"{name}.branch{number}", value, trunk)
        for fork, kernel in (("row", (1, 3)), ("column", (3, 1))):
            each = Convolution(384, kernel)
            parts.append(_branch(layers, f"{name}.branch{number}.{fork}", end, [each]))
    return layers.concat(f"{name}.concat", [*parts, _pooled(layers, name, value, 192)])


def _branches(
    layers: Layers, name: str, value: Value, branches: Sequence[Branch]
) -> Sequence[Value]:
    return [
        _branch(layers, f"{name}.branch{number}", value, branch)
        for number, branch in enumerate(branches, 1)
    ]


def _branch(layers: Layers, name: str, value: Value, branch: Branch) -> Value:
    for index, each in enumerate(branch):
        value = layers.conv_norm(
            f"{name}.{index}",
            value,
            each.channels,
            each.kernel,
            each.stride,
            each.padding,
            epsilon=BN_EPSILON,
        )
    return value


def _pooled(layers: Layers, name: str, value: Value, channels: int) -> Value:
    value = layers.average_pool(f"{name}.pool", value, 3, 1, 1)
    return _branch(layers, f"{name}.pool", value, [Convolution(channels)])


INCEPTION_V3 = Architecture("inception_v3", {}, _write)
