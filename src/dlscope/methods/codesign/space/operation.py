"""`Operation`: what a block of a network may be, and the layers that this comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, final

from dlscope.core.manifest.space import OperationSpec, OperationType
from dlscope.devices.layer_shape import LayerShape, mbconv


@final
@dataclass(frozen=True, order=True)
class Operation:
    """An operation: its `type`, its `kernel` and its `expansion`, both 1 where it has none.

    mbconv     1×1 to e · C_in, k×k depthwise, 1×1 to C_out (Sandler et al., MobileNetV2, 2018)
    conv       one k×k convolution
    separable  k×k depthwise, 1×1 to C_out
    bundle     the same as a unit of SkyNet (Zhang et al., 2020), an activation after both
    skip       nothing: the input is the output
    """

    type: OperationType
    kernel: int = 1
    expansion: int = 1

    @classmethod
    def of(cls, spec: OperationSpec) -> Self:
        """The operation that a space file lists."""
        return cls(spec.type, spec.k or 1, spec.e or 1)

    @property
    def name(self) -> str:
        """Its type and what it has of kernel and expansion.

        >>> Operation("mbconv", 3, 4).name, Operation("conv", 5).name, Operation("skip").name
        ('mbconv_k3_e4', 'conv_k5', 'skip')
        """
        if self.type == "skip":
            return self.type
        expansion = f"_e{self.expansion}" if self.type == "mbconv" else ""
        return f"{self.type}_k{self.kernel}{expansion}"

    def layers(
        self, channels_in: int, channels_out: int, map_in: tuple[int, int], stride: int
    ) -> tuple[LayerShape, ...]:
        """Its layers between these channels, on a map of this height and width; none to skip."""
        match self.type:
            case "mbconv":
                shape = (channels_in, channels_out, map_in, self.kernel, self.expansion)
                return mbconv(*shape, stride=stride)
            case "conv":
                return (
                    LayerShape.conv(channels_in, channels_out, map_in, self.kernel, stride=stride),
                )
            case "separable" | "bundle":
                spread = LayerShape.depthwise(channels_in, map_in, self.kernel, stride=stride)
                return (spread, LayerShape.conv(channels_in, channels_out, spread.map_out))
            case "skip":
                return ()

    def is_residual(self, channels_in: int, channels_out: int, stride: int) -> bool:
        """Whether the input is added to the output: of mbconv, where both have one shape."""
        return self.type == "mbconv" and stride == 1 and channels_in == channels_out
