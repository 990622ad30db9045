from __future__ import annotations

import json

import pytest

from dlscope.core.errors import SearchError
from dlscope.methods.codesign.search_record import SearchRecord
from dlscope.methods.codesign.tables import search_table

RECORD = SearchRecord(
    "Digits",
    "tiny",
    "zcu102:recursive",
    3,
    facts=(("Data set", "digits"),),
    input=(1, 28, 28),
    tables={"choices": search_table("choices", [{"block": 1, "operation": "skip"}])},
)


def test_it_comes_back_from_json_with_the_roles_of_its_columns() -> None:
    assert SearchRecord.from_json(json.loads(json.dumps(RECORD.to_json()))) == RECORD


def test_a_table_that_the_search_lacks_is_empty() -> None:
    assert len(RECORD.table("pareto")) == 0
    assert "interval_ns" in RECORD.table("pareto")


def test_shares_of_a_unit_that_were_told_before_are_whole_units() -> None:
    data = RECORD.to_json()
    row = {"resource": "bram18", "used": 0.355, "available": 981.0, "share": 0.000362}
    columns = [
        {"name": name, "dtype": "str" if name == "resource" else "float", "unit": None, "doc": "-"}
        for name in row
    ]
    data["tables"]["resources"] = {"columns": columns, "rows": [list(row.values())]}
    (told,) = SearchRecord.from_json(data).table("resources")
    assert told == {**row, "used": 1, "available": 981}


def test_another_schema_is_refused_with_both_numbers() -> None:
    with pytest.raises(SearchError) as refused:
        SearchRecord.from_json({**RECORD.to_json(), "schema_version": 2, "run": "s-1"})
    assert refused.value.what == "the record has schema 2, this dlscope reads 1"
    assert refused.value.where == "s-1"
