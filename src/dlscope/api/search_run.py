"""`SearchRun`: a finished search; `FoundDesign`, the design that it chose."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from dlscope.core.report import Report
    from dlscope.core.table import Table
    from dlscope.methods.codesign.search_record import SearchRecord
    from dlscope.methods.codesign.searching.design_file import DesignFile


@final
@dataclass(frozen=True)
class FoundDesign:
    """A design in a file, and the folder where its trained network lies."""

    file: DesignFile
    folder: Path

    def emit(self, to: str, directory: str | Path) -> Report:
        """Write it as something that runs: `onnx` or `cpp`, into `directory`."""
        from dlscope import api

        return api.emit_design(self.folder / "design.json", to=to, output=directory)


@final
@dataclass(frozen=True)
class SearchRun:
    """A finished search: its record, and the folder with all that it left."""

    record: SearchRecord
    folder: Path

    @property
    def status(self) -> str:
        """`done`, `budget_limited`, or `infeasible`."""
        return self.record.status

    @property
    def pareto(self) -> Table:
        """What was found: time and error of each design, those first that were trained."""
        return self.record.table("pareto")

    @property
    def best(self) -> FoundDesign:
        """The chosen design. Raises `SearchError` where nothing meets the target."""
        from dlscope.core.errors import SearchError
        from dlscope.methods.codesign.search_record import SMALLEST
        from dlscope.methods.codesign.searching.design_file import DesignFile

        if self.record.design is None:
            least = dict(self.record.facts).get(SMALLEST, "unknown")
            raise SearchError(
                f"infeasible: nothing meets the target; the least time per result is {least}",
                where=f"search {self.folder.name}",
                fix="allow more time per result, or use a larger board",
            )
        return FoundDesign(DesignFile.load(self.folder / "design.json"), self.folder)

    @property
    def report(self) -> Report:
        """The search as a report."""
        from dlscope import api

        return api.search_report(str(self.folder))
