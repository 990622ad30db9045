from __future__ import annotations

import pytest

from dlscope.core.table import Column, Table
from dlscope.reporting.view import SHORT, table_view


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["image_classification", None], "text short"),
        (["a" * SHORT], "text short"),
        (["a" * SHORT, "a" * (SHORT + 1)], "text"),
    ],
)
def test_a_column_of_short_texts_keeps_its_words_whole(texts, kind) -> None:
    columns = (Column("name", "str", "a name"), Column("n", "int", "a number"))
    view = table_view(Table.of("t", columns, [{"name": each, "n": 1} for each in texts]), id="t1")
    assert [head.kind for head in view.heads] == [kind, "number"]
    assert {row.marks[0].kind for row in view.rows} == {kind}
