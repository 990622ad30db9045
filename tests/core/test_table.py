from __future__ import annotations

import csv
import io
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.table import Column, Table

MODEL = Column("model", "str", "Name of the model.", role="id")
LATENCY = Column("mean_ns", "float", "Mean latency.", unit="ns", lo="lo_ns", hi="hi_ns")
COUNT = Column("n", "int", "Number of samples.")
VALID = Column("valid", "bool", "Whether every condition holds.")
COLUMNS = (MODEL, LATENCY, COUNT, VALID)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ((1, 1.0, 1, True), "table t: column model holds str, got 1"),
        (("a", "1", 1, True), "table t: column mean_ns holds float, got '1'"),
        (("a", True, 1, True), "table t: column mean_ns holds float, got True"),
        (("a", 1.0, 1.0, True), "table t: column n holds int, got 1.0"),
        (("a", 1.0, False, True), "table t: column n holds int, got False"),
        (("a", 1.0, np.int64(1), True), "table t: column n holds int, got np.int64(1)"),
        (("a", 1.0, 1, 1), "table t: column valid holds bool, got 1"),
    ],
)
def test_refuses_a_cell_of_another_type(row, message: str) -> None:
    with pytest.raises(TypeError) as refusal:
        Table("t", COLUMNS, (row,))
    assert str(refusal.value) == message


def test_refuses_a_short_row() -> None:
    with pytest.raises(ValueError, match="cells") as refusal:
        Table("t", COLUMNS, (("a",),))
    assert str(refusal.value) == "table t: a row has 1 cells for 4 columns"


def test_refuses_two_columns_of_one_name() -> None:
    with pytest.raises(ValueError, match="share") as refusal:
        Table("t", (MODEL, MODEL))
    assert str(refusal.value) == "table t: two columns share a name"


@pytest.mark.parametrize("doc", ["", "  "])
def test_refuses_a_column_without_documentation(doc: str) -> None:
    with pytest.raises(ValueError, match="documentation") as refusal:
        Column("n", "int", doc)
    assert str(refusal.value) == "column n has no documentation"


def test_takes_whole_numbers_for_floats_and_none_for_anything() -> None:
    table = Table("t", COLUMNS, (("a", 3, 1, True), (None, None, None, None)))
    assert table.column("mean_ns") == (3, None)


def test_of_reads_records_by_column_name() -> None:
    table = Table.of("layer_times", COLUMNS, [{"n": 2, "model": "a"}, {"valid": False}])
    assert table.rows == (("a", None, 2, None), (None, None, None, False))
    assert table.title == "Layer times"
    assert next(iter(table)) == {"model": "a", "mean_ns": None, "n": 2, "valid": None}
    assert len(table) == 2


def test_answers_by_name() -> None:
    table = Table("t", COLUMNS)
    assert "n" in table
    assert "m" not in table
    assert table.describe("mean_ns") is LATENCY
    with pytest.raises(KeyError):
        table.column("m")


def test_empty_is_a_table_with_no_rows() -> None:
    table = Table("t", COLUMNS)
    assert len(table) == 0
    assert table.to_json()["rows"] == []
    assert [column["name"] for column in table.to_json()["columns"]] == [
        "model",
        "mean_ns",
        "n",
        "valid",
    ]


def test_json_names_what_json_cannot_hold() -> None:
    rows = (("NaN", math.nan, 1, True), ("b", math.inf, 1, True), ("c", -math.inf, 1, True))
    data = Table("t", COLUMNS, rows).to_json()
    assert [row[1] for row in data["rows"]] == ["NaN", "Infinity", "-Infinity"]
    assert data["columns"][1] == {
        "name": "mean_ns",
        "dtype": "float",
        "unit": "ns",
        "doc": "Mean latency.",
    }
    back = Table.from_json("t", data)
    assert back.rows[0][0] == "NaN"
    assert math.isnan(back.rows[0][1])
    assert back.rows[1][1] == math.inf


records = st.tuples(
    st.none() | st.text(),
    st.none() | st.floats() | st.integers(),
    st.none() | st.integers(),
    st.none() | st.booleans(),
)


@given(st.lists(records, max_size=5))
def test_json_round_trip(rows) -> None:
    table = Table("t", COLUMNS, tuple(rows))
    data = json.loads(json.dumps(table.to_json(), allow_nan=False))
    back = Table.from_json("t", data)
    assert back.to_json() == table.to_json()
    assert back.digest == table.digest
    for mine, other in zip(table.rows, back.rows, strict=True):
        assert [type(cell) for cell in mine] == [type(cell) for cell in other]


@given(st.lists(records, max_size=5))
def test_csv_has_every_cell(rows) -> None:
    text = Table("t", COLUMNS, tuple(rows)).to_csv()
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert read[0] == ["model", "mean_ns [ns]", "n", "valid"]
    assert [row[0] for row in read[1:]] == [row[0] or "" for row in rows]
    assert len(read) == len(rows) + 1


def test_csv_exactly() -> None:
    table = Table("t", COLUMNS, (('a "b", c', 1.5, 2, True), (None, math.nan, None, False)))
    assert table.to_csv() == ('model,mean_ns [ns],n,valid\n"a ""b"", c",1.5,2,True\n,NaN,,False\n')


def test_the_digest_follows_name_columns_and_rows() -> None:
    table = Table("t", (COUNT,), ((1,),))
    others = [
        Table("u", (COUNT,), ((1,),)),
        Table("t", (COUNT,), ((2,),)),
        Table("t", (Column("n", "int", "Another meaning."),), ((1,),)),
    ]
    assert len({table.digest, *(other.digest for other in others)}) == 4
    assert Table("t", (COUNT,), ((1,),), title="Another title").digest == table.digest
