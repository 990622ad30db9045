"""EfficientNet-Lite 0, 1 and 2: image classifiers of mobile inverted bottleneck blocks.

    input N×3×S×S ─ stem ─ 7 stages of blocks ─ head ─ average ─ classifier ─ logits N×1000

A block widens by a 1×1 convolution, filters each channel by a k×k one, and narrows by a 1×1 one.
Batch normalisation is folded into the convolutions: γ·(W*x − μ)/√(σ² + ε) + β is a convolution
with W·γ/√(σ² + ε) and bias β − μ·γ/√(σ² + ε). Architecture: Tan and Le, "EfficientNet", 2019, in
the Lite form published by its authors, which has no squeeze-and-excitation and uses ReLU6.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from dlscope.graph.builder import GraphBuilder, serialize
from dlscope.graph.checkpoint import read_checkpoint
from dlscope.zoo.network import choose, require_weights
from dlscope.zoo.weights import Weights

STEM_CHANNELS = 32
HEAD_CHANNELS = 1280
CLASSES = 1000
BN_EPSILON = 1e-3


@dataclass(frozen=True)
class Variant:
    """What differs between the sizes: pixels of a side, and of each stage channels and blocks."""

    side: int
    channels: tuple[int, ...]
    repeats: tuple[int, ...]


@dataclass(frozen=True)
class Stage:
    """What the sizes share: kernel, stride of the first block, and how far a block widens."""

    kernel: int
    stride: int
    expansion: int


STAGES = (
    Stage(3, 1, 1),
    Stage(3, 2, 6),
    Stage(5, 2, 6),
    Stage(3, 2, 6),
    Stage(5, 1, 6),
    Stage(5, 2, 6),
    Stage(3, 1, 6),
)
VARIANTS: Mapping[str, Variant] = {
    "0": Variant(224, (16, 24, 40, 80, 112, 192, 320), (1, 2, 2, 3, 3, 4, 1)),
    "1": Variant(240, (16, 24, 40, 80, 112, 192, 320), (1, 3, 3, 4, 4, 5, 1)),
    "2": Variant(260, (16, 24, 48, 88, 120, 208, 352), (1, 3, 3, 4, 4, 5, 1)),
}


def build(weights: Path | None, options: Mapping[str, str]) -> bytes:
    """The ONNX file of EfficientNet-Lite `options["variant"]`: `input` float32 → `logits`.

    `input` is N×3×S×S, RGB scaled by (x − 127)/128, S = 224, 240 or 260; `logits` is N×1000.
    Raises `GraphError` for another variant and for weights with a key missing or left over.
    """
    name = choose("efficientnet_lite", options, "variant", VARIANTS)
    variant = VARIANTS[name]
    weights = require_weights("efficientnet_lite", weights)
    arrays = Weights(read_checkpoint(weights), where=str(weights))
    graph = GraphBuilder(f"efficientnet_lite{name}")
    graph.input("input", "float32", ("N", 3, variant.side, variant.side))
    graph.constant("zero", np.float32(0))
    graph.constant("six", np.float32(6))
    _Network(graph, arrays, variant.side).write(variant)
    graph.output("logits", "float32", ("N", CLASSES))
    # Counters of training steps, of no use afterwards.
    arrays.finish(unused=lambda key: key.endswith(".num_batches_tracked"))
    return serialize(graph.finish())


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Elements added before and after an axis of `size` so that ⌈size/stride⌉ come out.

    TensorFlow's "SAME" rule: max((⌈n/s⌉ − 1)·s + k − n, 0) in all, the smaller half first.
    A 3-wide kernel of stride 2 on 224 elements gets (0, 1), a 5-wide one (1, 2).
    """
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


@final
class _Network:
    """Writes the network into a graph, keeping the last value and its size as it goes."""

    def __init__(self, graph: GraphBuilder, weights: Weights, side: int) -> None:
        self._graph = graph
        self._weights = weights
        self._value = "input"
        self._channels = 3
        self._side = side

    def write(self, variant: Variant) -> None:
        self._convolution("_conv_stem", "_bn0", STEM_CHANNELS, kernel=3, stride=2)
        self._relu6("_conv_stem")
        index = 0
        for stage, channels, repeats in zip(STAGES, variant.channels, variant.repeats, strict=True):
            for repeat in range(repeats):
                stride = stage.stride if repeat == 0 else 1
                self._block(f"_blocks.{index}", stage, channels, stride)
                index += 1
        self._convolution("_conv_head", "_bn1", HEAD_CHANNELS)
        self._relu6("_conv_head")
        self._classifier()

    def _block(self, name: str, stage: Stage, channels: int, stride: int) -> None:
        shortcut, width = self._value, self._channels
        if stage.expansion > 1:
            wide = width * stage.expansion
            self._convolution(f"{name}._expand_conv", f"{name}._bn0", wide)
            self._relu6(f"{name}._expand_conv")
        depthwise = f"{name}._depthwise_conv"
        self._convolution(
            depthwise, f"{name}._bn1", self._channels, stage.kernel, stride, groups=self._channels
        )
        self._relu6(depthwise)
        self._convolution(f"{name}._project_conv", f"{name}._bn2", channels)
        if stride == 1 and width == channels:
            self._value = self._graph.node("Add", [self._value, shortcut], output=f"{name}.add")

    def _convolution(
        self, name: str, bn: str, channels: int, kernel: int = 1, stride: int = 1, groups: int = 1
    ) -> None:
        take = self._weights.take
        weight = take(f"{name}.weight", channels, self._channels // groups, kernel, kernel)
        scale = take(f"{bn}.weight", channels)
        scale = scale / np.sqrt(take(f"{bn}.running_var", channels) + BN_EPSILON)
        bias = take(f"{bn}.bias", channels) - take(f"{bn}.running_mean", channels) * scale
        folded = (weight * scale[:, None, None, None]).astype(np.float32)
        before, after = same_padding(self._side, kernel, stride)
        parameters = [
            self._graph.constant(f"{name}.weight", folded),
            self._graph.constant(f"{name}.bias", bias.astype(np.float32)),
        ]
        self._value = self._graph.node(
            "Conv",
            [self._value, *parameters],
            output=name,
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=[before, before, after, after],
            group=groups,
        )
        self._channels = channels
        self._side = -(-self._side // stride)

    def _relu6(self, name: str) -> None:
        self._value = self._graph.node("Clip", [self._value, "zero", "six"], output=f"{name}.relu6")

    def _classifier(self) -> None:
        graph, take = self._graph, self._weights.take
        weight = take("_fc.weight", CLASSES, HEAD_CHANNELS).astype(np.float32)
        bias = take("_fc.bias", CLASSES).astype(np.float32)
        pooled = graph.node("GlobalAveragePool", [self._value], output="average")
        flat = graph.node("Flatten", [pooled], output="features", axis=1)
        parameters = [graph.constant("_fc.weight", weight), graph.constant("_fc.bias", bias)]
        graph.node("Gemm", [flat, *parameters], output="logits", transB=1)
