"""`check_data`: every fault in the files of a set, before it is trained on or scored by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal, TypeAlias

from dlscope.core.errors import DataError
from dlscope.core.report import Report
from dlscope.data.coco_detections import CocoImages
from dlscope.data.contest_images import ContestImages
from dlscope.data.got10k_folder import read_sequence, sequence_names
from dlscope.data.procedural.uav.record import recorded
from dlscope.data.uav_image import UavImage
from dlscope.data.uav_sequence import UavSequence
from dlscope.methods.skynet.data_report import Holding
from dlscope.reporting.words import plural

Layout: TypeAlias = Literal["coco", "dac-sdc", "got10k"]
Told: TypeAlias = Callable[[str, float], None]
_Read: TypeAlias = Callable[[], UavImage | UavSequence]
_CHANGES = (
    ("grey", "is grey and is", "are grey and are", "repeated for each channel"),
    ("alpha", "has an alpha channel, which is", "have an alpha channel, which is", "left out"),
)


def check_data(
    root: Path, layout: Layout, *, strict: bool = False, told: Told = lambda _step, _share: None
) -> Report:
    """Read every file of a set; the table `faults` tells each one that is wrong.

    With `strict` the first fault is raised. Raises `DataError` where there is no set at all.
    """
    _require_layout(root, layout)
    holding = Holding()
    faults: list[DataError] = []
    reads, counts = _reads(root, layout)
    for number, read in enumerate(reads):
        told(f"reading {plural(len(reads), 'item')} of {root.name}", number / len(reads))
        try:
            holding.add(read())
        except DataError as fault:
            if strict:
                raise
            faults.append(fault)
    warnings = _warnings(counts)
    if layout == "dac-sdc" and holding.odd:
        warnings += (
            f"{plural(holding.odd, 'annotation')} without exactly one usable object: training "
            "takes what there is, the contest scores by one",
        )
    return holding.report(f"Data set {root.name}", faults=faults, warnings=warnings)


def _require_layout(root: Path, layout: Layout) -> None:
    """Raise `DataError` where there is no folder, and for a drawn set of another layout."""
    if not root.is_dir():
        raise DataError(
            "there is no such folder",
            where=str(root),
            fix="name a folder with a set, drawn or your own",
        )
    asked = recorded(root)
    drawn = asked.get("layout", layout) if isinstance(asked, dict) else layout
    if drawn != layout:
        raise DataError(
            f"the set was drawn in the layout {drawn}, not in {layout}",
            where=str(root),
            fix=f"check it with --layout {drawn}",
        )


def _reads(root: Path, layout: Layout) -> tuple[list[_Read], Counter[str]]:
    """What reads each item, and what is counted while they do."""
    if layout == "got10k":
        names = sequence_names(root)
        return [partial(_read_whole, root, name) for name in names], Counter()
    images = CocoImages(root) if layout == "coco" else ContestImages(root)
    return [partial(images.__getitem__, index) for index in range(len(images))], images.counts


def _read_whole(root: Path, name: str) -> UavSequence:
    """A sequence, each of whose frames has been decoded."""
    sequence = read_sequence(root, name)
    for t in range(len(sequence.frames)):
        sequence.frames[t]
    return sequence


def _warnings(counts: Counter[str]) -> tuple[str, ...]:
    said = []
    if counts["boxes"]:
        what = "boxes" if counts["boxes"] > 1 else "box"
        said.append(
            f"{counts['boxes']} {what} left out: without area, outside the image or below 1 px²"
        )
    for key, one, several, end in _CHANGES:
        if counts[key]:
            verb = one if counts[key] == 1 else several
            said.append(f"{plural(counts[key], 'image')} {verb} {end}")
    return tuple(said)
