"""`SceneFolder`: images of scenes with a class for each pixel, as a data set to evaluate on."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, cast, final, get_args

from dlscope.core.digest import bytes_digest, digest
from dlscope.core.errors import ManifestError, did_you_mean
from dlscope.data.base import Dataset, Item
from dlscope.data.labelled_scenes import (
    LabelledImage,
    SceneFormat,
    label_form,
    require_labels,
    scene_images,
)
from dlscope.data.scene_classes import IGNORED
from dlscope.data.scene_files import LabelForm, read_labels

_OPTIONS = ("format", "split", "labels")


@final
class SceneFolder(Dataset):
    """The labelled images below `root`, in the layout of the option `format`.

    `format` is cityscapes, gta5, synthia or folder, `split` a part such as val, `labels` the form
    of the ids where it is not the format's own. An item is `(encoded bytes, {"mask": ids of
    training [H][W], "ignore": 255})`.
    """

    name: ClassVar[str] = "labelled_scenes"
    _images: tuple[LabelledImage, ...]
    _form: LabelForm

    def _open(self) -> None:
        for option in sorted(set(self.options) - set(_OPTIONS)):
            raise _wrong(option, f"unknown option {option!r}", did_you_mean(option, _OPTIONS))
        format = self.options.get("format")
        if format not in get_args(SceneFormat):
            known = ", ".join(get_args(SceneFormat))
            raise _wrong("format", f"{format!r} is no format of scenes", f"use one of {known}")
        if self.root is None or not self.root.is_dir():
            raise self._unreadable(
                "labelled scenes are read from a folder",
                where=str(self.root or "reader labelled_scenes"),
                fix="let source name an existing folder",
            )
        split = self.options.get("split", "")
        format = cast("SceneFormat", format)
        self._images = require_labels(scene_images(self.root, format, split))
        self._form = label_form(format, self.options.get("labels"))

    def __len__(self) -> int:
        return len(self._images)

    def _get(self, index: int) -> Item:
        image = self._images[index]
        return Item(self.item_id(index), self._content(image.image), self._target(image))

    def item_id(self, index: int) -> str:
        """The path of the image below the folder of images, without its ending."""
        return str(Path(self._images[index].name).with_suffix("").as_posix())

    def item_digest(self, index: int) -> str:
        """SHA-256 over those of both files."""
        image = self._images[index]
        contents = [bytes_digest(self._content(path)) for path in (image.image, image.labels)]
        return digest({"image": contents[0], "labels": contents[1], "form": self._form})

    def _target(self, image: LabelledImage) -> dict[str, Any]:
        return {"mask": read_labels(image.labels, self._form).tolist(), "ignore": IGNORED}

    def _content(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise self._unreadable(
                f"a file cannot be read: {error.strerror}",
                where=str(path),
                fix="restore the file and allow reading it",
            ) from error


def _wrong(option: str, what: str, fix: str) -> ManifestError:
    return ManifestError(what, where=f"reader labelled_scenes, options.{option}", fix=fix)
