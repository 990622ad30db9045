"""`skynet_stack`: SkyNet A, B or C told as a stack of bundle B09, to be compared with others."""

from __future__ import annotations

from dlscope.zoo.bundles.bundle import Act, bundle_named
from dlscope.zoo.bundles.layout import SIZE, StackedLayout
from dlscope.zoo.skynet.layout import Layout, Variant

_POOLS = (1, 2, 3)


def skynet_stack(
    variant: Variant = "C",
    *,
    width_mult: float = 1.0,
    act: Act = "relu6",
    size: tuple[int, int] = SIZE,
) -> StackedLayout:
    """The same network as `Layout(variant, width_mult, size)`.

    Raises `GraphError` for an unknown variant or width, `ShapeError` for a size that 8 does not
    divide.
    """
    layout = Layout(variant, width_mult, size)
    return StackedLayout(
        bundle_named("B09"), layout.widths, _POOLS, bypass=layout.has_bypass, act=act, size=size
    )
