"""`Bundle`: one to three convolutions in a row, each normalised and activated; all `BUNDLES`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

from dlscope.core.errors import GraphError, did_you_mean

Act: TypeAlias = Literal["relu", "relu4", "relu6", "relu8"]
BOUNDS: Mapping[str, float | None] = {"relu": None, "relu4": 4.0, "relu6": 6.0, "relu8": 8.0}
"""Where each activation is cut off above; None is nowhere."""


@final
@dataclass(frozen=True)
class Component:
    """A convolution of `kernel` × `kernel`, over all channels or over each by itself."""

    kind: Literal["conv", "depthwise"]
    kernel: int

    @property
    def name(self) -> str:
        """Such as `Conv1` or `DW3`."""
        return f"{'DW' if self.kind == 'depthwise' else 'Conv'}{self.kernel}"


@final
@dataclass(frozen=True)
class Bundle:
    """Components in their order; the first over all channels leads to the channels of the bundle.

    A component of each channel by itself keeps the channels that come to it.
    """

    id: str
    components: tuple[Component, ...]

    def channels(self, channels_in: int, channels_out: int) -> tuple[tuple[int, int], ...]:
        """Channels into and out of each component."""
        found: list[tuple[int, int]] = []
        at = channels_in
        for component in self.components:
            behind = channels_out if component.kind == "conv" else at
            found.append((at, behind))
            at = behind
        return tuple(found)

    def __str__(self) -> str:
        return "→".join(component.name for component in self.components)


_CONV1, _CONV3, _CONV5 = (Component("conv", kernel) for kernel in (1, 3, 5))
_DW3, _DW5, _DW7 = (Component("depthwise", kernel) for kernel in (3, 5, 7))
_ENUMERATED: tuple[tuple[Component, ...], ...] = (
    (_CONV3,),
    (_CONV5,),
    (_CONV1,),
    (_CONV1, _CONV3),
    (_CONV3, _CONV1),
    (_CONV3, _CONV3),
    (_CONV1, _CONV5),
    (_CONV5, _CONV1),
    (_DW3, _CONV1),
    (_DW5, _CONV1),
    (_DW7, _CONV1),
    (_CONV1, _DW3),
    (_CONV1, _DW3, _CONV1),
    (_CONV1, _DW5, _CONV1),
    (_CONV1, _CONV3, _CONV1),
    (_DW3, _CONV1, _CONV1),
    (_DW3, _DW3, _CONV1),
    (_DW3, _CONV3),
)
BUNDLES: tuple[Bundle, ...] = tuple(
    Bundle(f"B{number:02d}", components) for number, components in enumerate(_ENUMERATED, start=1)
)
"""B01 … B18: single ones, pairs, triples. SkyNet is made of B09."""


def bundle_named(name: str) -> Bundle:
    """The bundle with this id. Raises `GraphError` for another."""
    found = {bundle.id: bundle for bundle in BUNDLES}
    if name not in found:
        raise GraphError(
            f"there is no bundle {name!r}", where="bundles", fix=did_you_mean(name, found)
        )
    return found[name]
