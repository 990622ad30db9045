"""`Segmenter`: features and logits of an image, and the classes of single features.

Letters: B images, H, W their size, C channels of features, h, w their map, K classes, N vectors.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, final

import torch

CLASSES = 19


class Segmenter(torch.nn.Module):
    """A network that a scene is segmented with; a network fills in `_features` and `_head`.

    `channels` of its features, `mean` and `scale` of its input: (x − mean) · scale on values of
    0…255, blue first where `is_bgr`. `aligns_corners`: how its logits are enlarged.
    `judged_share`: the side of the map that a discriminator sees, as a share of the image's.
    `has_batch_statistics`: looking at images in training changes it, without any gradient.
    """

    name: ClassVar[str]
    channels: ClassVar[int]
    mean: ClassVar[tuple[float, float, float]]
    scale: ClassVar[float]
    is_bgr: ClassVar[bool] = False
    aligns_corners: ClassVar[bool] = False
    judged_share: ClassVar[float] = 1.0
    has_batch_statistics: ClassVar[bool] = False

    @property
    @final
    def device(self) -> Any:
        """Where the weights are, and images have to be."""
        return next(self.parameters()).device

    @final
    def forward(self, images_bchw: Any) -> tuple[Any, Any]:
        """Features [B, C, h, w], and logits [B, K, h, w] of them."""
        features = self._features(images_bchw)
        return features, self._head(features)

    @final
    def classify(self, vectors_nc: Any) -> Any:
        """The logits [N, K] of features: the head on a map of 1×1, with nothing around it."""
        return self._head(vectors_nc[:, :, None, None])[:, :, 0, 0]

    @final
    def enlarged(self, logits_bkhw: Any, size: tuple[int, int]) -> Any:
        """Logits at another size, bilinear."""
        return torch.nn.functional.interpolate(
            logits_bkhw, size=size, mode="bilinear", align_corners=self.aligns_corners
        )

    @final
    def judged_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """The size of the map that a discriminator sees of an image of `size`."""
        height, width = size
        return round(self.judged_share * height), round(self.judged_share * width)

    @abstractmethod
    def head_parameters(self) -> list[Any]:
        """The weights of the head, which may learn faster than the others."""

    @abstractmethod
    def _features(self, images_bchw: Any) -> Any: ...

    @abstractmethod
    def _head(self, features_bchw: Any) -> Any: ...
