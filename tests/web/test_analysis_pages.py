from __future__ import annotations

from pathlib import Path

from starlette.testclient import TestClient

from dlscope import api


def test_the_list_leads_to_each_analysis_over_the_same_runs(client: TestClient) -> None:
    page = client.get("/analyses?runs=r-fast,r-slow").text
    assert 'href="/analyses/latency?runs=r-fast,r-slow"' in page


def test_an_analysis_is_a_page_by_itself(client: TestClient, store: Path) -> None:
    page = client.get("/analyses/latency?runs=r-fast,r-slow").text
    assert "What the columns hold" in page
    told = client.get("/analyses/latency.json?runs=r-fast,r-slow").json()
    expected = api.analyse("latency", ["r-fast", "r-slow"], store=str(store)).to_json()
    assert told == expected
    assert client.get("/api/v1/analyses/latency?runs=r-fast,r-slow").json() == expected


def test_without_runs_the_newest_are_asked(client: TestClient) -> None:
    assert len(client.get("/analyses/latency.json").json()["runs"]) > 1


def test_an_unknown_analysis_is_not_found(client: TestClient) -> None:
    answer = client.get("/analyses/latncy")
    assert answer.status_code == 400
    assert "did you mean latency?" in answer.text
