"""`search_report`: everything that a search left behind, the answer first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from dlscope.core.manifest.requirements import RequirementsManifest
from dlscope.core.report import Block, Facts, Finding, Prose, Report, Section
from dlscope.core.table import Cell, Table
from dlscope.core.units import format_number, format_percent
from dlscope.methods.codesign.named_device import LOCAL, MODELS
from dlscope.methods.codesign.search_record import SMALLEST, SearchRecord
from dlscope.methods.codesign.tables import SEARCH_TABLES, Record, search_table
from dlscope.methods.codesign.telling.figures import (
    SUBJECT,
    choice_figures,
    front_figures,
    predicted_figures,
    trajectory_figures,
)
from dlscope.methods.codesign.telling.findings import search_findings, undecided_blocks
from dlscope.methods.codesign.telling.reached import (
    NS_PER_MS,
    Alternative,
    alternatives_of,
    chosen_of,
    told_time,
)
from dlscope.methods.codesign.telling.requirements_table import requirements_table
from dlscope.reporting.pareto_front import Rule
from dlscope.reporting.words import plural

_TITLES: Mapping[str, str] = {
    "pareto": "Pareto front",
    "requirements": "Requirements",
    "resources": "Resources of the chosen design",
    "trajectory": "Search trajectory",
    "choices": "Choice probabilities θ",
    "stages": "Stages",
    "predicted": "Predicted against measured",
    "baselines": "Baselines at equal budget",
}
_FRONT = ("design", "interval_ns", "error", "loss", "is_chosen")
_ENERGY_FRONT = ("design", "energy_j", *_FRONT[1:])
_SHOWN: Mapping[str, tuple[str, ...]] = {
    "requirements": ("requirement", "limit", "value", "lo", "hi", "margin", "verdict", "change"),
    "stages": (
        *("stage", "block", "operation", "weight_bits", "lanes", "dsp", "cycles", "latency_ns"),
        *("busy_share", "is_bottleneck"),
    ),
    "baselines": ("method", "hypervolume", "regret", "cost", "difference", "p_value"),
}
_UJ_PER_J = 1e6
_ANALYTIC = "analytic, not place-and-route"


def search_report(
    record: SearchRecord,
    asked: RequirementsManifest | None = None,
    alternatives: Iterable[Alternative] = (),
    *,
    first: str = "",
    command: str = "",
) -> Report:
    """The report of one search; with `asked`, its design held against these requirements.

    What could be changed is looked for among the designs of the search and `alternatives`. `first`
    is the table that was asked for, which comes before the others: the requirements, where there
    are any, else the front.
    """
    tables = {name: record.table(name) for name in SEARCH_TABLES}
    reached = chosen_of(record)
    if asked is not None and reached is not None:
        others = [*alternatives_of(record), *alternatives]
        found = requirements_table(asked, reached, others)
        tables["requirements"] = found
    first = first or ("pareto" if asked is None else "requirements")
    return Report(
        title=record.title,
        answer=_answer(record, tables["requirements"]),
        tables=tuple(tables.values()),
        findings=tuple(_findings(record, tables["requirements"])),
        sections=tuple(_sections(record, tables, asked, first)),
        runs=(record.run,) if record.run else (),
        warnings=record.warnings,
        next_commands=tuple(_next(record)),
        command=command,
        created_utc=record.created_utc,
    )


def _answer(record: SearchRecord, requirements: Table) -> str:
    chosen = next((row for row in record.table("pareto") if row["is_chosen"] is True), None)
    if record.status == "infeasible" or chosen is None:
        facts = "; ".join(f"{term.lower()} {value}" for term, value in record.facts[:2])
        return (
            f"Infeasible: no design of {record.space} on {record.device} meets what was asked"
            + (f" ({facts})." if facts else ".")
        )
    said = [_error(chosen), _time(chosen)]
    answer = " at ".join(part for part in said if part)
    answer += _energy(chosen) if record.objective == "energy" else ""
    verdicts = [str(each) for each in requirements.column("verdict")]
    if verdicts:
        met = sum(each.startswith("met") for each in verdicts)
        unknown = verdicts.count("not measured")
        answer += f", {met} of {plural(len(verdicts), 'requirement')} met"
        answer += f", {unknown} not measured" if unknown else ""
    limited = " The budget was too small for a whole search."
    return f"{answer}. Network and implementation were searched together." + (
        limited if record.status == "budget_limited" else ""
    )


def _error(row: Mapping[str, Cell]) -> str:
    error, lo, hi = row["error"], row["error_lo"], row["error_hi"]
    if not isinstance(error, int | float):
        return ""
    if not (isinstance(lo, int | float) and isinstance(hi, int | float)):
        return f"{format_percent(error, 1)} error"
    return f"{format_percent(error, 1)} error [{format_percent(lo, 1)}, {format_percent(hi, 1)}]"


def _time(row: Mapping[str, Cell]) -> str:
    interval = row["interval_ns"]
    if not isinstance(interval, int | float):
        return ""
    return f"{told_time(float(interval))} a result"


def _energy(row: Mapping[str, Cell]) -> str:
    energy_j = row["energy_j"]
    if not isinstance(energy_j, int | float):
        return ""
    return f" and {format_number(float(energy_j) * _UJ_PER_J)} µJ"


def _findings(record: SearchRecord, requirements: Table) -> Iterator[Finding]:
    if record.status == "infeasible":
        least = dict(record.facts).get(SMALLEST)
        allowed = f"more than {least}" if least else "more time per result"
        yield Finding(
            "bad",
            "there is no front and no design: the search ended before it began to train, since "
            "nothing meets the target",
            "pareto",
            advice=f"allow {allowed} (--target-latency), or take a larger board",
        )
    yield from search_findings(record, requirements)


def _sections(
    record: SearchRecord,
    tables: Mapping[str, Table],
    asked: RequirementsManifest | None,
    first: str,
) -> Iterator[Section]:
    blocks: Mapping[str, tuple[Block, ...]] = {
        "pareto": (
            *front_figures(record, _rules(record, asked)),
            _front(tables["pareto"], _ENERGY_FRONT if record.objective == "energy" else _FRONT),
        ),
        "trajectory": tuple(trajectory_figures(record)),
        "choices": tuple(choice_figures(record)),
        "predicted": (*predicted_figures(record), tables["predicted"]),
    }
    for name in dict.fromkeys((first, *_TITLES)):
        if len(tables[name]):
            shown = tables[name].view(*_present(tables[name], _SHOWN.get(name, ())))
            yield Section(_TITLES[name], blocks.get(name) or (shown,), _note(record, name, asked))
    yield Section("How this was searched", (Prose(_METHOD), Facts(tuple(_facts(record)))))


def _present(table: Table, names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of `names` that have a value in any row; of all columns where none are given."""
    known = names or tuple(column.name for column in table.columns)
    return tuple(name for name in known if any(c is not None for c in table.column(name)))


