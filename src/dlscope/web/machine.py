"""`Machine`: what can be measured here, found out without importing a framework."""

from __future__ import annotations

import dataclasses
import functools
import threading
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, final

from dlscope.core.digest import digest
from dlscope.core.errors import DlscopeError, Problems, RequestError, did_you_mean
from dlscope.core.report import Report
from dlscope.core.table import Column, Table
from dlscope.reporting.document import report_of
from dlscope.web.background import Background
from dlscope.web.children import answer_of
from dlscope.web.kept_reports import KeptReports
from dlscope.web.refusals import UNKNOWN, refused

_COLUMNS = (
    Column("backend", "str", "name for --backend"),
    Column("available", "bool", "whether it can be used here", role="verdict"),
    Column("version", "str", "exact version of the framework"),
    Column("formats", "str", "model formats it opens", priority=2),
    Column("devices", "str", "devices it runs on", priority=2),
    Column("reason", "str", "why it cannot be used", priority=2),
    Column("fix", "str", "how to get it", priority=2),
)
NEWER = "benchmarks were added since; they are being put in: reload this page in a while"
_PLANS_KEPT = 100
_PATIENCE_S = 2.0
_ASKING = threading.Lock()


@final
class Machine:
    """Asks processes of its own, since a framework in the server would stay in its memory."""

    def __init__(self, store: str | None, reports: Path) -> None:
        self._store = store
        self._plans: dict[str, Mapping[str, Any]] = {}
        self._reports = KeptReports(reports)
        self._background: Background[Report] = Background()

    def backends(self) -> Table:
        """One row per registered backend; asked once, which takes some seconds."""
        with _ASKING:
            return _backend_table()

    def available(self) -> list[str]:
        """The names of the backends that work here."""
        return [str(row["backend"]) for row in self.backends() if row["available"]]

    def plan(
        self, experiment: Mapping[str, Any], allow_hooks: tuple[str, ...]
    ) -> Mapping[str, Any]:
        """What an experiment would measure, or its `problems`; the same is asked once."""
        key = digest(experiment)
        if key not in self._plans:
            asked = {"do": "plan", "experiment": experiment, "store": self._store}
            told = answer_of({**asked, "allow_hooks": allow_hooks})
            if len(self._plans) >= _PLANS_KEPT:
                self._plans.clear()
            self._plans[key] = told
        return self._plans[key]

    def known(
        self, what: Literal["bounds", "bricks"], model: str, options: Mapping[str, Any]
    ) -> Report:
        """What the store knows of a model: its bounds, or how it is rebuilt from bricks.

        Put together once for as long as no result is added and the environment stays. Raises the
        problems of `api.known_bounds` or `api.known_bricks`.
        """
        asked = {"do": f"known_{what}", "model": model, "options": dict(options)}
        results = self._results()
        found = self._reports.find(self._made_from(asked, results))
        if found is None:
            told = answer_of({**asked, "store": self._store})
            if told["type"] != "end":
                raise _problems(told)
            found = report_of(told["report"])
            self._keep(asked, results, found)
        return found

    def known_soon(
        self, what: Literal["bounds", "bricks"], model: str, options: Mapping[str, Any]
    ) -> Report | None:
        """What `known` tells, or None while it is being put together: ask again.

        Where results were added meanwhile, what was put together last is told, and that there is
        more: a measurement under way adds some every second.
        """
        asked = {"do": f"known_{what}", "model": model, "options": dict(options)}
        found = self._reports.find(self._made_from(asked, self._results()))
        if found is not None:
            return found
        make = functools.partial(self.known, what, model, options)
        found = self._background.result(digest(asked), make, _PATIENCE_S)
        if found is not None:
            return found
        last = self._reports.find(self._made_from(asked, None))
        return last and dataclasses.replace(last, warnings=(*last.warnings, NEWER))

    def ended(self, told: Mapping[str, Any]) -> None:
        """A job has ended: plans are asked anew, and the report that it brought is kept."""
        self._plans.clear()
        if "report" in told:
            self._keep(told["known_by"], self._results(), report_of(told["report"]))

    def _keep(self, asked: Mapping[str, Any], results: int, report: Report) -> None:
        """Keep a report made from so many results, also as the last one that was made."""
        for each in (results, None):
            self._reports.keep(self._made_from(asked, each), report)

    def _made_from(self, asked: Mapping[str, Any], results: int | None) -> Mapping[str, Any]:
        from dlscope.stacks.fingerprint import environment

        made_by = {"dlscope": version("dlscope"), "environment": environment().fingerprint}
        return {**asked, **made_by, "results": results}

    @property
    def has_results(self) -> bool:
        """Whether the store holds any benchmark."""
        return self._results() > 0

    def _results(self) -> int:
        from dlscope.store import Store

        with Store.open(self._store) as opened:
            return opened.benchmarks.count()

    def plain_name(self, kind: str, name: str) -> str:
        """`name`, which must be one of the catalog: a server opens no file that it is told to.

        `name@constraint` and `name==version` are fine. Raises an answer of 404 for another.
        """
        from dlscope.catalog.finder import names

        known = names(kind)
        bare = name.partition("@")[0].partition("==")[0]
        if bare not in known:
            fix = did_you_mean(bare[:80], known)
            what = f"there is no {kind.removesuffix('s')} {name[:80]!r}"
            raise refused(UNKNOWN, what, where="the catalog", fix=fix)
        return name


@functools.cache
def _backend_table() -> Table:
    told = answer_of({"do": "doctor"}).get("backends", ())
    return Table.of("backends", _COLUMNS, told)


def _problems(told: Mapping[str, Any]) -> DlscopeError:
    """What a process says went wrong; its last words where it died."""
    log = " ".join(told.get("log", ()))[-300:] or "it said nothing"
    died = {"what": "putting it together came to nothing", "where": log, "fix": "dlscope doctor"}
    problems = [
        RequestError(each["what"], where=each["where"], fix=each["fix"])
        for each in told.get("problems", (died,))
    ]
    return problems[0] if len(problems) == 1 else Problems.of(problems)
