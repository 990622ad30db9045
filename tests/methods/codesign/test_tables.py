from __future__ import annotations

import pytest

from dlscope.methods.codesign.tables import SEARCH_TABLES, search_table


@pytest.mark.parametrize("name", SEARCH_TABLES)
def test_ends_of_intervals_are_columns_of_their_table(name: str) -> None:
    table = search_table(name)
    for column in table.columns:
        assert all(end in table for end in (column.lo, column.hi) if end)


def test_an_unknown_table_is_refused() -> None:
    with pytest.raises(KeyError):
        search_table("mood")
