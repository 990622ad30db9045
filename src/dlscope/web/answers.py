"""`ShownAnswer`: what a run answered to an item, by the type of its output."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlscope import api
from dlscope.core.units import format_number
from dlscope.reporting.json import finite
from dlscope.reporting.theme import SERIES
from dlscope.reporting.view import percent
from dlscope.reporting.words import plain
from dlscope.web.mask_pictures import (
    Picture,
    Share,
    image_picture,
    mask_picture,
    shares,
    spark,
    wrong_pixels,
)

MOST_TEXT = 20_000
_MOST_BOXES = 100
_MOST_NOTES = 200
_MOST_POINTS = 720
_LEAST_GRID = 16
_DASHES = ("", "6 3", "2 3", "8 3 2 3")
_TRUTH_TINT, _TRUTH_DASH = "var(--ink)", "1 3"
_SHOWN = frozenset(
    ("classes", "top", "p_label", "label_name", "boxes", "text", "mask", "image", "notes")
)


@dataclass(frozen=True)
class Bar:
    """One class of an answer, with its probability as words and as a width."""

    name: str
    said: str
    width: str
    is_right: bool


@dataclass(frozen=True)
class Box:
    """One box in pixels of the picture; `overlap` is its IoU with the nearest true one."""

    label: str
    said: str
    x: float
    y: float
    width: float
    height: float
    tint: str
    dash: str
    overlap: str = ""


@dataclass(frozen=True)
class Note:
    """A note of music: its pitch, when it sounds, in s and as places of a drawing, how strong."""

    pitch: str
    begin: str
    end: str
    said: str
    x: float
    y: float
    width: float
    is_right: bool


@dataclass(frozen=True)
class Numbers:
    """Plain numbers: what they are in words, a line through them, or a picture of a grid."""

    name: str
    said: str
    points: str = ""
    picture: Picture | None = None


@dataclass(frozen=True)
class ShownAnswer:
    """What one Run answered; of its parts those are filled that its output type has."""

    run: str
    framework: str
    tint: str
    error: str = ""
    bars: Sequence[Bar] = ()
    boxes: Sequence[Box] = ()
    text: str = ""
    pictures: Sequence[Picture] = ()
    shares: Sequence[Share] = ()
    notes: Sequence[Note] = ()
    numbers: Sequence[Numbers] = ()
    data: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw: no box above the score, no note, no text."""
        parts = (self.error, self.bars, self.boxes, self.text, self.pictures, self.notes)
        return not any((*parts, self.numbers, self.data))


def shown_answer(answer: api.Answer, place: int, target: Any, least: float) -> ShownAnswer:
    """An answer ready to draw, in the colour of its `place`; boxes below the score are left out."""
    run, result = answer.run, answer.result
    tint, dash = f"var(--{SERIES[place % len(SERIES)]})", _DASHES[place % len(_DASHES)]
    prediction = result.prediction or {}
    truth = target if isinstance(target, Mapping) else {}
    rest = {key: value for key, value in prediction.items() if key not in _SHOWN}
    numbers = list(_numbers(rest))
    told = {each.name for each in numbers}
    other = {key: value for key, value in rest.items() if key not in told}
    framework = f"{run.plan.model.name} · {run.plan.framework.name}"
    return ShownAnswer(
        run.id,
        framework,
        tint,
        plain(result.error or ""),
        tuple(_bar(each, truth.get("label")) for each in prediction.get("classes", ())[:5]),
        tuple(_boxes(prediction.get("boxes", ()), least, tint, dash, true_boxes(target))),
        str(prediction.get("text", ""))[:MOST_TEXT],
        tuple(_pictures(prediction, truth, framework)),
        tuple(shares(prediction["mask"])) if "mask" in prediction else (),
        tuple(_notes(prediction.get("notes", ()), truth.get("notes", ()))),
        numbers,
        plain_text(other) if other else "",
    )


def true_boxes(target: Any) -> list[Box]:
    """The boxes of the truth, dashed and in the colour of the text."""
    found = target.get("boxes", ()) if isinstance(target, Mapping) else ()
    corners = [each for each in found if isinstance(each, Sequence) and len(each) == 4]
    return [
        Box("truth", "", *_corners(each), _TRUTH_TINT, _TRUTH_DASH)
        for each in corners[:_MOST_BOXES]
    ]


