"""`FeatureMemory`: the features of the source that those of the target are drawn to.

Letters: B images of a batch, C channels, H, W of the map of features, K classes, N vectors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, final

import numpy as np
import torch

from dlscope.core.errors import TrainingError
from dlscope.data.scene_classes import CLASSES, IGNORED, ClassSplit
from dlscope.methods.adaptation.regions import Regions

Classify: TypeAlias = Callable[[Any], Any]
"""The head of a segmenter on vectors: [N, C] → [N, K]."""


@final
@dataclass(frozen=True)
class MemorySizes:
    """Vectors that are kept of a class of stuff, and of a thing; how many make it active.

    `full` is the rule of the paper: more were stored than there is room for.
    """

    stuff: int = 50
    things: int = 500
    least: int | Literal["full"] = "full"


@final
class FeatureMemory:
    """The newest features of each class that the network itself took for that class.

    A mean feature is stored of each class of stuff in an image, and of each of the ten largest
    instances of a thing, from pixels that are predicted right (SIM, section 3.2). Stored vectors
    are constants, and lie on `device`; how many there are is counted on the processor.
    """

    def __init__(
        self,
        channels: int,
        split: ClassSplit,
        sizes: MemorySizes | None = None,
        device: Any = "cpu",
    ) -> None:
        self._split, self._device = split, device
        self._sizes = sizes or MemorySizes()
        self._channels = channels
        self._rooms = [self._room(each) for each in range(len(CLASSES))]
        self.stored = torch.zeros(len(CLASSES), dtype=torch.int64)

    def store(self, features_bchw: Any, logits_bkhw: Any, labels_bhw: Any, head: Classify) -> None:
        """Remember what a batch of the source has; `labels` have the size of the features."""
        with torch.no_grad():
            features = features_bchw.detach().float()
            predicted = logits_bkhw.detach().argmax(dim=1)
            right = torch.where(predicted == labels_bhw, labels_bhw, IGNORED).cpu().numpy()
            for image, ids in zip(features, right, strict=True):
                self._store_image(image, ids, head)

    def vectors(self, class_id: int) -> Any:
        """What is stored of a class, [N, C], in the order of its places."""
        room = self._rooms[class_id]
        return room[: min(int(self.stored[class_id]), len(room))]

    def is_active(self, class_id: int) -> bool:
        """Whether enough is known of a class to draw anything to it."""
        stored, room = int(self.stored[class_id]), self._rooms[class_id]
        least = self._sizes.least
        return stored > len(room) if least == "full" else stored >= least

    @property
    def active(self) -> tuple[int, ...]:
        """The classes that are active."""
        return tuple(i for i in range(len(CLASSES)) if self.is_active(i))

    def state_dict(self) -> dict[str, Any]:
        """All vectors and counters."""
        return {"rooms": [room.clone() for room in self._rooms], "stored": self.stored.clone()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave. Raises `TrainingError` where sizes differ."""
        shapes = [tuple(room.shape) for room in state["rooms"]]
        if shapes != [tuple(room.shape) for room in self._rooms]:
            raise TrainingError(
                "the stored features have other sizes",
                where="memory of features",
                fix="continue with the sizes that the training began with",
            )
        self._rooms = [room.to(self._device, copy=True) for room in state["rooms"]]
        self.stored = state["stored"].clone()

    def _room(self, class_id: int) -> Any:
        is_thing = class_id in self._split.things
        size = self._sizes.things if is_thing else self._sizes.stuff
        return torch.zeros(size, self._channels).to(self._device)

    def _store_image(self, features_chw: Any, ids_hw: Any, head: Classify) -> None:
        regions = Regions.of(np.asarray(ids_hw), self._split)
        if not regions.classes:
            return
        means = regions.means(features_chw)
        taken_for = head(means).argmax(dim=1).tolist()
        for vector, class_id, taken in zip(means, regions.classes, taken_for, strict=True):
            if taken == class_id:
                room = self._rooms[class_id]
                room[int(self.stored[class_id]) % len(room)] = vector.to(room)
                self.stored[class_id] += 1