def _front(pareto: Table, shown: tuple[str, ...]) -> Table:
    """The designs that no other beats, the quickest first."""
    rows = [row for row in pareto if row["is_on_front"] is True and row["method"] == SUBJECT]
    kept = search_table("pareto", sorted(rows, key=_interval))
    return Table("front", kept.columns, kept.rows, "Designs on the front").view(*shown)


def _interval(row: Record) -> float:
    interval = row["interval_ns"]
    return float(interval) if isinstance(interval, int | float) else float("inf")


def _rules(record: SearchRecord, asked: RequirementsManifest | None) -> tuple[Rule, ...]:
    """Limits on the time per result, in ns, as the front shows them."""
    if asked is None:
        return ()
    found = []
    if asked.fps is not None:
        limit_ns = 1e9 / (asked.fps.bound * asked.streams)
        found.append((limit_ns, f"required ≤ {format_number(limit_ns / NS_PER_MS)} ms"))
    if asked.latency_ms is not None and asked.streams == 1 and record.objective == "latency":
        bound = asked.latency_ms.bound
        found.append((bound * NS_PER_MS, f"required ≤ {format_number(bound)} ms"))
    return tuple(sorted(found)[:1])


def _note(record: SearchRecord, name: str, asked: RequirementsManifest | None) -> str:
    if name == "resources":
        return f"{record.device}, {_ANALYTIC}"
    if name == "requirements" and asked is not None:
        return asked.name
    if name == "trajectory":
        return f"seed {record.seed}"
    if name == "choices":
        blocks = undecided_blocks(record.table("choices"))
        listed = ", ".join(map(str, blocks)) or "none"
        return (
            f"softmax, epoch {record.epochs}; undecided blocks (entropy above 0.5 ln M): {listed}"
        )
    if name == "stages" and record.clock_mhz is not None:
        slowest = "; the slowest sets the rate" if record.objective == "throughput" else ""
        return f"{record.clock_mhz:g} MHz{slowest}"
    return ""


def _facts(record: SearchRecord) -> Iterator[tuple[str, str]]:
    yield "Space", record.space
    yield "Device", record.device
    yield "Judged by", record.objective
    yield "Seed", str(record.seed)
    yield "Status", record.status
    yield from record.facts


def _next(record: SearchRecord) -> Iterator[tuple[str, str]]:
    if record.design is None or not record.run:
        return
    if record.device == LOCAL and not len(record.table("predicted")):
        yield f"dlscope codesign measure {record.run}", "time its designs here"
    if record.device.rpartition(":")[2] in MODELS:
        yield f"dlscope codesign emit {record.run} --to cpp", "write the accelerator, proven"
    yield f"dlscope codesign emit {record.run} --to onnx", "write the network as ONNX"
    yield f"dlscope codesign report {record.run}", "write this as a page"


_METHOD = (
    "Operations, bits and lanes were searched together: a network that holds all of them is "
    "trained, the probabilities of its choices are trained on data that its weights have not seen, "
    "and what a choice costs comes from the device. The design is then made discrete, repaired "
    "with the trained network as estimate, and trained from scratch by itself. Errors are those "
    "of networks trained by themselves where a point is filled; the time per result is what the "
    "device model tells unless it stands under measured."
)
