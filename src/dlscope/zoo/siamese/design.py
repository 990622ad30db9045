"""`Design`: which Siamese tracker, from trunk to branches, and the sizes of its crops."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias, final, get_args

from dlscope.core.errors import GraphError, ShapeError, did_you_mean, raise_all
from dlscope.zoo.siamese.anchors import STRIDE, scale_for

TrunkName: TypeAlias = Literal["skynet", "resnet50", "alexnet", "mobilenet_v2"]
TRUNKS: tuple[TrunkName, ...] = get_args(TrunkName)
_LEVELS: Mapping[str, frozenset[int]] = {
    "skynet": frozenset({5}),
    "resnet50": frozenset({2, 3, 4}),
    "alexnet": frozenset({5}),
    "mobilenet_v2": frozenset({3, 5, 7}),
}
_LEAST_TEMPLATE = {"skynet": 48, "resnet50": 63, "alexnet": 103, "mobilenet_v2": 63}
"""Below, the features are smaller than the kernels of the branches."""


@final
@dataclass(frozen=True)
class Design:
    """A tracker: its `trunk`, the stages that heads stand on, and what the heads are like.

    Several `levels` have one head each (SiamRPN++). `width` scales the channels of the trunk,
    `hidden` are the channels of every branch, `pre_adjust` those of one more 1×1 convolution
    before the adjustment (the released SkyNet tracker has 1000). `template` and `search` are the
    sides of the crops in pixels. Raises `GraphError` for what is unknown, `ShapeError` for sides
    that the trunk cannot take.
    """

    trunk: TrunkName = "skynet"
    levels: tuple[int, ...] = (5,)
    template: int = 128
    search: int = 256
    hidden: int = 256
    width: float = 1.0
    pre_adjust: int | None = None
    has_mask: bool = False

    def __post_init__(self) -> None:
        if self.trunk not in TRUNKS:
            raise GraphError(
                f"there is no trunk {self.trunk!r} for trackers",
                where="tracker, trunk",
                fix=did_you_mean(str(self.trunk), TRUNKS),
            )
        unknown = sorted(set(self.levels) - _LEVELS[self.trunk])
        if unknown or not self.levels:
            known = ", ".join(map(str, sorted(_LEVELS[self.trunk])))
            raise GraphError(
                f"{self.trunk} has no stage {unknown[0]}" if unknown else "a head needs a stage",
                where="tracker, levels",
                fix=f"use some of {known}",
            )
        if not (self.hidden >= 1 and math.isfinite(self.width) and self.width > 0):
            raise GraphError(
                f"{self.hidden} channels at width {self.width:g} are no tracker",
                where="tracker, hidden and width",
                fix="give at least one channel and a width above 0, such as 64 and 0.5",
            )
        raise_all(list(self._side_problems()))

    @property
    def anchor_scale(self) -> int:
        """Scale of the anchors, such that a target fits them."""
        return scale_for(self.template)

    @property
    def crops_centre(self) -> bool:
        """Whether only the middle of the template's features is correlated."""
        return self.trunk != "alexnet"

    def to_json(self) -> dict[str, Any]:
        """All fields as plain data, to be kept beside weights."""
        return asdict(self) | {"levels": list(self.levels)}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Design:
        """The design that `to_json` told. Raises `GraphError` for fields of another thing."""
        try:
            return cls(**{**fields, "levels": tuple(fields["levels"])})
        except (TypeError, KeyError) as error:
            raise GraphError(
                "these are not the fields of a tracker",
                where="tracker, design",
                fix="give weights that `dlscope skynet track --train` wrote",
            ) from error

    def _side_problems(self) -> list[ShapeError]:
        problems = []
        for name, side in (("template", self.template), ("search", self.search)):
            if self.trunk == "skynet" and side % STRIDE:
                lower = STRIDE * (side // STRIDE)
                problems.append(
                    ShapeError(
                        f"{name} {side} is not a multiple of {STRIDE}",
                        where=f"tracker, side of the {name}",
                        fix=f"use {lower} or {lower + STRIDE}",
                    )
                )
        least = _LEAST_TEMPLATE[self.trunk]
        if not least <= self.template < self.search:
            problems.append(
                ShapeError(
                    f"a template of {self.template} in a search of {self.search} is no tracker",
                    where="tracker, sides of the crops",
                    fix=f"use a template of at least {least} and a larger search, such as 128 "
                    "and 256",
                )
            )
        return problems


_RESNET: Mapping[str, Any] = {"trunk": "resnet50", "template": 127, "search": 255}
_MOBILENET: Mapping[str, Any] = {"trunk": "mobilenet_v2", "template": 127, "search": 255}
_SMALL: Mapping[str, Any] = {"template": 64, "search": 128, "hidden": 64, "width": 0.5}
_SMALL_ODD = {**_SMALL, "template": 63, "search": 127, "width": 0.25}
_SMALL_ALEXNET = {**_SMALL_ODD, "template": 103, "search": 199}
"""Without padding AlexNet leaves too little of smaller crops; the response is 13×13 like theirs."""
DESIGNS: Mapping[str, Design] = {
    "siamrpn-skynet": Design(),
    "siamrpn-skynet-small": Design(**_SMALL),
    "siamrpn-resnet50": Design(levels=(3,), **_RESNET),
    "siamrpn-alexnet": Design(trunk="alexnet", template=127, search=287),
    "siamrpn-mobilenet_v2": Design(levels=(7,), **_MOBILENET),
    "siamrpn++-resnet50": Design(levels=(2, 3, 4), **_RESNET),
    "siamrpn++-mobilenet_v2": Design(levels=(3, 5, 7), **_MOBILENET),
    "siammask-skynet": Design(pre_adjust=1000, has_mask=True),
    "siammask-resnet50": Design(levels=(3,), has_mask=True, **_RESNET),
    "siammask-skynet-small": Design(has_mask=True, **_SMALL),
    "siamrpn-resnet50-small": Design(trunk="resnet50", levels=(3,), **_SMALL_ODD),
    "siamrpn-alexnet-small": Design(trunk="alexnet", **_SMALL_ALEXNET),
    "siamrpn-mobilenet_v2-small": Design(trunk="mobilenet_v2", levels=(7,), **_SMALL_ODD),
}
"""Trackers by name; the counts of those with SkyNet and ResNet-50 are those of the papers.

Small ones are trained on a processor in minutes: half the crops, 64 channels in every branch, and
half the width of SkyNet, a quarter of that of the others.
"""


def named_design(name: str) -> Design:
    """A tracker by name. Raises `GraphError` for an unknown one."""
    if name not in DESIGNS:
        raise GraphError(
            f"there is no tracker {name!r}",
            where="tracker, design",
            fix=did_you_mean(name, DESIGNS),
        )
    return DESIGNS[name]
