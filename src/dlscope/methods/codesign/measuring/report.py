"""What `codesign profile` tells: the operations, the calibration, and what is wrong with either."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dlscope.core.report import Figure, Finding, Prose, Report, Section
from dlscope.core.table import Cell, Column, Table
from dlscope.core.units import format_percent
from dlscope.devices.calibration import WORST_MAPE
from dlscope.devices.prediction_error import PredictionError
from dlscope.methods.codesign.measuring.local_table import Calibrated, LocalTable, calibrated
from dlscope.methods.codesign.measuring.profiling import Profiled
from dlscope.methods.codesign.measuring.rows import measured_row
from dlscope.reporting.against_measured import against_measured
from dlscope.reporting.words import plural

Record = Mapping[str, Cell]

OPERATIONS = (
    Column("operation", "str", "layers that were timed as one", role="id"),
    Column("part", "str", "where a design has them"),
    Column("precision", "str", "bits of weights and activations"),
    Column("latency_ns", "float", "median, what a call costs taken off", "ns", "value"),
    Column("deviation", "float", "median absolute deviation / median", "share", "share"),
    Column("n", "int", "rounds in all processes", role="count", priority=2),
    Column("macs", "int", "multiply-accumulates", role="count", priority=2),
    Column("state", "str", "measured, noisy, predicted, or why there is none", role="verdict"),
    Column("evidence", "str", "result of the benchmark database", priority=3),
)
CALIBRATION = (
    Column("precision", "str", "bits of weights and activations"),
    Column("networks", "int", "networks that were timed whole", role="count"),
    Column("fixed_ns", "float", "what a network takes besides its operations, a", "ns", "value"),
    Column("factor", "float", "what operations take among one another, b", role="value"),
    Column("mape", "float", "mean error of networks that were held out", "share", "share"),
    Column("worst", "float", "the largest of them", "share", "share"),
    Column("spearman", "float", "rank correlation", role="value"),
    Column("verdict", "str", "met where the mean error is at most a tenth", role="verdict"),
)
NETWORKS = (
    Column("network", "str", "design that was timed whole", role="id"),
    Column("precision", "str", "bits of weights and activations"),
    Column("predicted_ns", "float", "a + b · Σ operations", "ns", "value"),
    Column("measured_ns", "float", "what it took", "ns", "value"),
    Column("error", "float", "predicted / measured − 1", "share", "share"),
)
_METHOD = (
    "Each operation is cut out of the model of a whole design, so that it has the nodes which the "
    "emitted network has. Operations and whole networks are timed by turns, in an order drawn anew "
    "each round, in several fresh processes. Each round is compared with itself: a machine that "
    "changes its speed slows all of a round alike, and that is taken out. What a call without "
    "layers takes is timed with them and taken off each operation. The line through sums of "
    "operations and latencies of networks is fitted to four fifths of the networks; its error is "
    "that of the others."
)


def profile_report(profiled: Profiled, table: LocalTable, *, command: str = "") -> Report:
    """Everything timed of a space on this machine."""
    found = calibrated(profiled, table.table)
    operations = operations_table(profiled, table)
    lines, networks = calibration_table(found), networks_table(profiled, found)
    return Report(
        title=f"Operations of {profiled.space.name} on this machine",
        answer=_answer(profiled, found),
        tables=(lines, operations, networks),
        findings=tuple(_findings(profiled, found, operations)),
        sections=(
            Section("From operations to networks", (lines, *_figures(networks))),
            Section("Operations", (operations.view(*_SHOWN),)),
            Section("How this was measured", (Prose(_METHOD),)),
        ),
        warnings=table.table.warnings(),
        next_commands=_next(profiled, found),
        command=command,
        created_utc=max((row.started_utc for row in profiled.rows.values()), default=""),
    )


_SHOWN = ("operation", "precision", "latency_ns", "deviation", "n", "state")


def operations_table(profiled: Profiled, table: LocalTable) -> Table:
    """A row for each operation, in the order of the space; those predicted are marked."""
    return Table.of("operations", OPERATIONS, _operations(profiled, table))


def calibration_table(found: Sequence[Calibrated]) -> Table:
    """A row for each precision."""
    records = []
    for each in found:
        line = each.calibration
        record: dict[str, Cell] = {"precision": str(each.precision), "networks": len(each.designs)}
        if line is not None:
            record |= {
                "fixed_ns": line.fixed_ns,
                "factor": line.factor,
                "mape": line.error.mape,
                "worst": line.error.worst,
                "spearman": line.error.spearman,
            }
        records.append({**record, "verdict": "met" if line else f"refused, {each.refused}"})
    return Table.of("calibration", CALIBRATION, records, title="Sum of operations to latency")


def networks_table(profiled: Profiled, found: Sequence[Calibrated]) -> Table:
    """Every network that was timed whole, beside what its operations say."""
    records = [
        {
            "network": design.told(profiled.space),
            "precision": str(each.precision),
            "predicted_ns": told_ns,
            "measured_ns": measured_ns,
            "error": told_ns / measured_ns - 1,
        }
        for each in found
        if each.calibration is not None
        for design, told_ns, measured_ns in zip(
            each.designs,
            each.calibration.latency_ns(each.sums_ns).tolist(),
            each.measured_ns,
            strict=True,
        )
    ]
    return Table.of("networks", NETWORKS, records, title="Networks timed whole")


def _operations(profiled: Profiled, table: LocalTable) -> Iterator[Record]:
    predicted = {(row.operation, row.precision): row.median_ns for row in table.table.rows}
    for each in profiled.operations:
        name, precision = each.key
        record: dict[str, Cell] = {
            "operation": name,
            "part": each.part,
            "precision": str(precision),
            "macs": sum(layer.macs for layer in each.layers),
        }
        if profiled.has_time(each):
            stored = profiled.rows[each]
            row = measured_row(each, stored)
            record |= {
                "latency_ns": row.median_ns,
                "deviation": row.mad_ns / row.median_ns,
                "n": row.n,
                "state": "warning, noisy" if row.is_noisy else "ok",
                "evidence": stored.id,
            }
        else:
            told = predicted.get(each.key)
            why = profiled.unsupported.get(each, "not measured")
            record["state"] = why if told is None else "predicted"
            record["latency_ns"] = told
        yield record


def _figures(networks: Table) -> tuple[Figure, ...]:
    if not len(networks):
        return ()
    title = "Networks: predicted against measured"
    return (against_measured(networks, "predicted_ns", "measured_ns", title=title),)


def _answer(profiled: Profiled, found: Sequence[Calibrated]) -> str:
    timed = sum(map(profiled.has_time, profiled.operations))
    said = f"{timed} of {plural(len(profiled.operations), 'operation')} have a time here"
    lines = [each.calibration for each in found if each.calibration is not None]
    if not lines:
        return f"{said}; no network is told by them."
    errors = " and ".join(
        f"{format_percent(line.error.mape, 1)} off at {each.precision}"
        for each in found
        for line in (each.calibration,)
        if line is not None
    )
    return f"{said}; networks that were held out are {errors}, {profiled.timed} rows are new."


def _findings(
    profiled: Profiled, found: Sequence[Calibrated], operations: Table
) -> Iterator[Finding]:
    for place, each in enumerate(found):
        if each.refused:
            yield Finding(
                "bad",
                each.refused,
                "calibration",
                (place,),
                f"at {each.precision}; at most {format_percent(WORST_MAPE)} is accepted",
                advice="measure again with --refresh while nothing else runs",
            )
        elif len(found) > 1 and each.calibration is not None:
            error: PredictionError = each.calibration.error
            claim = f"{each.precision}: rank correlation {error.spearman:.3f} of networks"
            yield Finding("good", claim, "calibration", (place,))
    failed = [place for place, row in enumerate(operations) if row["latency_ns"] is None]
    if failed:
        claim = f"{plural(len(failed), 'operation')} could not be timed"
        yield Finding("bad", claim, "operations", tuple(failed))
    skipped = [p for p in profiled.space.precisions if p not in {e.precision for e in found}]
    if skipped:
        listed = ", ".join(map(str, skipped))
        yield Finding("note", f"not timed on a processor: {listed}", "calibration")


def _next(profiled: Profiled, found: Sequence[Calibrated]) -> tuple[tuple[str, str], ...]:
    if any(each.refused for each in found):
        return ()
    space = profiled.space.name
    command = f"dlscope codesign search --space {space} --device local:cpu --data mnist-5k"
    return ((command, "search with these times"),)
