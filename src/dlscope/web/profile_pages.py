"""The page of one profile: a tab for each level, a window of its timeline, one layer of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dlscope.core.report import Facts, Figure, Report, Section
from dlscope.core.table import Cell, Table
from dlscope.core.units import format_number, scale_for
from dlscope.reporting.cells import MOST_ROWS
from dlscope.reporting.timeline import timeline
from dlscope.reporting.view import table_view
from dlscope.reporting.words import plain, plural
from dlscope.web.queries import Query
from dlscope.web.refusals import BAD, refused
from dlscope.web.shown_tables import ShownTable, shown_table

KEYS = ("level", "window", "layer", "rows", "sort")
LEVELS = ("model", "layer", "library", "kernel")
_DEFAULT = "layer"
_OWN: Mapping[str, tuple[str, ...]] = {
    "model": ("a1", "a15", "a21", "a22", "characterisation", "ranking"),
    "layer": ("layers", "a2", "a3", "a4", "a5", "a6", "a7", "a14", "a20"),
    "library": ("a17", "a18"),
    "kernel": ("a8", "a9", "a10", "a11", "a12", "a13", "a19"),
}
"""The tables that tell of one level; all others stand on every tab."""
_LAYERS = (
    *("index", "layer", "type", "output", "latency_us", "share", "cumulative"),
    *("compute", "movement", "gflops", "intensity", "of_attainable", "bound"),
)
_FEW = 12
_MOST_SPANS = 500
_ZOOM = 4
_STEP = 0.5


@dataclass(frozen=True)
class Tab:
    """A level: what it took and how many spans it has, or why there is nothing."""

    name: str
    said: str
    href: str
    is_current: bool
    is_there: bool


@dataclass(frozen=True)
class Move:
    """A way to another window of the timeline; `key` is pressed for it."""

    word: str
    href: str
    key: str


def tabs(report: Report, query: Query) -> list[Tab]:
    """The levels of a profile, those that it does not have with the reason."""
    chosen = query.choice("level", (_DEFAULT, *LEVELS))
    spans = list(report.table("timeline"))
    return [
        _tab(name, [row for row in spans if row["level"] == name], query, is_current=name == chosen)
        for name in LEVELS
    ]


def of_level(report: Report, query: Query) -> Report:
    """The report with the sections of the chosen level, its timeline cut to the chosen window."""
    level = query.choice("level", (_DEFAULT, *LEVELS))
    others = {name for each in LEVELS if each != level for name in _OWN[each]}
    shown = [each for each in report.sections if not _tables_in(each) & others]
    sections = [part for each in shown for part in _drawn(each, report, query)]
    sections.sort(key=lambda each: _tables_in(each) != {"timeline"})
    chosen = query.text("layer")
    if level == "layer" and chosen is not None:
        sections.insert(0, _layer(report.table("layers"), query.number("layer", 0)))
    return replace(report, sections=tuple(sections))


def layer_links(query: Query, table: Table, number: int) -> ShownTable | None:
    """The table of layers, each row leading to all that is known of its layer."""
    if table.name != "layers":
        return None

    def target(name: str, cell: Cell) -> str:
        del name
        return query.with_({"layer": [str(cell)], "level": []}) + "#s1"

    most = min(query.number("rows", _FEW), MOST_ROWS)
    return shown_table(table, query, number, targets={"index": target}, most=most)


def all_layers(report: Report, query: Query) -> str:
    """The address with every layer drawn, empty where they are."""
    level = query.choice("level", (_DEFAULT, *LEVELS))
    is_cut = min(query.number("rows", _FEW), MOST_ROWS) < min(
        len(report.table("layers")), MOST_ROWS
    )
    return query.with_({"rows": [str(MOST_ROWS)]}) if is_cut and level == "layer" else ""


def moves(report: Report, query: Query) -> list[Move]:
    """Links that zoom the timeline and move along it."""
    whole = _whole(report)
    if not whole:
        return []
    low, high = _window(query, whole) or (0, whole)
    width, middle = high - low, (low + high) // 2
    step = int(width * _STEP)
    wider = min(whole, width * _ZOOM)
    ways = [
        ("zoom in", "+", middle - width // (2 * _ZOOM), width // _ZOOM),
        ("zoom out", "-", middle - wider // 2, wider),
        ("earlier", "ArrowLeft", low - step, width),
        ("later", "ArrowRight", low + step, width),
        ("all", "0", 0, whole),
    ]
    return [
        Move(word, _at(query, start, length, whole), key)
        for word, key, start, length in ways
        if length and (word in ("zoom in",) or (low, high) != (0, whole))
    ]


def _tab(name: str, rows: Sequence[Mapping[str, Cell]], query: Query, *, is_current: bool) -> Tab:
    href = query.with_({"level": [] if name == _DEFAULT else [name], "layer": []})
    if not rows:
        return Tab(name, "not in this profile", href, is_current, is_there=False)
    total = sum(float(row["duration_ns"] or 0) for row in rows)
    scale = scale_for("ns", [total])
    said = f"{format_number(total * scale.factor)} {scale.unit} · {plural(len(rows), 'span')}"
    return Tab(name, said, href, is_current, is_there=True)


def _tables_in(section: Section) -> set[str]:
    """Names of the tables that a section draws, or draws figures of."""
    names = {block.name for block in section.blocks if isinstance(block, Table)}
    return names | {block.table for block in section.blocks if isinstance(block, Figure)}


def _drawn(section: Section, report: Report, query: Query) -> Iterator[Section]:
    names = _tables_in(section)
    if names == {"layers"}:
        table = report.table("layers")
        held = [name for name in _LAYERS if any(c is not None for c in table.column(name))]
        yield Section(section.title, (table.view(*held),), note=table.note)
    elif names == {"timeline"}:
        yield _zoomed(section, report, query)
    else:
        yield section


def _zoomed(section: Section, report: Report, query: Query) -> Section:
    """The spans of the window that is asked for, those that reach out of it cut."""
    spans, whole = report.table("timeline"), _whole(report)
    low, high = _window(query, whole) or (0, whole)
    place = {column.name: index for index, column in enumerate(spans.columns)}
    start, length = place["start_ns"], place["duration_ns"]
    rows = []
    for row in spans.rows:
        begin = max(int(row[start] or 0), low)
        end = min(int(row[start] or 0) + int(row[length] or 0), high)
        if begin < end:
            cut = list(row)
            cut[start], cut[length] = begin, end - begin
            rows.append(tuple(cut))
    kept = replace(spans, rows=tuple(rows))
    figure = timeline(
        kept,
        row="level",
        name="name",
        start="start_ns",
        duration="duration_ns",
        part="part",
        most=_MOST_SPANS,
        title="Timeline",
    )
    said = f"from {low / 1e6:.3f} ms to {high / 1e6:.3f} ms of the model"
    return Section(section.title, (figure,), note=said)


def _layer(layers: Table, index: int) -> Section:
    """All that is known of one layer."""
    place = next((n for n, row in enumerate(layers) if row["index"] == index), None)
    if place is None:
        fix = "follow a link of the table of layers"
        raise refused(BAD, f"there is no layer {index}", where="layer", fix=fix)
    view = table_view(layers, id="layer", rows=[place])
    pairs = tuple(
        (head.text, f"{mark.text} {head.unit if head.kind != 'strip' else ''}".strip())
        for head, mark in zip(view.heads, view.rows[0].marks, strict=True)
        if mark.text and not mark.is_absent
    )
    return Section(f"Layer {plain(str(layers.column('layer')[place]))}", (Facts(pairs),))


def _whole(report: Report) -> int:
    """The last moment of the timeline, 0 without one."""
    return max(
        (int(r["start_ns"] or 0) + int(r["duration_ns"] or 0) for r in report.table("timeline")),
        default=0,
    )


def _window(query: Query, whole: int) -> tuple[int, int] | None:
    """The two moments that the address names, in ns, within the timeline."""
    text = query.text("window")
    if text is None:
        return None
    low, _, high = text.partition("-")
    if not all(part.isascii() and part.isdecimal() and len(part) < 19 for part in (low, high)):
        fix = "write it as 0-46900000, in ns"
        raise refused(BAD, f"{text[:80]!r} is no window", where="window", fix=fix)
    first, last = min(int(low), whole), min(int(high), whole)
    return (first, last) if first < last else None


def _at(query: Query, start: int, length: int, whole: int) -> str:
    low = min(max(start, 0), whole - length)
    is_all = length >= whole
    return query.with_({"window": [] if is_all else [f"{low}-{low + length}"]})
