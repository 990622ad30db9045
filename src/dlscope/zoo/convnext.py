"""ConvNeXt, tiny, small and base: an image classifier of convolutions built like a transformer.

    image N×3×224×224 ─ stem, 1/4 ─ stages.0 ─ halved ─ … ─ stages.3 ─ average ─ logits N×1000

A block adds to its input a 7×7 filter of each channel and a two-layer perceptron of each place,
scaled channel by channel. The perceptron and all normalisations read images turned to H×W×C.

Architecture: Liu et al., "A ConvNet for the 2020s", 2022.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dlscope.zoo.architecture import CLASSES, SIDE, Architecture, Choice, Options, draw_network
from dlscope.zoo.blocks import Layers, Value
from dlscope.zoo.channels_last import layer_norm, perceptron, permute
from dlscope.zoo.parameters import Law

PATCH = 4
KERNEL = 7
LAYER_NORM_EPSILON = 1e-6
# Training starts with 1e−6; with that, no block would do anything that the answer shows.
_LAYER_SCALE = Law(0.3, 0.03)


@dataclass(frozen=True)
class Size:
    """What the sizes differ in: width of the first stage, doubled in the next, and depths."""

    width: int
    depths: tuple[int, int, int, int]


SIZES: Mapping[str, Size] = {
    "tiny": Size(96, (3, 3, 9, 3)),
    "small": Size(96, (3, 3, 27, 3)),
    "base": Size(128, (3, 3, 27, 3)),
}


def build(weights: Path | None, options: Mapping[str, str]) -> bytes:
    """The ONNX file of a ConvNeXt of a `size` with weights from `seed`: `image` → `logits`.

    Raises `GraphError` for other options.
    """
    return draw_network(CONVNEXT, weights, options)


def _write(layers: Layers, options: Options) -> None:
    size = SIZES[options["size"]]
    value = layers.input("image", 3, SIDE, SIDE)
    value = layers.conv("stem", value, size.width, PATCH, PATCH, 0, bias=True)
    value = _norm(layers, "stem.norm", value)
    for stage, depth in enumerate(size.depths):
        if stage > 0:
            value = _halved(layers, f"downsample.{stage}", value)
        for index in range(depth):
            value = _block(layers, f"stages.{stage}.{index}", value)
    value = _norm(layers, "norm", layers.global_pool("average", value))
    layers.output(layers.linear("head", layers.flatten("flatten", value), CLASSES, output="logits"))


def _halved(layers: Layers, name: str, value: Value) -> Value:
    """Half of height and width, twice the channels."""
    normal = _norm(layers, f"{name}.norm", value)
    return layers.conv(name, normal, 2 * value.channels, 2, 2, 0, bias=True)


def _block(layers: Layers, name: str, value: Value) -> Value:
    channels = value.channels
    new = layers.conv(f"{name}.depthwise", value, channels, KERNEL, groups=channels, bias=True)
    new = permute(layers, f"{name}.last", new, 0, 2, 3, 1)
    new = layer_norm(layers, f"{name}.norm", new, LAYER_NORM_EPSILON)
    new = perceptron(layers, f"{name}.mlp", new)
    new = permute(layers, f"{name}.first", new, 0, 3, 1, 2)
    factors = layers.parameter(f"{name}.layer_scale", (channels, 1, 1), _LAYER_SCALE)
    new = layers.node("Mul", f"{name}.scaled", [new.name, factors], new.shape)
    return layers.add(f"{name}.add", value, new)


def _norm(layers: Layers, name: str, value: Value) -> Value:
    """The channels of each place normalised, in an image that is C×H×W before and after."""
    value = permute(layers, f"{name}.last", value, 0, 2, 3, 1)
    value = layer_norm(layers, name, value, LAYER_NORM_EPSILON)
    return permute(layers, f"{name}.first", value, 0, 3, 1, 2)


CONVNEXT = Architecture("convnext", {"size": Choice(tuple(SIZES))}, _write)
