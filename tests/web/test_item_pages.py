from __future__ import annotations

from starlette.testclient import TestClient


def test_answer_and_truth_are_told_by_name_and_by_number_in_the_file(client: TestClient) -> None:
    page = client.get("/runs/r-slow/items").text
    # The class of item 2 is told by its own answer, that of item 1 by nothing in this store.
    assert page.count("class 2") == 3
    assert ">predicted<" not in page
    header, *rows = client.get("/runs/r-slow/items.csv?order=index").text.splitlines()
    names = header.split(",")
    told = [dict(zip(names, row.split(","), strict=True)) for row in rows]
    assert [(each["predicted"], each["label"]) for each in told] == [
        ("0", "0"),
        ("2", "1"),
        ("2", "2"),
    ]


def test_the_page_of_an_item_tells_what_the_right_class_is_called(client: TestClient) -> None:
    assert ">0 class 0</pre>" in client.get("/runs/r-slow/items/0").text
    assert "&#34;label&#34;: 1" in client.get("/runs/r-slow/items/1").text
    assert ">1 class 1</pre>" in client.get("/runs/r-slow/items/1?with=r-fast").text
