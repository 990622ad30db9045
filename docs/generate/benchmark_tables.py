"""Tables that the commands of bounds and of bricks print."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dlscope.core.table import Column
from dlscope.methods.bounds import report_columns as bound_columns
from dlscope.methods.bounds import suite_report as bound_suites
from dlscope.methods.bounds.report_tables import tables_of as bound_tables
from dlscope.methods.bricks.suite import Suite
from dlscope.methods.bricks.tables import tables as brick_tables

_BRICK_TABLES = {
    "composition": "Models rebuilt from bricks, one row a model.",
    "accuracy": "Composed latencies against measured ones, over all models.",
    "speedup": "What running every brick once saves against running every model once.",
    "parts": "What each brick adds to each model, the largest first.",
    "stats": "How many bricks each model needs, and how many no earlier model has.",
    "operators": "The kinds of bricks, the most frequent first.",
    "failed": "Bricks without a time, and why.",
}


def benchmark_tables() -> Iterator[tuple[str, str, Sequence[Column]]]:
    """Each table with what it tells and its columns."""
    for name, table_ in bound_tables([], {}).items():
        doc = f"{bound_columns.DESCRIPTIONS[name]} Printed by `bound analyze`."
        yield f"{name} (bound)", doc, table_.columns
    for name, columns in bound_suites.TABLES.items():
        yield f"{name} (bound)", *columns
    for each in brick_tables(Suite("executed", 1, "", {}, ()), [], [], "suite"):
        doc = f"{_BRICK_TABLES[each.name]} Printed by `bricks`."
        yield f"{each.name} (bricks)", doc, each.columns
