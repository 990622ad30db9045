"""`ClassImages`: pictures whose names, or whose folders, say what they show."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, final

from dlscope.core.digest import bytes_digest, digest
from dlscope.core.errors import DataError, ManifestError, did_you_mean
from dlscope.data.base import Dataset, Item

_FIELDS = {"{label}": r"(?P<label>[^/]+?)", "{index}": r"\d+", "*": r"[^/]*"}
_OPTIONS = ("pattern", "labels")


@dataclass(frozen=True)
class _Picture:
    id: str
    path: Path
    label: int


@final
class ClassImages(Dataset):
    """The pictures below `root` that match the option `pattern`, sorted by name.

    In a pattern `{label}` is the class, `{index}` a number and `*` anything but a slash:
    `imagenet_{index}_{label}.jpg`, or `{label}/*.jpg` for a folder per class. Labels are integers,
    or names whose integers are their places in the option `labels` (without it: in their sorted
    order). An item is `(encoded bytes, {"label": int})`; a spoiled picture is handed on as it is,
    so that it fails where it is decoded.
    """

    name: ClassVar[str] = "class_images"
    _pictures: tuple[_Picture, ...]

    def _open(self) -> None:
        pattern, labels = self._options()
        if self.root is None or not self.root.is_dir():
            raise self._unreadable(
                "pictures by class are read from a folder",
                where=str(self.root or "reader class_images"),
                fix="let source name an existing folder",
            )
        found = _matches(self.root, pattern)
        if not found:
            raise self._unreadable(
                f"no file matches {pattern!r}",
                where=str(self.root),
                fix=f"correct options.pattern; {_examples(self.root)}",
            )
        classes = _classes(found, labels, self.root)
        shorten = len({Path(name).stem for name in found}) == len(found)
        self._pictures = tuple(
            _Picture(
                Path(name).stem if shorten else str(Path(name).with_suffix("").as_posix()),
                self.root / name,
                classes[found[name]],
            )
            for name in sorted(found)
        )

    def __len__(self) -> int:
        return len(self._pictures)

    def _get(self, index: int) -> Item:
        picture = self._pictures[index]
        return Item(picture.id, self._content(picture), {"label": picture.label})

    def item_id(self, index: int) -> str:
        """The file's name without its ending; with its folders where that is not unique."""
        return self._pictures[index].id

    def item_digest(self, index: int) -> str:
        """SHA-256 over the file's own SHA-256 and the target."""
        picture = self._pictures[index]
        content = bytes_digest(self._content(picture))
        return digest({"input": content, "target": {"label": picture.label}})

    def labels(self) -> Sequence[int]:
        """The class that the name of every file says."""
        return [picture.label for picture in self._pictures]

    def place(self, index: int) -> str:
        """The file, whose name says the class."""
        return str(self._pictures[index].path)

    def _content(self, picture: _Picture) -> bytes:
        try:
            return picture.path.read_bytes()
        except OSError as error:
            raise self._unreadable(
                f"item {picture.id!r} cannot be read: {error.strerror}",
                where=str(picture.path),
                fix="restore the file and allow reading it",
            ) from error

    def _options(self) -> tuple[str, list[str] | None]:
        for option in sorted(set(self.options) - set(_OPTIONS)):
            raise _wrong(option, f"unknown option {option!r}", did_you_mean(option, _OPTIONS))
        pattern, labels = self.options.get("pattern"), self.options.get("labels")
        if not isinstance(pattern, str) or pattern.count("{label}") != 1:
            fix = "write {label} once, as in imagenet_{index}_{label}.jpg or {label}/*.jpg"
            raise _wrong("pattern", f"{pattern!r} is not a pattern for names with a label", fix)
        if labels is not None and (
            not isinstance(labels, list)
            or not all(isinstance(label, str) for label in labels)
            or len(set(labels)) != len(labels)
        ):
            raise _wrong("labels", "labels are not a list of different names", "list each once")
        return pattern, labels


def _wrong(option: str, what: str, fix: str) -> ManifestError:
    return ManifestError(what, where=f"reader class_images, options.{option}", fix=fix)


def _matches(root: Path, pattern: str) -> dict[str, str]:
    """The word in the place of `{label}` by the name, relative to `root`, of each file."""
    pieces = re.split(r"(\{label\}|\{index\}|\*)", pattern)
    regex = re.compile("".join(_FIELDS.get(piece) or re.escape(piece) for piece in pieces))
    depth = "/".join("*" for _ in pattern.split("/"))
    names = sorted(path.relative_to(root).as_posix() for path in root.glob(depth))
    matches = {name: regex.fullmatch(name) for name in names}
    return {
        name: match["label"] for name, match in matches.items() if match and (root / name).is_file()
    }


def _classes(found: Mapping[str, str], labels: list[str] | None, root: Path) -> dict[str, int]:
    """The integer of each word found in the place of `{label}`."""
    words = sorted(set(found.values()))
    if labels is None and all(word.isdecimal() for word in words):
        return {word: int(word) for word in words}
    numbers = {label: number for number, label in enumerate(words if labels is None else labels)}
    for name, word in found.items():
        if word not in numbers:
            raise DataError(
                f"{word!r} is not one of the labels",
                where=str(root / name),
                fix=did_you_mean(word, numbers),
            )
    return numbers


def _examples(root: Path) -> str:
    names = sorted(path.name for path in root.iterdir())[:3]
    return f"the folder holds {', '.join(names)}" if names else "the folder is empty"
