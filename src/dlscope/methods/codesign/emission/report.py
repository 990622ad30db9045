"""What was emitted and how it was verified, as tables and a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dlscope.core.digest import file_digest
from dlscope.core.report import Finding, Report, Section
from dlscope.core.table import Cell, Column, Table
from dlscope.core.units import format_percent
from dlscope.methods.codesign.emission.agreement import Agreement
from dlscope.methods.codesign.emission.verifying import Verification

Record = Mapping[str, Cell]

EMITTED = (
    Column("file", "str", "path from the folder of the design", role="id"),
    Column("size_bytes", "int", "what the file takes", "bytes", role="count"),
    Column("sha256", "str", "digest, as it stands in the design", priority=2),
)
AGREEMENT = (
    Column("runs_as", "str", "what answers: trained, integers, or the emitted file", role="id"),
    Column("accuracy", "float", "share of right answers on the test images", "share", "value"),
    Column("right", "int", "right answers", role="count"),
    Column("n", "int", "test images", role="count"),
    Column("same_answers", "float", "share of answers that are those of the integers", "share"),
)
VERIFICATION = (
    Column("stage", "int", "place in the accelerator, from 1 on", role="count"),
    Column("layer", "str", "name of the layer", role="id"),
    Column("modelled_cycles", "int", "cycles that the hardware model says", role="count"),
    Column("counted_cycles", "int", "trips of its loop that the test bench counted", role="count"),
    Column("waits", "int", "words of the input that it fetched while it did not multiply"),
    Column("busy_share", "float", "its cycles as a share of the slowest stage", "share", "share"),
)
_A_STEP_OFF = (
    "a runtime may be a step off where a sum is a half; how many answers are right, in the table, "
    "tells whether it matters"
)
TABLES: Mapping[str, tuple[str, tuple[Column, ...]]] = {
    "emitted": ("Files that a design was written as.", EMITTED),
    "agreement": ("Whether they answer as the trained network does.", AGREEMENT),
    "verification": ("Cycles of each stage of the accelerator, told and counted.", VERIFICATION),
}
"""Every table of an emission, with what it tells and its columns."""


def emitted_table(folder: Path, names: Sequence[str]) -> Table:
    """A row for each file: its bytes and its SHA-256."""
    records: list[Record] = [
        {
            "file": name,
            "size_bytes": (folder / name).stat().st_size,
            "sha256": file_digest(folder / name),
        }
        for name in names
    ]
    return Table.of("emitted", EMITTED, records)


def agreement_table(found: Agreement | None, trained: Mapping[str, Cell] | None) -> Table:
    """Accuracy as trained, of the integers, and of the emitted file."""
    return Table.of("agreement", AGREEMENT, _agreement_records(found, trained))


def verification_table(found: Verification | None) -> Table:
    """A row for each stage."""
    stages = found.stages if found else ()
    slowest = max((stage.modelled for stage in stages), default=1)
    records: list[Record] = [
        {
            "stage": place,
            "layer": stage.name,
            "modelled_cycles": stage.modelled,
            "counted_cycles": stage.counted,
            "waits": stage.waits,
            "busy_share": stage.modelled / slowest,
        }
        for place, stage in enumerate(stages, start=1)
    ]
    return Table.of("verification", VERIFICATION, records)


def emission_report(
    title: str,
    answer: str,
    tables: Sequence[Table],
    verification: Verification | None,
    agreed: Agreement | None,
    *,
    command: str = "",
    next_commands: Sequence[tuple[str, str]] = (),
) -> Report:
    """What was emitted; each proof is a finding."""
    shown = tuple(table for table in tables if len(table))
    findings = tuple(_findings(verification, agreed))
    return Report(
        title=title,
        answer=answer,
        tables=tuple(tables),
        findings=findings,
        sections=tuple(Section(table.title, (table,)) for table in shown),
        next_commands=tuple(next_commands),
        command=command,
    )


def _agreement_records(
    found: Agreement | None, trained: Mapping[str, Cell] | None
) -> Iterator[Record]:
    if trained is not None:
        yield {
            "runs_as": "trained",
            "accuracy": trained["value"],
            "right": trained["right"],
            "n": trained["n"],
        }
    if found is None:
        return
    for name, right, same in (
        ("integers", found.reference_right, 1.0),
        ("onnx", found.model_right, found.same_share),
    ):
        yield {
            "runs_as": name,
            "accuracy": right / found.n,
            "right": right,
            "n": found.n,
            "same_answers": same,
        }


def _findings(verification: Verification | None, agreed: Agreement | None) -> Iterator[Finding]:
    if verification is not None:
        yield Finding(
            "good",
            f"0 of {verification.integers} integers differ from the reference, on "
            f"{verification.vectors} inputs; counted cycles are those of the model",
            "verification",
            tuple(range(len(verification.stages))),
        )
    if agreed is not None:
        yield Finding(
            "good" if agreed.same_share >= 0.99 else "warn",
            f"{format_percent(agreed.same_share, 1)} of {agreed.n} test images get the same answer "
            "from the model and from the integers",
            "agreement",
            detail=_A_STEP_OFF if agreed.same_share < 1 else "",
        )
