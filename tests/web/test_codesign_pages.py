from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.web.conftest import Served, _Servers

from dlscope import api
from dlscope.testing.searches import BOARD, HERE, NOTHING, UNDER_WAY, write_searches


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with searches of every kind."""
    return write_searches(tmp_path_factory.mktemp("searched"))


@pytest.fixture(scope="module")
def searched(found: Path) -> Iterator[TestClient]:
    with pytest.MonkeyPatch.context() as monkeypatch, _Servers(monkeypatch) as served:
        yield served(found)


def test_searches_are_listed_the_newest_first_and_lead_to_their_pages(searched) -> None:
    page = searched.get("/codesign").text
    places = [page.index(f'href="/codesign/{name}"') for name in (HERE, BOARD, NOTHING)]
    assert places == sorted(places)
    assert UNDER_WAY in page and f'href="/codesign/{UNDER_WAY}"' not in page
    assert "3 ended, 1 not." in page
    assert 'aria-current="page">Co-design' in page


def test_the_list_is_told_as_by_the_library(searched, found: Path) -> None:
    expected = api.list_searches(store=str(found))
    assert searched.get("/codesign.json").json() == expected.to_json()
    assert searched.get("/codesign.csv").text == expected.tables[0].to_csv()


def test_searches_that_are_picked_stand_side_by_side(searched, found: Path) -> None:
    page = searched.get(f"/codesign?runs={BOARD}&runs={HERE}").text
    assert "Searches compared" in page
    told = searched.get(f"/codesign.json?runs={BOARD},{HERE}").json()
    assert told == api.compare_searches([BOARD, HERE], store=str(found)).to_json()


def test_an_empty_store_says_what_makes_a_search(empty: TestClient) -> None:
    page = empty.get("/codesign").text
    assert "No search yet" in page
    assert "dlscope codesign search --space tiny_grey_4" in page


def test_a_search_has_everything_that_it_found_on_its_page(searched) -> None:
    page = searched.get(f"/codesign/{BOARD}").text
    for title in (
        *("Pareto front", "Resources of the chosen design", "Search trajectory"),
        *("Choice probabilities θ", "Stages", "Predicted against measured"),
        *("Baselines at equal budget", "How this was searched"),
    ):
        assert f"<h2>{title}</h2>" in page, title
    assert "Bits of the operations that were chosen" in page
    assert page.count("<svg") >= 6
    assert f"dlscope codesign emit {BOARD} --to onnx" in page
    assert "not measured" not in page


def test_a_page_of_a_search_is_told_as_by_the_library(searched, found: Path) -> None:
    expected = api.search_report(BOARD, store=str(found))
    assert searched.get(f"/codesign/{BOARD}.json").json() == expected.to_json()
    table = searched.get(f"/codesign/{BOARD}.csv?table=stages").text
    assert table == expected.table("stages").to_csv()


def test_requirements_are_held_against_the_design(searched) -> None:
    page = searched.get(f"/codesign/{BOARD}?requirements=traffic_sign_classification").text
    assert "<h2>Requirements</h2>" in page
    assert "<option selected>traffic_sign_classification</option>" in page
    assert "required ≤" in page  # a rule in the front
    told = searched.get(f"/codesign/{BOARD}.json?requirements=traffic_sign_classification").json()
    assert told["tables"]["requirements"]["rows"]


def test_what_was_not_measured_is_said_with_the_command(searched) -> None:
    page = searched.get(f"/codesign/{HERE}").text
    assert f"dlscope codesign measure {HERE}" in page
    assert "The budget was too small for a whole search." in page


def test_a_search_that_found_nothing_says_how_near_it_came(searched) -> None:
    page = searched.get(f"/codesign/{NOTHING}").text
    assert "Infeasible: no design of digits on local:cpu meets what was asked" in page
    assert "smallest reachable 0.02 ms" in page
    assert "codesign emit" not in page


def test_the_report_is_one_file(searched) -> None:
    answer = searched.get(f"/codesign/{BOARD}/report")
    assert answer.headers["content-disposition"].endswith(f'"codesign-{BOARD}.html"')
    assert "Pareto front" in answer.text


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/codesign/0b0a12d0000l", 404, "did you mean 0b0a12d00001?"),
        (f"/codesign/{UNDER_WAY}", 404, "there is no search"),
        ("/codesign/..%2f..%2fetc", 404, ""),
        ("/codesign?runs=nobody", 404, "there is no search &#39;nobody&#39;"),
        (f"/codesign/{BOARD}?requirements=./x.yaml", 400, "is no choice"),
        (f"/codesign/{BOARD}?requirement=depth", 400, "did you mean requirements?"),
        (f"/codesign/{BOARD}.csv?table=stage", 404, "did you mean stages?"),
        ("/codesign/nobody/report", 404, "there is no search"),
    ],
)
def test_what_is_not_there_is_refused(searched, path: str, status: int, told: str) -> None:
    answer = searched.get(path)
    assert answer.status_code == status
    assert told in answer.text


def test_a_search_that_cannot_be_read_does_not_hide_the_others(
    serve: Served, tmp_path: Path
) -> None:
    folder = write_searches(tmp_path)
    (folder / "codesign" / BOARD / "record.json").write_text("{", encoding="utf-8")
    client = serve(folder)
    page = client.get("/codesign").text
    assert "unreadable" in page and HERE in page
    assert client.get(f"/codesign/{BOARD}").status_code == 400
