from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.web.conftest import Served

from dlscope.web.app import create_app

PAGES = (
    *("/runs", "/profiles", "/runs/r-fast", "/runs/r-fast/items", "/runs/r-fast/items/1"),
    *("/runs/r-profile1", "/compare?runs=r-fast,r-slow", "/models", "/datasets", "/experiments"),
    *("/models/efficientnet-lite0", "/datasets/imagenet-mini20", "/runs/r-failed"),
)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_without_script_or_another_host(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text[:2000]
    page = answer.text
    assert page.count("<h1>") == 1
    assert page.count("<main") == 1
    addresses = re.findall(r'\b(?:src|href|action)="([^"]*)"', page)
    assert addresses
    assert [each for each in addresses if not each.startswith(("/", "#", "data:,"))] == []
    assert re.findall(r"<script(?! src)", page) == []
    assert re.findall(r"\son\w+=", page) == []
    assert "None" not in re.sub(r"<pre.*?</pre>", "", page, flags=re.DOTALL)


@pytest.mark.parametrize("path", ["/runs", "/runs/r-fast", "/models"])
def test_every_link_of_a_page_leads_somewhere(client: TestClient, path: str) -> None:
    page = client.get(path).text
    links = set(re.findall(r'href="(/[^"]*)"', page)) - {"/evaluate", "/systems", "/try"}
    for link in sorted(links)[:60]:
        answer = client.get(link.replace("&amp;", "&"))
        assert answer.status_code in (200, 307), (link, answer.text[:500])


def test_home_is_the_runs(client: TestClient) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/runs")


def test_a_page_that_a_browser_has_is_not_sent_again(client: TestClient) -> None:
    first = client.get("/runs")
    again = client.get("/runs", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_head_of_a_page_can_be_asked_for(client: TestClient) -> None:
    answer = client.head("/runs")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["etag"]


def test_assets_have_the_address_of_their_content(client: TestClient) -> None:
    page = client.get("/runs").text
    style, script = re.findall(r'"(/static/[^"]+)"', page)
    for address in (style, script):
        answer = client.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert len(client.get(style).content) < 25_000
    assert len(client.get(script).content) < 40_000


@pytest.mark.parametrize("path", ["/static/app.py", "/static/..%2fapp.py", "/static/"])
def test_nothing_but_assets_is_served_as_one(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/runs/..%2f..%2fetc%2fpasswd",
        "/runs/%2e%2e%2fdlscope.sqlite",
        "/models/..%2f..%2fsecret.yaml",
        "/models/%2fetc%2fpasswd",
        "/datasets/..%2fmodels%2fbert_base.yaml",
        "/api/v1/runs/..%2f..%2fx",
        "/api/v1/models/..%2fmodels%2fbert_base.yaml",
        "/runs/r-fast/items/..%2f..%2f1",
        "/experiments/..%2fx",
    ],
)
def test_a_place_outside_is_refused(client: TestClient, path: str) -> None:
    assert client.get(path).status_code in (400, 404)


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/runs/r-fats", 404, "did you mean r-fast"),
        ("/runs?modle=x", 400, "did you mean model?"),
        ("/runs?sort=p51", 400, "did you mean p50?"),
        ("/runs?page=x", 400, "&#39;x&#39; is not a number"),
        ("/runs?page=99", 400, "the last page is 1"),
        ("/runs.xml", 404, "not found"),
        ("/runs/r-fast?table=x&other=1", 400, "this page has no &#39;other&#39;"),
        ("/runs/r-fast.csv", 400, "name one of models, accuracy"),
        ("/runs/r-fast.csv?table=latncy", 404, "did you mean latency?"),
        ("/runs/r-fast/items/9", 404, "it has 3 items, from 0"),
        ("/runs/r-fast/items/x", 404, "items are numbered from 0"),
        ("/models/efficientnet-lite9", 404, "did you mean efficientnet-lite"),
        ("/compare?runs=r-fast", 400, "name 2 to 12 different runs"),
        ("/compare?runs=r-fast,r-slow&fields=x", 400, "use one of all, differing"),
        ("/experiments/e-1", 404, "there is no job"),
        ("/nowhere", 404, "not found"),
    ],
)
def test_refusals_are_pages_with_what_where_and_fix(
    client: TestClient, path: str, status: int, told: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == status, answer.text[:1000]
    assert told in answer.text
    assert "<dt>fix</dt>" in answer.text


def test_a_word_of_the_query_is_never_markup(client: TestClient) -> None:
    page = client.get("/runs", params={"q": '"><script>alert(1)</script>'}).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_names_with_markup_are_shown_as_text(serve: Served, tmp_path: Path) -> None:
    import dataclasses

    from dlscope.store import Store
    from dlscope.testing.analyses import example_run

    run = example_run("r-x")
    items = (dataclasses.replace(run.items[0], item="<img src=x onerror=alert(1)>"),)
    error = {"kind": "X", "what": "<script>alert(2)</script>", "where": "y", "fix": "z"}
    with Store.open(tmp_path) as store:
        store.accept(dataclasses.replace(run, items=items, status="failed", error=error))
    client = serve(tmp_path)
    for path in ("/runs", "/runs/r-x", "/runs/r-x/items", "/runs/r-x/items/0"):
        page = client.get(path).text
        assert "<img src=x" not in page
        assert "<script>alert" not in page


def test_an_id_may_hold_a_dot(serve: Served, tmp_path: Path) -> None:
    from dlscope.store import Store
    from dlscope.testing.analyses import example_run

    with Store.open(tmp_path) as store:
        store.accept(example_run("r-1.5"))
    client = serve(tmp_path)
    assert client.get("/runs/r-1.5").status_code == 200
    assert client.get("/runs/r-1.5.json").json()["runs"] == ["r-1.5"]


def test_a_server_without_runs_says_what_to_do(empty: TestClient) -> None:
    assert "No runs yet: try `dlscope demo`." in empty.get("/runs").text
    assert "No profiles yet" in empty.get("/profiles").text


def test_no_page_brings_documents_from_elsewhere() -> None:
    app = create_app(store=None)
    assert app.docs_url is None
    assert app.redoc_url is None
    app.state.jobs.close()
