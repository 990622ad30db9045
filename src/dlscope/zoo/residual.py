"""The block of ResNets and RegNets: a branch of convolutions, added to what it reads.

    value ─┬ conv1 ─ bn1 ─ relu1 ─ conv2 ─ bn2 ─ … ┬ + ─ relu
           └ downsample, where the shape changes ──┘

He et al., "Deep Residual Learning for Image Recognition", 2015.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dlscope.zoo.blocks import Layers, Value
from dlscope.zoo.excitation import excite

# A small scale at the end of each branch keeps a deep sum of branches from growing.
_BRANCH_SCALE = 0.3


@dataclass(frozen=True)
class Convolution:
    """One convolution of a branch; with `excited`, so many channels are inside an excitation."""

    channels: int
    kernel: int
    stride: int = 1
    groups: int = 1
    excited: int = 0


Branch = Sequence[Convolution]


def bottleneck(
    inner: int, outer: int, strides: tuple[int, int], *, groups: int = 1, excited: int = 0
) -> Branch:
    """A 1×1 convolution to `inner` channels, a 3×3, and a 1×1 to `outer`; strides of the first two.

    The 3×3 is in `groups`, and excited where so many channels are given.
    """
    return (
        Convolution(inner, 1, strides[0]),
        Convolution(inner, 3, strides[1], groups, excited),
        Convolution(outer, 1),
    )


def residual_block(layers: Layers, name: str, value: Value, branch: Branch) -> Value:
    """The branch and `value`, projected where the branch changes its shape, added up; ReLU."""
    shortcut = value
    for number, each in enumerate(branch, 1):
        last = number == len(branch)
        value = layers.conv(
            f"{name}.conv{number}", value, each.channels, each.kernel, each.stride,
            groups=each.groups,
        )  # fmt: skip
        scale = _BRANCH_SCALE if last else 1.0
        value = layers.batch_norm(f"{name}.bn{number}", value, scale=scale)
        if not last:
            value = layers.activate(f"{name}.relu{number}", value, "relu")
        if each.excited:
            value = excite(layers, f"{name}.se", value, each.excited, "sigmoid")
    if shortcut.shape != value.shape:
        stride = math.prod(each.stride for each in branch)
        shortcut = layers.conv(f"{name}.downsample.0", shortcut, value.channels, 1, stride)
        shortcut = layers.batch_norm(f"{name}.downsample.1", shortcut)
    return layers.activate(f"{name}.relu", layers.add(f"{name}.add", value, shortcut), "relu")
