from __future__ import annotations

import csv
import io
import json
import math

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from dlscope import api
from dlscope.core.report import Report
from dlscope.core.table import Column, Table
from dlscope.web.exports import exported, table_file

_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=20)
_CELLS = st.tuples(
    st.none() | _TEXT,
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.none() | st.floats(),
    st.none() | st.booleans(),
)
_COLUMNS = (
    Column("text", "str", "words"),
    Column("count", "int", "how many", "ns"),
    Column("value", "float", "how much", "ms"),
    Column("flag", "bool", "whether"),
)


@given(rows=st.lists(_CELLS, max_size=6))
def test_every_form_holds_the_same_cells(rows: list[tuple[object, ...]]) -> None:
    table = Table("any", _COLUMNS, tuple(rows))  # type: ignore[arg-type]
    document = json.loads(exported(Report("t", "", tables=(table,)), "json", None).body)
    back = Table.from_json("any", document["tables"]["any"])
    read = pq.read_table(io.BytesIO(table_file(table, "parquet").body)).to_pylist()
    assert len(back.rows) == len(read) == len(rows)
    for given_row, as_json, as_parquet in zip(rows, back.rows, read, strict=True):
        assert all(map(_same, given_row, as_json))
        assert all(map(_same, given_row, as_parquet.values()))
    assert table_file(table, "csv").body.decode() == table.to_csv()


def _same(left: object, right: object) -> bool:
    if isinstance(left, float) and math.isnan(left):
        return isinstance(right, float) and math.isnan(right)
    return left == right


@pytest.mark.parametrize("name", ["latency", "accuracy", "stages", "validity"])
def test_a_page_and_its_files_tell_the_same(client: TestClient, store: object, name: str) -> None:
    table = api.report(["r-fast"], store=str(store)).table(name)
    page = client.get("/runs/r-fast.json").json()["tables"][name]
    assert page == table.to_json()
    assert client.get(f"/runs/r-fast.csv?table={name}").text == table.to_csv()
    assert client.get(f"/runs/r-fast.md?table={name}").text == table.to_markdown()
    assert client.get(f"/runs/r-fast.tex?table={name}").text == table.to_latex()
    rest = client.get(f"/api/v1/runs/r-fast/tables/{name}").json()["tables"]
    assert rest == {name: table.to_json()}


def test_a_listing_as_csv_has_every_row_whatever_the_page_shows(client: TestClient) -> None:
    whole = list(csv.reader(io.StringIO(client.get("/runs.csv").text)))
    part = client.get("/runs.json?rows=2").json()["tables"]["runs"]
    assert len(part["rows"]) == 2
    assert len(whole) == 1 + len(client.get("/runs.json").json()["tables"]["runs"]["rows"])
    filtered = client.get("/runs.csv?model=third").text
    assert len(filtered.splitlines()) == 2
