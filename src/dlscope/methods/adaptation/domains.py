"""`Domains`: what an adaptation trains on and is judged by."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self, final

import numpy as np

from dlscope.core.errors import DataError
from dlscope.data.scene_files import Pixels
from dlscope.methods.adaptation.options import STRONG_MATCHING, AdaptationOptions
from dlscope.methods.adaptation.pictures import DomainFolder, Pictures
from dlscope.methods.adaptation.translating import translated

HELD_OUT = "gtFine_heldout"


@final
@dataclass(frozen=True)
class Domains:
    """Folders of both domains.

    No labels of the target's training images are opened but by an oracle; those of its validation
    images judge, and choose nothing.
    """

    source: DomainFolder
    source_val: DomainFolder
    target: DomainFolder
    target_val: DomainFolder
    options: AdaptationOptions
    target_labelled: DomainFolder | None = None

    @classmethod
    def of_scenes(cls, root: Path, options: AdaptationOptions) -> Self:
        """The pair of domains that `write_scenes` wrote. Raises `DataError` without the folder."""
        if not root.is_dir():
            raise DataError(
                "there are no scenes",
                where=str(root),
                fix=f"draw them: dlscope adapt make-scenes {root}",
            )
        source, target = root / "source", root / "target"
        return cls(
            source=DomainFolder(source),
            source_val=DomainFolder(source, split="val"),
            target=DomainFolder(target),
            target_val=DomainFolder(target, split="val"),
            options=options,
            target_labelled=DomainFolder(target, labels_folder=HELD_OUT),
        )

    @cached_property
    def source_pictures(self) -> Pictures:
        """Labelled images to train on, in the colors of the target where that is asked for."""
        pictures = self._read(self.source, is_labelled=True)
        if self.options.translate != "none":
            pictures.restyle(self._in_colors_of_the_target)
        return pictures

    @cached_property
    def target_pictures(self) -> Pictures:
        """Images to adapt to, without labels."""
        return self._read(self.target, is_labelled=False)

    @cached_property
    def target_pictures_with_labels(self) -> Pictures:
        """The same with labels, which only an oracle asks for."""
        return self._read(self.target_labelled or self.target, is_labelled=True)

    @cached_property
    def source_judges(self) -> Pictures:
        """Labelled images of the source that were not trained on."""
        return self._read(self.source_val, is_labelled=True)

    @cached_property
    def target_judges(self) -> Pictures:
        """Labelled images of the target that were not trained on."""
        return self._read(self.target_val, is_labelled=True)

    def warnings(self) -> tuple[str, ...]:
        """What is strange about the folders, and about the images that were read so far."""
        same = self.source.root.resolve() == self.target.root.resolve()
        said = [f"source and target are the same folder, {self.source.root}"] if same else []
        strongest = max(self.options.weights.stuff, self.options.weights.instance)
        if strongest > STRONG_MATCHING:
            said.append(f"matching with λ {strongest:g}: above {STRONG_MATCHING:g} it did harm")
        for name in ("source_pictures", "target_pictures"):
            read = vars(self).get(name)
            domain = name.removesuffix("_pictures")
            said += [f"{domain}: {each}" for each in (read.warnings() if read else ())]
        return tuple(said)

    def _in_colors_of_the_target(self, index: int, image: Pixels) -> Pixels:
        """The source image at `index` in the colors of an image of the target, always the same."""
        draw = np.random.default_rng((self.options.seed, index))
        chosen = int(draw.integers(len(self.target_pictures)))
        return translated(image, self.target_pictures.image(chosen), self.options.translate)

    def _read(self, folder: DomainFolder, *, is_labelled: bool) -> Pictures:
        return Pictures(folder, self.options.size, is_labelled=is_labelled)
