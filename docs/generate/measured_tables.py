"""Tables that the commands print which measure models, and of what is stored."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence

from dlscope import api
from dlscope.api import traces
from dlscope.core import registry
from dlscope.core.table import Column
from dlscope.core.trace import Trace
from dlscope.methods.evaluation.preprocessing_study import REFERENCE, study_table
from dlscope.methods.evaluation.report import evaluation_report
from dlscope.methods.evaluation.study_by_value import VALUE_COLUMNS
from dlscope.methods.profiling.report import ANALYSES as PROFILE_ANALYSES
from dlscope.methods.profiling.report import profiling_report
from dlscope.testing.stores import sample_run
from dlscope.tracing.merge import Merged

_PROFILE_TABLES = {
    "layers": "The layers at a glance, the slowest first.",
    "timeline": "One iteration, span by span.",
    "structure": "Spans that some iteration or run of a profile lacks.",
    "missing": "Levels that cannot be seen here, and why.",
    "refused": "What could not be profiled.",
    "failed": "Leveled experiments that broke off.",
}
_TRACE_TABLES = {
    "levels": "Spans by level.",
    "names": "The names that take longest.",
    "diagnostics": "What is wrong with the file, or unclear in it.",
}


def analysis_tables() -> Iterator[tuple[str, str, Sequence[Column]]]:
    """The table of each analysis, then what a profile and a trace have beside them."""
    for name in sorted(registry.names("analyses"), key=_in_order):
        analysis = registry.load("analyses", name)()
        doc = f"{analysis.doc} Printed by {_printers(name)}."
        yield name, doc, analysis.table([]).columns
    profiles = profiling_report([])
    for name, doc in _PROFILE_TABLES.items():
        yield f"{name} (profile)", f"{doc} Printed by `profile`.", profiles.table(name).columns
    for each in traces._tables(Merged(Trace())):
        doc = f"{_TRACE_TABLES[each.name]} Printed by `trace show`."
        yield f"{each.name} (trace)", doc, each.columns


def evaluation_tables() -> Iterator[tuple[str, str, Sequence[Column]]]:
    """What evaluations and studies print beside analyses, and what a store does."""
    refused = evaluation_report([]).table("refused")
    yield "refused", "What could not be measured. Printed by `evaluate`.", refused.columns
    study = study_table({REFERENCE: sample_run("r-0")})
    yield study.name, "What one change costs. Printed by `study preprocessing`.", study.columns
    doc = "The same where answers are no classes. Printed by `study preprocessing`."
    yield f"{study.name} (value)", doc, VALUE_COLUMNS
    with tempfile.TemporaryDirectory() as folder:
        runs, store = api.runs(store=folder).tables[0], api.store_info(store=folder).tables[0]
    yield "runs", "Stored Runs. Printed by `store list`.", runs.columns
    yield "store", "The store itself. Printed by `store info`.", store.columns


def _in_order(name: str) -> tuple[str, int]:
    """A2 before A10."""
    word = name.rstrip("0123456789")
    return word, int(name.removeprefix(word) or 0)


def _printers(name: str) -> str:
    return "`profile`" if name in PROFILE_ANALYSES else "`evaluate`, `compare` and `report`"
