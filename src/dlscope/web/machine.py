"""`Machine`: what can be measured here, found out without importing a framework."""

from __future__ import annotations

import functools
import threading
from collections.abc import Mapping
from typing import Any, final

from dlscope.core.digest import digest
from dlscope.core.errors import did_you_mean
from dlscope.core.table import Column, Table
from dlscope.web.children import answer_of
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
_PLANS_KEPT = 100
_ASKING = threading.Lock()


@final
class Machine:
    """Asks processes of its own, since a framework in the server would stay in its memory."""

    def __init__(self, store: str | None) -> None:
        self._store = store
        self._plans: dict[str, Mapping[str, Any]] = {}

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

    def forget_plans(self) -> None:
        """Ask anew what is measured already: a job has ended."""
        self._plans.clear()

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
