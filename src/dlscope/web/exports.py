"""A page as a file: the JSON contract, or one of its tables as CSV, Parquet, Markdown, LaTeX."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import replace

from starlette.responses import Response, StreamingResponse

from dlscope.core.errors import did_you_mean
from dlscope.core.report import Report
from dlscope.core.table import Table
from dlscope.reporting.json import JsonRenderer
from dlscope.web.refusals import BAD, UNKNOWN, refused

TYPES = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "md": "text/markdown; charset=utf-8",
    "tex": "application/x-tex; charset=utf-8",
}


def exported(report: Report, form: str, table: str | None) -> Response:
    """`report`, or its table called `table`, in one of the forms of `TYPES`.

    JSON is the contract of every command. Raises an answer of 404 for an unknown table, of 400
    where several tables are there and none is named.
    """
    if form == "json":
        if table is not None:
            report = replace(report, tables=(table_of(report, table),), findings=())
        return Response(JsonRenderer().report(report), media_type=TYPES[form])
    return table_file(table_of(report, table), form)


def table_of(report: Report, name: str | None) -> Table:
    """The table of `report` called `name`, or its only one."""
    names = [table.name for table in report.tables]
    if name is None:
        if len(names) == 1:
            return report.tables[0]
        listing = ", ".join(names)
        raise refused(BAD, "there are several tables", where="table", fix=f"name one of {listing}")
    if name not in names:
        fix = did_you_mean(name, names)
        raise refused(UNKNOWN, f"there is no table {name!r}", where="table", fix=fix)
    return report.table(name)


def table_file(table: Table, form: str) -> Response:
    """`table` whole, as a file to keep."""
    headers = {"content-disposition": f'attachment; filename="{table.name}.{form}"'}
    return Response(_content(table, form), media_type=TYPES[form], headers=headers)


def streamed_csv(name: str, parts: Iterable[Table]) -> StreamingResponse:
    """Tables with the same columns as one CSV, sent part by part."""
    headers = {"content-disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(_lines(parts), media_type=TYPES["csv"], headers=headers)


def _lines(parts: Iterable[Table]) -> Iterator[str]:
    for number, part in enumerate(parts):
        text = part.to_csv()
        yield text if number == 0 else text.partition("\n")[2]


def _content(table: Table, form: str) -> str | bytes:
    if form == "parquet":
        return _parquet(table)
    if form == "csv":
        return table.to_csv()
    return table.to_markdown() if form == "md" else table.to_latex()


def _parquet(table: Table) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"str": pa.string(), "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_()}
    fields = [
        pa.field(column.name, kinds[column.dtype], metadata={"unit": column.unit or ""})
        for column in table.columns
    ]
    arrays = [
        pa.array(table.column(field.name), type=field.type, from_pandas=False) for field in fields
    ]
    out = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=pa.schema(fields)), out)
    return out.getvalue()
