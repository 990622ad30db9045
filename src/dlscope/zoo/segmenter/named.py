"""`segmenter`: a network of this folder by its name."""

from __future__ import annotations

from collections.abc import Mapping

from dlscope.core.errors import GraphError, did_you_mean
from dlscope.zoo.segmenter.deeplab_v2 import DeepLabV2
from dlscope.zoo.segmenter.light import LightSegmenter
from dlscope.zoo.segmenter.segmenter import Segmenter

SEGMENTERS: Mapping[str, type[Segmenter]] = {
    each.name: each for each in (DeepLabV2, LightSegmenter)
}


def segmenter(name: str, **options: str) -> Segmenter:
    """The network `name`, freshly initialised. Raises `GraphError` for a name that is not known."""
    if name not in SEGMENTERS:
        raise GraphError(
            f"there is no segmenter {name!r}",
            where="zoo of segmenters",
            fix=did_you_mean(name, SEGMENTERS),
        )
    return SEGMENTERS[name](**options)
