"""`CsvRenderer`: the tables of a Report as comma-separated values, all rows and columns."""

from __future__ import annotations

from typing import final

from dlscope.core.report import Report
from dlscope.reporting.words import plain


@final
class CsvRenderer:
    """One table as it is; several one after another, each under a line `# name`."""

    def report(self, report: Report) -> str:
        """All tables of `report`, an empty line between two; empty when there is none."""
        if len(report.tables) == 1:
            return report.tables[0].to_csv()
        return "\n".join(f"# {plain(table.name)}\n{table.to_csv()}" for table in report.tables)
