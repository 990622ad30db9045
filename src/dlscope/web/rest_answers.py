"""How REST answers: a report as JSON, or one of its tables as a file."""

from __future__ import annotations

from typing import Any, Literal

from starlette.responses import Response

from dlscope.core.report import Report
from dlscope.web.exports import TYPES, exported, table_file, table_of

Format = Literal["json", "csv", "parquet", "md", "tex"]
FILES: dict[int | str, dict[str, Any]] = {
    200: {"content": {media.partition(";")[0]: {} for media in TYPES.values()}}
}
"""What OpenAPI says of an answer with any `Format`."""


def told(report: Report, table: str | None, form: str) -> Response:
    """`report`, or its table called `table`, in one of the forms of `Format`."""
    if table is not None and form != "json":
        return table_file(table_of(report, table), form)
    return exported(report, form, table)
