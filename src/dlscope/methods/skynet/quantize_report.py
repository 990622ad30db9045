"""A SkyNet with fewer bits, as a report: 8-bit integers beside floats, and the bits of an FPGA."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from dlscope.core.report import Block, Finding, Prose, Report, Section
from dlscope.core.table import Cell, Table
from dlscope.methods.skynet.fixed_point_sweep import CALIBRATED
from dlscope.methods.skynet.int8 import LEAST_IMAGES
from dlscope.reporting.charts import heat_map

PUBLISHED = (
    "Published, on the images of the contest: 0.741 in float, 0.727 with 9 bits of maps and 11 of "
    "weights, 0.714 with 9 and 10, 0.690 with 8 and 11, 0.680 with 8 and 10."
)


@final
@dataclass(frozen=True)
class Measured:
    """What was looked at: where the weights and the images are from, and how many images."""

    weights: str
    data: str
    images: int
    calibration: str
    calibration_images: int


def quantize_report(
    measured: Measured,
    int8: Table | None,
    fixed: Table | None,
    *,
    warnings: Sequence[str] = (),
    command: str = "",
) -> Report:
    """Tables `int8` and `fixed_point`, those of them that there are, with a map of the second."""
    sections, answers, findings = [], [], []
    if int8 is not None:
        sections.append(Section("Integers of 8 bits", (int8, Prose(_INT8))))
        answers.append(_int8_answer(int8))
    if fixed is not None:
        sections.append(Section("Fixed point", (*_maps(fixed), fixed, Prose(PUBLISHED))))
        answers.append(_fixed_answer(fixed))
        findings += list(_fixed_findings(fixed))
    tables = tuple(each for each in (int8, fixed) if each is not None)
    sections.append(Section("How it was measured", (Prose(_method(measured)),)))
    return Report(
        title="SkyNet with fewer bits",
        answer=" ".join(answers),
        tables=tables,
        findings=tuple(findings),
        sections=tuple(sections),
        warnings=(*_few(measured), *warnings),
        command=command,
    )


_INT8 = (
    "Weights have a step for each channel, activations one for a tensor. The head stays in float. "
    "The ratio is the CPU time of one image on one thread, measured in turns."
)


def _int8_answer(table: Table) -> str:
    row = dict(zip((each.name for each in table.columns), table.rows[1], strict=True))
    loss = (
        f"overlap with the boxes of floats {_number(row['iou_with_float']):.3f}"
        if row["lost_iou"] is None
        else f"mean IoU {_number(row['mean_iou']):.3f}, {_number(row['lost_iou']):+.3f} lost"
    )
    return f"8-bit integers: {loss}, in {_number(row['ratio']):.2f} of the time."


def _fixed_answer(table: Table) -> str:
    rows = [
        dict(zip((each.name for each in table.columns), row, strict=True)) for row in table.rows
    ]
    best = max(rows, key=lambda row: _number(row["iou_with_float"]))
    return (
        f"Fixed point: {best['map_bits']} bits of maps and {best['weight_bits']} of weights with "
        f"{_integer(best)} come nearest to floats, overlap {_number(best['iou_with_float']):.3f}."
    )


def _fixed_findings(table: Table) -> tuple[Finding, ...]:
    """What integer bits of each tensor's own save, where both are in the table."""
    names = [each.name for each in table.columns]
    rows = [dict(zip(names, row, strict=True)) for row in table.rows]
    found = []
    for index, row in enumerate(rows):
        own = _row_with(rows, row, CALIBRATED)
        if row["scheme"] is None or own is None:
            continue
        gain = _number(rows[own]["iou_with_float"]) - _number(row["iou_with_float"])
        found.append(
            Finding(
                "good" if gain > 0 else "note",
                f"Integer bits of each tensor's own rather than those of {row['scheme']} change "
                f"the overlap with the boxes of floats by {gain:+.3f}",
                table.name,
                (index, own),
                gain=gain,
                gain_unit="IoU",
            )
        )
    return tuple(found)


def _row_with(rows: Sequence[dict[str, Cell]], like: dict[str, Cell], integers: str) -> int | None:
    """The row of the same bits with other integer bits."""
    same = ("map_bits", "weight_bits")
    for index, row in enumerate(rows):
        if row["map_integer_bits"] == integers and all(row[key] == like[key] for key in same):
            return index
    return None


def _maps(table: Table) -> tuple[Block, ...]:
    """The tinted cells of overlaps, with the annotated boxes where there are some."""
    rows = ("map_integer_bits", "map_bits")
    drawn = [heat_map(table, rows, "weight_bits", "iou_with_float")]
    if any(each is not None for each in table.column("mean_iou")):
        drawn.insert(0, heat_map(table, rows, "weight_bits", "mean_iou"))
    return tuple(drawn[:1])


def _integer(row: dict[str, Cell]) -> str:
    bits = row["map_integer_bits"]
    return "integer bits of each tensor's own" if bits == CALIBRATED else f"{bits} integer bits"


def _method(measured: Measured) -> str:
    return (
        f"{measured.weights} on {measured.images} images of {measured.data}, the surest box of "
        f"each; ranges from {measured.calibration_images} images of {measured.calibration}. "
        "Sums are floats; the head is not rounded."
    )


def _few(measured: Measured) -> tuple[str, ...]:
    if measured.calibration_images >= LEAST_IMAGES:
        return ()
    return (f"ranges are from {measured.calibration_images} images; take {LEAST_IMAGES} or more",)


def _number(cell: Cell) -> float:
    assert isinstance(cell, int | float)
    return float(cell)
