from __future__ import annotations

from dlscope.core.table import Column, Table
from dlscope.reporting.figures import svg
from dlscope.reporting.predicted_dots import predicted_dots

_COLUMNS = (
    Column("change", "str", "change"),
    Column("predicted_ms", "float", "predicted", "ms", "value"),
    Column("achieved_ms", "float", "achieved", "ms", "value", lo="lo_ms", hi="hi_ms"),
    Column("lo_ms", "float", "lower end", "ms"),
    Column("hi_ms", "float", "upper end", "ms"),
)
_TABLE = Table(
    "advice",
    _COLUMNS,
    (("a", 4.9, 3.1, 2.7, 3.5), ("b", -0.4, None, None, None), ("c", None, 1.0, None, None)),
)


def figure():
    return predicted_dots(_TABLE, "change", predicted="predicted_ms", achieved="achieved_ms")


def test_a_row_has_a_ring_and_where_it_was_achieved_a_bar():
    assert figure().spec["data"]["values"] == [
        {"name": "a", "predicted": 4.9, "achieved": 3.1, "lo": 2.7, "hi": 3.5},
        {"name": "b", "predicted": -0.4, "achieved": None, "lo": None, "hi": None},
    ]


def test_what_was_not_predicted_is_counted():
    assert figure().spec["usermeta"]["dlscope"]["left_out"] == "1 row not drawn"


def test_it_can_be_drawn():
    assert "NaN" not in svg(figure(), 700)
