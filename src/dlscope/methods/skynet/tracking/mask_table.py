"""`mask_table`: trackers that tell masks, by the overlap of masks, boxes and turned rectangles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dlscope.core.table import Cell, Column, Table
from dlscope.methods.skynet.tracking.mask_overlaps import MaskOverlaps
from dlscope.methods.skynet.tracking.running import Track

MASK_COLUMNS = (
    Column("tracker", "str", "who follows", role="id"),
    Column("frames", "int", "frames that count, of all runs", role="count"),
    Column("mask_iou", "float", "mean overlap of the mask with the visible pixels", role="share"),
    Column("mask_iou50", "float", "share of frames with an overlap above 0.5", role="share"),
    Column("box_ao", "float", "mean overlap of the box around the mask", role="share"),
    Column(
        "turned_ao",
        "float",
        "mean overlap of the turned rectangle with that around the visible pixels",
        role="share",
    ),
)


def mask_table(tracks: Mapping[str, Sequence[Track]]) -> Table | None:
    """A row for each tracker whose masks were held against true ones; None where there is none."""
    rows: list[dict[str, Cell]] = []
    for name, of in tracks.items():
        parts = [each.masks for each in of if each.masks is not None]
        if parts:
            rows.append({"tracker": name, **_means(MaskOverlaps.joined(parts))})
    return Table.of("tracked_masks", MASK_COLUMNS, rows, title="Masks") if rows else None


def _means(masks: MaskOverlaps) -> dict[str, Cell]:
    if not masks.mask_t.size:
        return {"frames": 0}
    return {
        "frames": int(masks.mask_t.size),
        "mask_iou": float(masks.mask_t.mean()),
        "mask_iou50": float((masks.mask_t > 0.5).mean()),
        "box_ao": float(masks.box_t.mean()),
        "turned_ao": float(masks.turned_t.mean()),
    }
