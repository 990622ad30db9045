from __future__ import annotations

import math
import re

from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from dlscope.core.table import Column, Table
from dlscope.web.shown_tables import sorted_rows

COLUMNS = (Column("a", "float", "a number"), Column("b", "str", "a text"))
ROWS = st.lists(st.tuples(st.none() | st.floats(), st.none() | st.text(max_size=3)), max_size=8)


@given(rows=ROWS, keys=st.lists(st.sampled_from(["a", "-a", "b", "-b"]), max_size=2, unique=True))
def test_sorting_loses_no_row_and_puts_absent_ones_last(
    rows: list[tuple[float | None, str | None]], keys: list[str]
) -> None:
    table = Table("t", COLUMNS, tuple(rows))
    order = sorted_rows(table, keys)
    assert sorted(order) == list(range(len(rows)))
    if not keys:
        assert order == list(range(len(rows)))
        return
    cells = [table.column(keys[0].removeprefix("-"))[row] for row in order]
    there = [cell for cell in cells if cell is not None and cell == cell]
    assert cells[: len(there)] == there
    ranks = [each.casefold() if isinstance(each, str) else each for each in there]
    assert ranks == sorted(ranks, reverse=keys[0].startswith("-"))  # type: ignore[type-var]


def test_equal_rows_stay_in_their_order() -> None:
    table = Table("t", COLUMNS, ((1.0, "x"), (math.nan, "y"), (1.0, "a"), (0.0, "b")))
    assert sorted_rows(table, ["a"]) == [3, 0, 2, 1]
    assert sorted_rows(table, ["-a"]) == [0, 2, 3, 1]
    assert sorted_rows(table, ["a", "b"]) == [3, 2, 0, 1]


def links_of(page: str, table: str) -> dict[str, str]:
    part = page[page.index(f'aria-label="{table}"') :]
    part = part[: part.index("</thead>")]
    found = re.findall(r'<a class="sort" href="([^"]*)" data-more="[^"]*">([^<]*)</a>', part)
    return {name: href.replace("&amp;", "&") for href, name in found}


def column_of(page: str, anchor: str, index: int) -> list[str]:
    part = page[page.index(f'<table id="{anchor}"') :]
    part = part[: part.index("</table>")]
    rows = re.findall(r"<tr id=.*?</tr>", part, re.DOTALL)
    return [
        re.sub(r"<[^>]*>", "", re.findall(r"<td.*?</td>", row, re.DOTALL)[index]).strip()
        for row in rows
    ]


def test_a_header_leads_to_its_order_and_again_to_the_reverse(client: TestClient) -> None:
    first = client.get("/models").text
    up = client.get(links_of(first, "Models")["task"]).text
    assert 'aria-sort="ascending"' in up
    down = client.get(links_of(up, "Models")["task"]).text
    assert 'aria-sort="descending"' in down
    ascending, descending = column_of(up, "t1", 2), column_of(down, "t1", 2)
    assert ascending == sorted(ascending)
    assert descending == sorted(descending, reverse=True)


def test_sorting_keeps_the_filter(client: TestClient) -> None:
    page = client.get("/runs?model=tiny").text
    sorted_page = client.get(links_of(page, "Runs")["p50"]).text
    assert set(column_of(sorted_page, "t1", 2)) == {"tiny"}
    assert 'aria-sort="ascending"' in sorted_page


def test_cells_that_differ_from_the_baseline_are_marked(client: TestClient) -> None:
    page = client.get("/compare?runs=r-fast,r-slow").text
    marked = re.findall(r'<td class="[^"]*differs">(?:<[^>]*>)?([^<]*)', page)
    assert "torch" in marked
    assert "onnxruntime" not in marked
    turned = client.get("/compare?runs=r-fast,r-slow&baseline=r-slow").text
    marked = re.findall(r'<td class="[^"]*differs">(?:<[^>]*>)?([^<]*)', turned)
    assert "onnxruntime" in marked
