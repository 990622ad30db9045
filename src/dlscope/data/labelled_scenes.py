"""Where the images and labels of scenes are, for each of the formats in use.

cityscapes   leftImg8bit/SPLIT/CITY/…_leftImg8bit.png     gtFine/SPLIT/CITY/…_gtFine_labelIds.png
gta5         images/00001.png                             labels/00001.png
synthia      RGB/0000000.png                              GT/LABELS/0000000.png
folder       images/**                                    labels/** of the same name
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, final

from dlscope.core.errors import DataError, did_you_mean
from dlscope.data.scene_files import LabelForm

SceneFormat: TypeAlias = Literal["cityscapes", "gta5", "synthia", "folder"]
OnBad: TypeAlias = Literal["refuse", "skip"]
_IMAGES = (".png", ".jpg", ".jpeg")
_LISTED = 5


@final
@dataclass(frozen=True)
class LabelledImage:
    """One image, named by its path below the folder of images; `labels` where they should be."""

    name: str
    image: Path
    labels: Path


@final
@dataclass(frozen=True)
class _Layout:
    """The folder of images, what is in it, where the labels of an image are, and their form."""

    images: str
    labels: str
    form: LabelForm
    labels_of: Callable[[Path, str], Path]
    expected: str


def scene_images(
    root: Path,
    format: SceneFormat,
    split: str = "",
    *,
    listed: Path | None = None,
    labels_folder: str = "",
) -> tuple[LabelledImage, ...]:
    """The images of a data set in the order of their names, or of a file that lists them.

    `labels_folder` takes the place of the folder of labels that the format has.

    Raises `DataError` where there are none, with the layout that is expected and what is there,
    and for a listed image that is missing.
    """
    layout = _layout(format)
    folder = root / layout.images / split
    names = _listed_names(listed, folder) if listed else _found_names(folder, format)
    if not names:
        raise DataError(
            f"there are no images of format {format}",
            where=str(root),
            fix=f"expected {layout.expected.format(split=split or 'SPLIT')}; {_contents(root)}",
        )
    below = root / (labels_folder or layout.labels) / split
    return tuple(
        LabelledImage(name, folder / name, layout.labels_of(below, name)) for name in names
    )


def label_form(format: SceneFormat, labels: LabelForm | None = None) -> LabelForm:
    """The form of the labels of a format, unless another is asked for."""
    return labels or _layout(format).form


def require_labels(
    images: Sequence[LabelledImage], on_bad: OnBad = "refuse"
) -> tuple[LabelledImage, ...]:
    """Those of `images` that have labels. Raises `DataError` naming some that have none."""
    missing = [each for each in images if not each.labels.is_file()]
    if missing and on_bad == "refuse":
        names = ", ".join(str(each.labels) for each in missing[:_LISTED])
        raise DataError(
            f"{len(missing)} of {len(images)} images have no labels: {names}",
            where="labelled scenes",
            fix="restore the files, or leave these images out with --on-bad skip",
        )
    gone = {each.name for each in missing}
    return tuple(each for each in images if each.name not in gone)


def _cityscapes_labels(below: Path, name: str) -> Path:
    stem = name.removesuffix("_leftImg8bit.png")
    usual = below / f"{stem}_gtFine_labelIds.png"
    of_training = below / f"{stem}_gtFine_labelTrainIds.png"
    return of_training if of_training.is_file() and not usual.is_file() else usual


def _synthia_labels(below: Path, name: str) -> Path:
    """The published file, or the one of 8 bits that others derived from it."""
    derived = below.parent.parent / "synthia_mapped_to_cityscapes" / name
    published = below / name
    return derived if derived.is_file() and not published.is_file() else published


def _same_name(below: Path, name: str) -> Path:
    return below / name


def _same_stem(below: Path, name: str) -> Path:
    return (below / name).with_suffix(".png")


_LAYOUTS: Mapping[str, _Layout] = {
    "cityscapes": _Layout(
        "leftImg8bit",
        "gtFine",
        "label_id",
        _cityscapes_labels,
        "leftImg8bit/{split}/CITY/ID_leftImg8bit.png and "
        "gtFine/{split}/CITY/ID_gtFine_labelIds.png",
    ),
    "gta5": _Layout(
        "images", "labels", "label_id", _same_name, "images/00001.png and labels/00001.png"
    ),
    "synthia": _Layout(
        "RGB", "GT/LABELS", "synthia", _synthia_labels, "RGB/0000000.png and GT/LABELS/0000000.png"
    ),
    "folder": _Layout(
        "images", "labels", "train_id", _same_stem, "images/NAME.png and labels/NAME.png"
    ),
}


def _layout(format: str) -> _Layout:
    if format not in _LAYOUTS:
        raise DataError(
            f"there is no format {format!r}",
            where="labelled scenes",
            fix=did_you_mean(format, _LAYOUTS),
        )
    return _LAYOUTS[format]


def _found_names(folder: Path, format: SceneFormat) -> list[str]:
    ending = "_leftImg8bit.png" if format == "cityscapes" else ""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.suffix.lower() in _IMAGES and path.name.endswith(ending)
    )


def _listed_names(listed: Path, folder: Path) -> list[str]:
    try:
        names = [line.strip() for line in listed.read_text().splitlines() if line.strip()]
    except OSError as error:
        raise DataError(
            f"the list of images cannot be read: {error.strerror}",
            where=str(listed),
            fix="give a text file with the path of an image in each line",
        ) from None
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise DataError(
            f"{len(missing)} listed images are missing: {', '.join(missing[:_LISTED])}",
            where=str(listed),
            fix=f"list paths below {folder}",
        )
    return names


def _contents(root: Path) -> str:
    if not root.is_dir():
        return "there is no such folder"
    names = sorted(path.name for path in root.iterdir())[:_LISTED]
    return f"found {', '.join(names)}" if names else "the folder is empty"
