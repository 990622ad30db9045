"""What trackers did, as a report: scores, overlaps of sequences, the success curve, a strip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from dlscope.core.report import Finding, Picture, Prose, Report, Section
from dlscope.core.table import Cell, Column, Table
from dlscope.methods.skynet.tracking.frame_overlaps import frame_figure, frame_table
from dlscope.methods.skynet.tracking.mask_table import mask_table
from dlscope.methods.skynet.tracking.ratios import ratio_finding, ratio_table
from dlscope.methods.skynet.tracking.running import Track
from dlscope.metrics.tracking_overlap import (
    THRESHOLDS,
    TrackingScores,
    tracking_scores,
    tracking_speed,
)
from dlscope.reporting.curves import curves

Tracks: TypeAlias = Mapping[str, Sequence[Track]]
"""The tracks of each tracker, over the same sequences in the same order."""

TRACKING_COLUMNS = (
    Column("tracker", "str", "who follows", role="id"),
    Column("runs", "int", "times each sequence is followed: a random tracker thrice", role="count"),
    Column("frames", "int", "frames that count, of all runs", role="count"),
    Column("ao", "float", "AO, mean overlap over frames", role="share"),
    Column("sr50", "float", "share of frames with an overlap above 0.5", role="share"),
    Column("sr75", "float", "share of frames with an overlap above 0.75", role="share"),
    Column("class_ao", "float", "mAO, mean over classes of objects", role="share", priority=2),
    Column("class_sr50", "float", "mSR at 0.5, mean over classes", role="share", priority=2),
    Column("class_sr75", "float", "mSR at 0.75, mean over classes", role="share", priority=2),
    Column("fps", "float", "frames over time, the first frame included", "1/s", role="value"),
    Column(
        "mean_fps", "float", "mean of 1/time of frames, as GOT-10k", "1/s", role="value", priority=2
    ),
    Column("cpu_ms", "float", "processor time of a frame", "ms", role="value"),
)
SEQUENCE_COLUMNS = (
    Column("sequence", "str", "what is followed", role="id"),
    Column("class", "str", "kind of the object"),
    Column("tracker", "str", "who follows", role="id"),
    Column("frames", "int", "frames that count", role="count"),
    Column("ao", "float", "mean overlap over its frames; none where no frame counts", role="share"),
)
PUBLISHED_COLUMNS = (
    Column("method", "str", "tracker of the paper", role="id"),
    Column("trunk", "str", "what features are from", role="id"),
    Column("ao", "float", "AO on GOT-10k", role="share"),
    Column("sr50", "float", "SR at 0.5", role="share"),
    Column("sr75", "float", "SR at 0.75", role="share"),
    Column("fps", "float", "frames a second on a 1080 Ti", "1/s", role="value"),
)
PUBLISHED = (
    ("SiamRPN++", "AlexNet", 0.354, 0.385, 0.101, 52.36),
    ("SiamRPN++", "ResNet-50", 0.365, 0.411, 0.115, 25.90),
    ("SiamRPN++", "SkyNet", 0.364, 0.391, 0.116, 41.22),
    ("SiamMask", "ResNet-50", 0.380, 0.439, 0.153, 17.44),
    ("SiamMask", "SkyNet", 0.390, 0.442, 0.158, 30.15),
)
_BASELINES = ("ncc", "mil", "static")


def tracking_report(
    tracks: Tracks, data: str, *, pictures: Sequence[Picture] = (), command: str = ""
) -> Report:
    """Tables `tracking`, `tracked_sequences`, `success_curve`, `frame_overlaps` and two to compare.

    A tracker with masks adds `tracked_masks`. The first is the one asked for. `data` says in words
    what was followed. Raises `DataError` where no frame counts.
    """
    scores = {name: tracking_scores([each.overlap for each in of]) for name, of in tracks.items()}
    tracking, masks = tracking_table(tracks, scores), mask_table(tracks)
    of_masks = () if masks is None else (masks, Prose(_MASKS))
    curve = success_table(scores)
    ratios = ratio_table()
    published = Table("published_tracking", PUBLISHED_COLUMNS, PUBLISHED, "Published on GOT-10k")
    frames = frame_table(tracks)
    sequences = Table.of("tracked_sequences", SEQUENCE_COLUMNS, _sequence_rows(tracks))
    lines = [(name, name) for name in list(scores)[:4]]
    figure = curves(
        curve,
        "threshold",
        lines,
        title="Success curve",
        unit_title="Share of frames above",
        has_legend=True,
    )
    return Report(
        title="Following one object",
        answer=_answer(scores, data),
        tables=(tracking, *of_masks[:1], sequences, curve, frames, ratios, published),
        findings=(*_against(scores, tracking), ratio_finding(ratios)),
        sections=(
            Section("Trackers", (tracking, Prose(_METHOD), *of_masks, figure)),
            Section("Tracks", (*pictures, frame_figure(frames, list(tracks)), sequences)),
            Section("With SkyNet instead of ResNet-50", (ratios, published, Prose(_PUBLISHED))),
        ),
        command=command,
    )


_METHOD = (
    "Boxes are clipped to the frame; the first frame, which is told, and frames in which nothing "
    "of the object is to be seen do not count. Times are those of the tracker alone."
)
_MASKS = (
    "Masks are held against the pixels of the object that nothing hides. The tracker's own box, "
    "not the one around its mask, says where it looks in the next frame."
)
_PUBLISHED = (
    "The published figures are those of full-size trackers trained on videos; they are no target "
    "for the drawn sequences here. Multiply-accumulates are those of the convolutions of a frame."
)


def tracking_table(tracks: Tracks, scores: Mapping[str, TrackingScores]) -> Table:
    """One row for each tracker."""
    return Table.of(
        "tracking", TRACKING_COLUMNS, [_row(name, tracks[name], scores[name]) for name in scores]
    )


def success_table(scores: Mapping[str, TrackingScores]) -> Table:
    """The share of frames above each threshold, a column for each tracker."""
    columns = (
        Column("threshold", "float", "overlap that is to be exceeded", role="value"),
        *(
            Column(name, "float", f"share of frames that {name} is above with", role="share")
            for name in scores
        ),
    )
    rows = zip(THRESHOLDS.tolist(), *(each.success_curve for each in scores.values()), strict=True)
    return Table("success_curve", columns, tuple(rows), "Success curve")


def _row(name: str, tracks: Sequence[Track], scores: TrackingScores) -> dict[str, Cell]:
    speed = tracking_speed({each.sequence: each.seconds_rt for each in tracks})
    cpu_t = np.concatenate([each.cpu_seconds_rt.ravel() for each in tracks])
    return {
        "tracker": name,
        "runs": len(tracks[0].runs),
        "frames": scores.frames,
        "ao": scores.average_overlap,
        "sr50": scores.success_50,
        "sr75": scores.success_75,
        "class_ao": scores.class_overlap,
        "class_sr50": scores.class_50,
        "class_sr75": scores.class_75,
        "fps": speed.rate if speed else None,
        "mean_fps": speed.mean_rate if speed else None,
        "cpu_ms": float(cpu_t.mean()) * 1e3 if cpu_t.size else None,
    }


def _sequence_rows(tracks: Tracks) -> list[dict[str, Cell]]:
    return [
        {
            "sequence": each.sequence,
            "class": each.overlap.class_name,
            "tracker": name,
            "frames": int(each.overlap.overlap_t.size),
            "ao": float(each.overlap.overlap_t.mean()) if each.overlap.overlap_t.size else None,
        }
        for together in zip(*tracks.values(), strict=True)
        for name, each in zip(tracks, together, strict=True)
    ]


def _answer(scores: Mapping[str, TrackingScores], data: str) -> str:
    name, first = next(iter(scores.items()))
    others = ", ".join(
        f"{other} {each.average_overlap:.3f}" for other, each in scores.items() if other != name
    )
    against = f" ({others})" if others else ""
    return f"{name} follows {data} with a mean overlap of {first.average_overlap:.3f}{against}."


def _against(scores: Mapping[str, TrackingScores], table: Table) -> tuple[Finding, ...]:
    """How a trained tracker stands against the best one without training."""
    names = list(scores)
    baselines = {name: scores[name].average_overlap for name in names if name in _BASELINES}
    if names[0] in _BASELINES or not baselines:
        return ()
    best = max(baselines, key=baselines.__getitem__)
    gain = scores[names[0]].average_overlap - baselines[best]
    return (
        Finding(
            "good" if gain > 0 else "bad",
            f"{names[0]} is {abs(gain):.3f} {'above' if gain > 0 else 'below'} {best}, the best "
            "tracker without training",
            table.name,
            rows=(0, names.index(best)),
            gain=gain,
        ),
    )