def true_picture(target: Any) -> Picture | None:
    """The true mask, or the image that was to be made."""
    if not isinstance(target, Mapping):
        return None
    if "mask" in target:
        return mask_picture(target["mask"], "truth")
    return image_picture(target["image"], "truth") if "image" in target else None


def plain_text(value: Any) -> str:
    """`value` as JSON, cut where it is long."""
    if value is None:
        return ""
    text = json.dumps(finite(value), ensure_ascii=False, indent=1, default=str)
    return text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}\n… the .json has all"


def _bar(entry: Sequence[Any], label: Any) -> Bar:
    index, name, p = entry
    said = f"{index} {plain(str(name))}" if name else str(index)
    return Bar(said, format_number(float(p)), percent(min(max(float(p), 0.0), 1.0)), index == label)


def _boxes(
    rows: Sequence[Sequence[Any]], least: float, tint: str, dash: str, truth: Sequence[Box]
) -> Iterator[Box]:
    scored = [row for row in rows if len(row) == 6 and float(row[1]) >= least]
    for label, score, *corners in scored[:_MOST_BOXES]:
        box = Box(plain(str(label)), format_number(float(score)), *_corners(corners), tint, dash)
        overlap = max((_overlap(box, each) for each in truth), default=None)
        said = "" if overlap is None else f"{overlap:.3f}"
        yield Box(box.label, box.said, box.x, box.y, box.width, box.height, tint, dash, said)


def _corners(corners: Sequence[Any]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = map(float, corners)
    return x0, y0, max(x1 - x0, 0.0), max(y1 - y0, 0.0)


def _overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    common = max(width, 0.0) * max(height, 0.0)
    union = one.width * one.height + other.width * other.height - common
    return common / union if union else 0.0


def _pictures(
    prediction: Mapping[str, Any], truth: Mapping[str, Any], framework: str
) -> Iterator[Picture]:
    found: list[Picture | None] = []
    if "mask" in prediction:
        found.append(mask_picture(prediction["mask"], framework))
        if "mask" in truth:
            title = f"wrong pixels, {framework}"
            found.append(
                wrong_pixels(prediction["mask"], truth["mask"], truth.get("ignore"), title)
            )
    if "image" in prediction:
        found.append(image_picture(prediction["image"], framework))
    yield from (each for each in found if each is not None)


def _notes(rows: Sequence[Sequence[Any]], truth: Sequence[Any]) -> Iterator[Note]:
    """The notes, placed in a drawing of 100 × 100 by time and pitch."""
    told = [row for row in rows if len(row) == 4][:_MOST_NOTES]
    end = max((float(row[2]) for row in told), default=0.0) or 1.0
    pitches = [float(row[0]) for row in told]
    low, high = min(pitches, default=0.0) - 1, max(pitches, default=0.0) + 1
    for pitch, begin, until, strength in told:
        yield Note(
            format_number(float(pitch)),
            format_number(float(begin)),
            format_number(float(until)),
            format_number(float(strength)),
            100 * float(begin) / end,
            100 - 100 * (float(pitch) - low) / (high - low),
            max(100 * (float(until) - float(begin)) / end, 0.5),
            pitch in truth,
        )


def _numbers(prediction: Mapping[str, Any]) -> Iterator[Numbers]:
    """What of a prediction is numbers, in words and as a line."""
    for name, value in prediction.items():
        try:
            found = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError):
            continue
        if not found.size:
            continue
        if found.size == 1:
            yield Numbers(name, format_number(float(found.reshape(-1)[0])))
            continue
        shape = " × ".join(map(str, found.shape))
        ends = [float(found.min()), float(found.mean()), float(found.max())]
        low, mean, high = map(format_number, ends)
        said = f"{shape} numbers from {low} to {high}, mean {mean}"
        is_finite = all(map(math.isfinite, ends))
        if is_finite and found.ndim == 1:
            points = spark([float(each) for each in found[:_MOST_POINTS]])
            yield Numbers(name, said, points)
        elif is_finite and found.ndim == 2 and min(found.shape) >= _LEAST_GRID:
            grey = 255 * (found - ends[0]) / ((ends[2] - ends[0]) or 1.0)
            picture = image_picture(grey, f"{name}, dark is {low}, bright is {high}")
            yield Numbers(name, said, picture=picture)
        else:
            yield Numbers(name, said)
