"""`SkyNet`: the detector, or its trunk, in torch.

Letters: B images, H, W their size, h = H/8, w = W/8.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, final

import torch
from numpy.typing import NDArray

from dlscope.core.errors import GraphError, did_you_mean
from dlscope.zoo.skynet.layout import SIZE, Layout, Variant, require_size
from dlscope.zoo.skynet.reorder import Reorder

Act: TypeAlias = Literal["relu", "relu6"]
ACTS: Mapping[str, type[Any]] = {"relu": torch.nn.ReLU, "relu6": torch.nn.ReLU6}
_POOLED, _BYPASS, _STEM = 3, 2, 5


@final
class Bundle(torch.nn.Module):
    """A depth-wise 3×3 and a 1×1 convolution, each normalised and activated."""

    def __init__(self, channels_in: int, channels_out: int, act: Act) -> None:
        super().__init__()
        self.depthwise = torch.nn.Conv2d(
            channels_in, channels_in, 3, padding=1, groups=channels_in, bias=False
        )
        self.depthwise_norm = torch.nn.BatchNorm2d(channels_in)
        self.pointwise = torch.nn.Conv2d(channels_in, channels_out, 1, bias=False)
        self.pointwise_norm = torch.nn.BatchNorm2d(channels_out)
        self.act = ACTS[act]()

    def forward(self, values_bchw: Any) -> Any:
        """[B, channels_out, H, W]."""
        spread = self.act(self.depthwise_norm(self.depthwise(values_bchw)))
        return self.act(self.pointwise_norm(self.pointwise(spread)))


@final
class SkyNet(torch.nn.Module):
    """The raw map of the head [B, 10, h, w]; of a trunk the features [B, 1280, h, w]."""

    def __init__(self, layout: Layout, act: Act = "relu6") -> None:
        super().__init__()
        if act not in ACTS:
            raise GraphError(
                f"SkyNet has no activation {act!r}",
                where="SkyNet, act",
                fix=did_you_mean(act, ACTS),
            )
        self.layout = layout
        self.act = act
        self.bundles = torch.nn.ModuleList(
            Bundle(spread.channels_in, mixed.channels_out, act)
            for spread, mixed in zip(layout.layers[0::2], layout.layers[1::2], strict=False)
        )
        self.pool = torch.nn.MaxPool2d(2)
        self.reorder = Reorder()
        last = layout.layers[-1]
        self.head = (
            torch.nn.Identity()
            if layout.is_trunk
            else torch.nn.Conv2d(last.channels_in, last.channels_out, 1, bias=False)
        )
        for module in self.modules():
            if isinstance(module, torch.nn.Conv2d):
                torch.nn.init.kaiming_normal_(module.weight, mode="fan_out")

    def forward(self, images_bchw: Any) -> Any:
        """The map of the head. Raises `ShapeError` for sides that are not multiples of 8."""
        require_size((int(images_bchw.shape[2]), int(images_bchw.shape[3])))
        values, around = images_bchw, None
        for index, bundle in enumerate(self.bundles[:_STEM]):
            values = bundle(values)
            if index == _BYPASS:
                around = values
            if index < _POOLED:
                values = self.pool(values)
        if self.layout.has_bypass:
            values = torch.cat([self.reorder(around), values], dim=1)
        for bundle in self.bundles[_STEM:]:
            values = bundle(values)
        return self.head(values)


def build(
    variant: Variant = "C",
    act: Act = "relu6",
    width_mult: float = 1.0,
    input: tuple[int, int] = SIZE,
    *,
    trunk: bool = False,
) -> SkyNet:
    """A SkyNet, freshly initialised (He et al. 2015, by outputs).

    Raises `GraphError` for an unknown variant, activation or width, and `ShapeError` for a size
    that 8 does not divide.
    """
    return SkyNet(Layout(variant, width_mult, input, is_trunk=trunk), act)


def state_of(network: Any) -> dict[str, NDArray[Any]]:
    """Every array of the network by its name, without counters of batches seen."""
    return {
        name: value.detach().cpu().numpy()
        for name, value in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }


def load_state(network: Any, state: Mapping[str, NDArray[Any]]) -> None:
    """Put arrays by name into the network. Raises `GraphError` for names or shapes that differ."""
    own = state_of(network)
    wrong = sorted(own.keys() ^ state.keys())
    wrong += sorted(
        name for name in own.keys() & state.keys() if own[name].shape != state[name].shape
    )
    if wrong:
        raise GraphError(
            f"weights do not fit the network at {wrong[0]!r} and {len(wrong) - 1} more",
            where="SkyNet, weights",
            fix="build the variant and width that the weights are of",
        )
    network.load_state_dict(
        {name: torch.from_numpy(value.copy()) for name, value in state.items()}, strict=False
    )
