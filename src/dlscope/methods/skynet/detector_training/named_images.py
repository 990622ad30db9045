"""Images by what they are called: `uav-synth`, or a folder as the contest or COCO has it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import numpy as np

from dlscope.core.errors import DataError
from dlscope.data.coco_detections import ANNOTATIONS, CocoImages
from dlscope.data.contest_images import ContestImages
from dlscope.data.procedural.uav import Split, UavImages
from dlscope.data.uav_image import UavImage

DRAWN = "uav-synth"


@final
@dataclass(frozen=True)
class NamedImages:
    """At most `count` of `images`, at even steps; `counts` is what was left out or changed."""

    images: UavImages | ContestImages | CocoImages
    count: int
    counts: Mapping[str, int] = field(default_factory=Counter)
    root: Path | None = None

    def made_from(self) -> dict[str, Any]:
        """What decides them: the name, size and time of each file; of drawn ones their number."""
        if self.root is None:
            return {"count": self.count}
        found = ((path, path.stat()) for path in sorted(self.root.rglob("*")) if path.is_file())
        files = [
            [path.relative_to(self.root).as_posix(), each.st_size, each.st_mtime_ns]
            for path, each in found
        ]
        return {"count": self.count, "files": files}

    def __len__(self) -> int:
        return min(self.count, len(self.images))

    def __getitem__(self, index: int) -> UavImage:
        """The image at `index`. Raises `DataError` where its files cannot be read."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        places = np.linspace(0, len(self.images) - 1, len(self)).round().astype(int)
        return self.images[int(places[index])]


def images_named(
    data: str, split: Split, count: int, *, seed: int = 0, is_split: bool = False
) -> NamedImages:
    """`count` images of a split of `uav-synth`, or of the folder with its name in a folder.

    A folder without it is taken whole, unless it has to be `is_split`: what a detector has learnt
    from says nothing about it. Raises `DataError` for what is neither.
    """
    if data == DRAWN:
        return NamedImages(UavImages(split, count, seed=seed), count)
    folder = Path(data)
    if not folder.is_dir():
        raise DataError(
            f"there are no images {data!r}",
            where="--data",
            fix=f"give {DRAWN}, or a folder of images and annotations",
        )
    part = folder / split
    if not part.is_dir():
        if is_split:
            raise DataError(
                f"there is no folder {split!r} in the set of images",
                where=str(folder),
                fix="put images to train with into train, and others to evaluate with into val",
            )
        part = folder
    read = CocoImages(part) if (part / ANNOTATIONS).is_file() else ContestImages(part)
    return NamedImages(read, count, read.counts, part)
