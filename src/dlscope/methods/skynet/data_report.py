"""What a set of images or sequences holds, in tables and a picture, and what is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import final

import numpy as np

from dlscope.core.errors import DataError
from dlscope.core.report import Finding, Report, Section
from dlscope.core.table import Column, Table
from dlscope.data.uav_image import UavImage
from dlscope.data.uav_sequence import UavSequence
from dlscope.methods.skynet.data_sheet import MOST_SHOWN, Shown, sheet
from dlscope.reporting.words import plural

CLASS_COLUMNS = (
    Column("class", "str", "class of the object", role="id"),
    Column("images", "int", "images with it", role="count"),
    Column("sub_categories", "int", "sub-categories among them", role="count"),
    Column("mean_area", "float", "mean share of the image that boxes cover", role="share"),
    Column("least_area", "float", "least share", role="share"),
    Column("most_area", "float", "greatest share", role="share"),
    Column("small", "float", "share of boxes that cover less than 1 % of the image", role="share"),
)
SEQUENCE_COLUMNS = (
    Column("sequence", "str", "name of the sequence", role="id"),
    Column("class", "str", "class of the target"),
    Column("frames", "int", "frames", role="count"),
    Column("mean_area", "float", "mean share of the image that boxes cover", role="share"),
    Column("covered", "int", "frames in which some of the target is hidden", role="count"),
    Column("absent", "int", "frames in which less than 10 % of it is visible", role="count"),
    Column("cut", "int", "frames in which some of it is outside of the image", role="count"),
)
FAULT_COLUMNS = (
    Column("file", "str", "file with the fault", role="id"),
    Column("fault", "str", "what is wrong"),
    Column("fix", "str", "how to mend it"),
)
_SMALL = 0.01
_ALL_VISIBLE = 8


@final
class Holding:
    """Counts what it is shown, and keeps the first few images for the picture."""

    def __init__(self) -> None:
        self._areas: dict[str, list[float]] = {}
        self._looks: dict[str, set[str]] = {}
        self._images: Counter[str] = Counter()
        self._sequences: list[dict[str, str | int | float | None]] = []
        self._shown: list[Shown] = []
        self.odd = 0

    def add(self, each: UavImage | UavSequence) -> None:
        """Count an image or a sequence."""
        if isinstance(each, UavImage):
            self._add_image(each)
        else:
            self._add_sequence(each)

    def report(
        self,
        title: str,
        *,
        faults: Sequence[DataError] | None = None,
        warnings: tuple[str, ...] = (),
    ) -> Report:
        """Tables `classes` or `sequences`, and `faults` where there was a check."""
        answer, table = self._sequences_told() if self._sequences else self._images_told()
        tables = [table]
        findings: tuple[Finding, ...] = ()
        if faults is not None:
            tables.append(_fault_table(faults))
            answer += f" {plural(len(faults), 'fault')}." if faults else " No fault."
            findings = _findings(faults)
        pictures = (sheet(self._shown),) if self._shown else ()
        return Report(
            title=title,
            answer=answer,
            tables=tuple(tables),
            findings=findings,
            sections=(Section("What it holds", (*tables, *pictures)),),
            warnings=warnings,
        )

    def _add_image(self, image: UavImage) -> None:
        height, width = image.image_hwc.shape[:2]
        areas = self._areas.setdefault(image.class_name, [])
        areas += [(c - a) * (d - b) / (width * height) for a, b, c, d in image.boxes]
        self._looks.setdefault(image.class_name, set()).add(image.sub_category)
        self._images[image.class_name] += 1
        self.odd += len(image.boxes) != 1
        if len(self._shown) < MOST_SHOWN:
            self._shown.append(Shown(image.image_hwc, image.boxes))

    def _add_sequence(self, sequence: UavSequence) -> None:
        first = sequence.frames[0]
        sides = sequence.boxes_xywh[:, 2:]
        self._sequences.append(
            {
                "sequence": sequence.name,
                "class": sequence.class_name,
                "frames": len(sequence.frames),
                "mean_area": float(np.mean(sides.prod(axis=1))) / (first.shape[0] * first.shape[1]),
                "covered": int((sequence.cover < _ALL_VISIBLE).sum()),
                "absent": int(sequence.absence.sum()),
                "cut": int(sequence.cut_by_image.sum()),
            }
        )
        if len(self._shown) < MOST_SHOWN:
            x, y, width, height = (float(side) for side in sequence.boxes_xywh[0])
            self._shown.append(Shown(first, ((x, y, x + width, y + height),)))

    def _images_told(self) -> tuple[str, Table]:
        rows: list[dict[str, str | int | float | None]] = []
        for name in sorted(self._images):
            areas = np.array(self._areas[name])
            rows.append(
                {
                    "class": name,
                    "images": self._images[name],
                    "sub_categories": len(self._looks[name]),
                    "mean_area": float(areas.mean()) if areas.size else None,
                    "least_area": float(areas.min()) if areas.size else None,
                    "most_area": float(areas.max()) if areas.size else None,
                    "small": float((areas < _SMALL).mean()) if areas.size else None,
                }
            )
        every = np.array([area for areas in self._areas.values() for area in areas])
        told = f"{plural(self._images.total(), 'image')}."
        if every.size:
            told = (
                f"{plural(self._images.total(), 'image')}: boxes cover {every.mean():.2%} of the "
                f"image on average, {(every < _SMALL).mean():.0%} of them less than 1 %."
            )
        return told, Table.of("classes", CLASS_COLUMNS, rows)

    def _sequences_told(self) -> tuple[str, Table]:
        frames = sum(int(row["frames"] or 0) for row in self._sequences)
        told = f"{plural(len(self._sequences), 'sequence')} of {frames} frames in all."
        return told, Table.of("sequences", SEQUENCE_COLUMNS, self._sequences)


def _fault_table(faults: Sequence[DataError]) -> Table:
    rows = [{"file": each.where, "fault": each.what, "fix": each.fix} for each in faults]
    return Table.of("faults", FAULT_COLUMNS, rows)


def _findings(faults: Sequence[DataError]) -> tuple[Finding, ...]:
    if not faults:
        return ()
    claim = f"{plural(len(faults), 'fault')} to be mended before training or scoring"
    return (Finding("bad", claim, "faults", tuple(range(len(faults)))),)
