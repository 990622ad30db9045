"""`bottom_up_report`: what a bottom-up search found, the answer first, with its pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dlscope.core.report import Figure, Finding, Prose, Report, Section, Sign
from dlscope.core.table import Table
from dlscope.core.units import format_number
from dlscope.methods.codesign.bottom_up.flow import FINAL, REFERENCE, BottomUpResult
from dlscope.methods.codesign.bottom_up.swarm_figure import swarm_figure
from dlscope.methods.codesign.bottom_up.tables import first_ns, result_tables
from dlscope.reporting.charts import scatter
from dlscope.reporting.words import plural

_METHOD = (
    "Bundles were compared in sketches of equal work, and those that none is better than in their "
    "class of resources went on. Of each, particles moved towards the best of their group and "
    "their own, trained a little longer in every iteration. The best was tried with a bypass and "
    "bounded activations. Accuracies of a short training rank networks; they are not what a "
    "long training reaches."
)


def bottom_up_report(
    result: BottomUpResult, *, notes: Sequence[str] = (), command: str = ""
) -> Report:
    """All tables of a search with their pictures; `notes` on how it was timed."""
    tables = result_tables(result)
    return Report(
        title="A network from the bottom up",
        answer=_answer(result),
        tables=tuple(tables.values()),
        findings=tuple(_findings(result, tables)),
        sections=tuple(_sections(tables, notes)),
        warnings=tuple(
            f"{bundle}: {reason}" for bundle, reason in result.comparison.left_out.items()
        ),
        command=command,
    )


def _answer(result: BottomUpResult) -> str:
    winner = result.winner
    network = winner.network
    widths = ", ".join(map(str, network.widths))
    pools = ", ".join(map(str, network.pools))
    times = ", ".join(
        f"{format_number(winner.latencies_ms[goal.device])} ms on {goal.device} "
        f"(target {format_number(goal.target_ms)} ms)"
        for goal in result.settings.fitness.goals
    )
    around = ", with a bypass" if network.bypass else ""
    return (
        f"{network.bundle} with {widths} channels and pools after {pools}{around}: accuracy "
        f"{winner.accuracy:.3f} after {plural(winner.trial.epochs, 'epoch')}, {times}."
    )


def _findings(result: BottomUpResult, tables: Mapping[str, Table]) -> Iterator[Finding]:
    goals, names = tables["goals"], list(tables["goals"].column("network"))
    fitness = result.settings.fitness
    for place, goal in enumerate(fitness.goals, start=names.index("chosen")):
        is_met = result.winner.latencies_ms[goal.device] <= goal.target_ms
        said = "meets its target" if is_met else "is slower than its target"
        sign: Sign = "good" if is_met else "bad"
        yield Finding(sign, f"The network {said} on {goal.device}", goals.name, rows=(place,))
    going_on = [place for place, each in enumerate(result.comparison.figures) if each.goes_on]
    named = ", ".join(str(result.comparison.figures[place].bundle) for place in going_on)
    yield Finding("note", f"Bundles that went on: {named}", "bundles", rows=tuple(going_on))
    yield from _compared(result)
    chosen = [place for place, each in enumerate(result.features) if each.is_chosen]
    figures = result.features[chosen[0]]
    plain = result.features[0]
    if figures is not plain and figures.fitness is not None and plain.fitness is not None:
        added = f"bypass {figures.bypass}, {figures.network.act}, {figures.judge} images"
        gain = figures.fitness - plain.fitness
        yield Finding(
            "good", f"Features gain fitness: {added}", "features", rows=tuple(chosen), gain=gain
        )


def _compared(result: BottomUpResult) -> Iterator[Finding]:
    found, reference = result.final, result.reference
    if found is None or reference is None:
        return
    ratio = first_ns(found.latencies_ms) / first_ns(reference.latencies_ms)
    gain = found.accuracy - reference.accuracy
    yield Finding(
        "good" if gain >= 0 and ratio < 1 else "note",
        f"Trained alike, it takes {ratio:.2f} times the latency of the reference, and its accuracy "
        f"is {found.accuracy:.3f} against {reference.accuracy:.3f}",
        "final",
        rows=(0, 1),
        gain=gain,
    )


def _sections(tables: Mapping[str, Table], notes: Sequence[str]) -> Iterator[Section]:
    bundles, candidates = tables["bundles"], tables["candidates"]
    shown = bundles.view(
        *("bundle", "components", "group", "parameters", "accuracy", "latency_ns"),
        *("is_pareto", "goes_on"),
    )
    yield Section("Bundles", (_against(bundles, "components", "Sketches of equal work"), shown))
    yield Section("Swarm", (swarm_figure(tables["swarm"]), tables["trajectory"]))
    yield Section("Features", (tables["features"],))
    if len(tables["final"]):
        yield Section("Trained from scratch", (tables["final"],))
    yield Section("Goals", (tables["goals"],))
    cloud = _against(_longest(candidates), ("bundle", "widths"), "Networks trained equally long")
    yield Section("Candidates", (cloud,), "those that the stages trained longest")
    yield Section("How this was searched", (Prose(" ".join([_METHOD, *notes])),))


def _longest(candidates: Table) -> Table:
    """Those that were trained for as long as the longest of the stages, once each network."""
    stages = [row for row in candidates if row["stage"] not in (FINAL, REFERENCE)]
    most = max(int(str(row["epochs"])) for row in stages)
    rows = {
        (row["bundle"], row["widths"], row["pools"], row["bypass"], row["act"]): row
        for row in stages
        if row["epochs"] == most
    }
    return Table.of(candidates.name, candidates.columns, rows.values())


def _against(table: Table, label: str | tuple[str, ...], title: str) -> Figure:
    return scatter(table, label, "latency_ns", "accuracy", title=title)
