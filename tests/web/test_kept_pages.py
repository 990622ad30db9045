from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.web.conftest import Served, _Servers

from dlscope import api
from dlscope.testing.kept import write_kept

pytest.importorskip("torch")


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module")
def names(shelf: Path) -> Mapping[str, tuple[str, ...]]:
    """Names of the reports of the store, by kind."""
    return write_kept(str(shelf))


@pytest.fixture(scope="module")
def kept(shelf: Path, names) -> Iterator[TestClient]:
    del names
    with pytest.MonkeyPatch.context() as monkeypatch, _Servers(monkeypatch) as served:
        yield served(shelf)


@pytest.mark.parametrize(("kind", "word"), [("skynet", "SkyNet"), ("adapt", "Adapt")])
def test_reports_are_listed_and_lead_to_their_pages(kept, names, kind: str, word: str) -> None:
    page = kept.get(f"/{kind}").text
    assert all(f'href="/{kind}/{name}"' in page for name in names[kind])
    assert f'aria-current="page">{word}<' in page


@pytest.mark.parametrize("kind", ["skynet", "adapt"])
def test_pages_tell_what_the_library_tells(kept, shelf: Path, names, kind: str) -> None:
    listed = api.list_kept(kind, store=str(shelf))
    assert kept.get(f"/{kind}.json").json() == listed.to_json()
    assert kept.get(f"/{kind}.csv").text == listed.tables[0].to_csv()
    name = names[kind][0]
    expected = api.kept_report(kind, name, store=str(shelf))
    assert kept.get(f"/{kind}/{name}.json").json() == expected.to_json()
    table = expected.tables[0]
    assert kept.get(f"/{kind}/{name}.csv?table={table.name}").text == table.to_csv()
    parquet = kept.get(f"/{kind}/{name}.parquet?table={table.name}")
    assert parquet.content.startswith(b"PAR1")


def test_trackers_are_shown_with_strip_curves_and_what_goes_on(kept, names) -> None:
    page = kept.get(f"/skynet/{names['skynet'][0]}").text
    assert "Success curve" in page
    assert "Overlap with the true box, frame by frame" in page
    assert "data:image/jpeg;base64," in page
    assert f"Same result: <code>dlscope skynet show {names['skynet'][0]}</code>" in page
    assert "dlscope skynet track --tracker ncc" in page  # what made it


def test_an_ablation_is_shown_with_pictures_and_gains_by_class(kept, names) -> None:
    page = kept.get(f"/adapt/{names['adapt'][0]}").text
    assert "data:image/png;base64," in page
    assert "IoU by class: the source alone, and" in page
    assert "undecided" in page
    assert page.count("<svg") >= 2


def test_the_report_is_one_file(kept, names) -> None:
    name = names["adapt"][0]
    answer = kept.get(f"/adapt/{name}/report")
    assert answer.headers["content-disposition"].endswith(f'"adapt-{name}.html"')
    assert "IoU by class" in answer.text
    assert answer.text == kept.get(f"/adapt/{name}/report").text


@pytest.mark.parametrize("kind", ["skynet", "adapt"])
def test_an_empty_store_says_what_makes_a_report(empty: TestClient, kind: str) -> None:
    page = empty.get(f"/{kind}").text
    assert "No report yet" in page
    assert f"<code>dlscope {kind} " in page


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/skynet/track-0", 404, "there is no report &#39;track-0&#39;"),
        ("/skynet/..%2f..%2fetc", 404, ""),
        ("/adapt?name=x", 400, "this page has no &#39;name&#39;"),
        ("/adapt/nothing/report", 404, "there is no report"),
    ],
)
def test_what_is_not_there_is_refused(kept, path: str, status: int, told: str) -> None:
    answer = kept.get(path)
    assert answer.status_code == status
    assert told in answer.text


def test_a_report_of_one_kind_is_none_of_the_other(kept, names) -> None:
    assert kept.get(f"/adapt/{names['skynet'][0]}").status_code == 404


def test_a_spoiled_report_does_not_hide_the_others(serve: Served, tmp_path: Path) -> None:
    (name,) = api.explain_adversarial(store=str(tmp_path)).runs
    (tmp_path / "adapt" / "train-0.jsonl").write_text("{")
    client = serve(tmp_path)
    page = client.get("/adapt").text
    assert "unreadable" in page
    assert name in page
    assert client.get("/adapt/train-0").status_code == 503
    assert client.get(f"/adapt/{name}").status_code == 200
