"""The overlap of each tracker frame by frame, as a table and as a curve for each sequence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from dlscope.core.report import Figure
from dlscope.core.table import Cell, Column, Table
from dlscope.methods.skynet.tracking.running import Track
from dlscope.reporting.curves import DASHES, TOKENS, legend_of
from dlscope.reporting.spec import MOST_MARKS, Spec, spec_of
from dlscope.reporting.theme import color

Tracks: TypeAlias = Mapping[str, Sequence[Track]]
FRAME_COLUMNS = (
    Column("sequence", "str", "what is followed", role="id"),
    Column("frame", "int", "number of the frame among those that count, from 1", role="id"),
    Column("tracker", "str", "who follows", role="id"),
    Column("overlap", "float", "overlap with the true box, of the first run", role="share"),
)
MOST_SEQUENCES = 8
_HEIGHT = 90


def frame_table(tracks: Tracks) -> Table:
    """One row for each frame and tracker, of the sequences that are drawn: the first eight."""
    return Table.of("frame_overlaps", FRAME_COLUMNS, _rows(tracks))


def frame_figure(table: Table, trackers: Sequence[str]) -> Figure:
    """A panel for each sequence of `table`, in it a line for each of at most four `trackers`."""
    drawn = trackers[: len(TOKENS)]
    colors = [color(token) for token in TOKENS[: len(drawn)]]
    points = [row for row in table if row["tracker"] in drawn]
    every = -(-len(points) // MOST_MARKS)
    records = [
        {"panel": row["sequence"], "x": row["frame"], "y": row["overlap"], "name": row["tracker"]}
        for row in points
        if (int(row["frame"] or 1) - 1) % max(every, 1) == 0
    ]
    sequences = list(dict.fromkeys(record["panel"] for record in records))
    x: Spec = {"field": "x", "type": "quantitative", "title": "frame", "axis": {"tickCount": 5}}
    y: Spec = {"field": "y", "type": "quantitative", "title": None}
    y |= {"scale": {"domain": [0, 1]}, "axis": {"values": [0, 0.5, 1]}}
    hue, dash = (
        {"field": "name", "type": "nominal", "scale": {"domain": list(drawn), "range": each}}
        for each in (colors, list(DASHES[: len(drawn)]))
    )
    encoding = {"x": x, "y": y, "color": hue, "strokeDash": dash}
    unit = {"mark": "line", "encoding": encoding, "height": _HEIGHT}
    body = {"facet": {"field": "panel", "type": "nominal", "sort": sequences}, "spec": unit}
    return Figure(
        "frame_overlaps",
        "Overlap with the true box, frame by frame",
        spec_of(
            records,
            body,
            left_out=len(points) - len(records),
            legend=legend_of(drawn),
            panels=len(sequences),
            noun="point",
        ),
        table.name,
        "A panel for each sequence; a line that falls to 0 has lost the object.",
    )


def _rows(tracks: Tracks) -> Iterator[Mapping[str, Cell]]:
    for together in list(zip(*tracks.values(), strict=True))[:MOST_SEQUENCES]:
        for name, each in zip(tracks, together, strict=True):
            of_run = each.overlap.overlap_t.size // len(each.runs)
            for frame, overlap in enumerate(each.overlap.overlap_t[:of_run].tolist(), start=1):
                yield {
                    "sequence": each.sequence,
                    "frame": frame,
                    "tracker": name,
                    "overlap": overlap,
                }
