"""Tables of every awkward kind, made by hypothesis, and reports around them."""

from __future__ import annotations

from hypothesis import strategies as st

from dlscope.core.report import Facts, Finding, Prose, Report, Section
from dlscope.core.table import Cell, Column, Table

NASTY = (
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "]]> & \"quotes\" 'single' {{ 7*7 }} {% raw %}",
    "line\none\r\ntwo\ttab",
    "\x1b[31mred\x07",
    "שלום עולם",
    "\u202eright to left override",
    "漢字" * 40,
    "a_very_long_name_" * 20,
    "| pipe * star _ under ` tick",
    "$x$ \\input{/etc/passwd} % & # ~ ^",
    "",
    " ",
)
_WORDS = st.one_of(st.sampled_from(NASTY), st.text(max_size=12))
_FLOATS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([1e-12, -1e-12, 0.0, -0.0, 999.5, 1e6, 1.7976931348623157e308, 5e-324]),
)
_VALUES = {
    "str": _WORDS,
    "int": st.one_of(st.integers(-(2**64), 2**64), st.integers(-5, 5)),
    "float": _FLOATS,
    "bool": st.booleans(),
}
_UNITS = st.sampled_from([None, "ns", "bytes", "share", "1/s", "flop", "<b>", "%"])
_ROLES = st.sampled_from(["text", "id", "value", "interval", "share", "verdict", "count"])


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """A table of up to six columns, of which some name others as ends of their interval."""
    names = draw(
        st.lists(
            st.one_of(st.sampled_from(["name", "p50_ns", "lo", "hi", "_ns", "share"]), _WORDS),
            max_size=6,
            unique=True,
        )
    )
    ends = st.sampled_from([None, *names, "missing"])
    columns = tuple(
        Column(
            name,
            draw(st.sampled_from(["str", "int", "float", "bool"])),
            f"meaning of {draw(_WORDS)}",
            draw(_UNITS),
            draw(_ROLES),
            draw(st.integers(0, 4)),
            lo=draw(ends),
            hi=draw(ends),
        )
        for name in names
    )
    cells: list[st.SearchStrategy[Cell]] = [
        st.one_of(st.none(), _VALUES[column.dtype]) for column in columns
    ]
    rows = draw(st.lists(st.tuples(*cells), max_size=5 if columns else 0))
    return Table(draw(_WORDS), columns, tuple(rows), draw(_WORDS), draw(_WORDS))


@st.composite
def reports(draw: st.DrawFn) -> Report:
    """A report with one such table and every other part filled with awkward words."""
    table = draw(tables())
    finding = Finding(
        draw(st.sampled_from(["good", "note", "warn", "bad"])),
        draw(_WORDS),
        draw(st.sampled_from([table.name, "missing"])),
        tuple(draw(st.lists(st.integers(0, 9), max_size=3))),
        draw(_WORDS),
        draw(st.one_of(st.none(), _FLOATS)),
        draw(st.sampled_from(["", "ns", "<i>"])),
        draw(_WORDS),
    )
    blocks = (table, Prose(draw(_WORDS)), Facts(((draw(_WORDS), draw(_WORDS)),)))
    return Report(
        title=draw(_WORDS),
        answer=draw(_WORDS),
        tables=(table,),
        findings=(finding,),
        sections=draw(st.sampled_from([(), (Section(draw(_WORDS), blocks, draw(_WORDS)),)])),
        warnings=(draw(_WORDS),),
        next_commands=((draw(_WORDS), draw(_WORDS)),),
        command=draw(_WORDS),
        created_utc=draw(_WORDS),
        attachments={draw(_WORDS): draw(_WORDS)},
    )


def large() -> Table:
    """A table of 10⁵ rows."""
    columns = (
        Column("layer", "str", "name of the layer", role="id"),
        Column("mean_ns", "int", "mean latency", "ns", "value", lo="lo_ns", hi="hi_ns"),
        Column("lo_ns", "int", "lower end", "ns", "interval"),
        Column("hi_ns", "int", "upper end", "ns", "interval"),
    )
    rows = tuple((f"layer{i}", 10**6 + i, 10**6 + i - 9, 10**6 + i + 9) for i in range(100_000))
    return Table("layers", columns, rows, "Layers", "one row per layer")
