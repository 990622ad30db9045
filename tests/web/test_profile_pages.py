from __future__ import annotations

import re

import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from dlscope.core.report import Report
from dlscope.core.table import Column, Table
from dlscope.web.profile_pages import tabs
from dlscope.web.queries import Query

PROFILE = "/runs/r-profile1"


def headings(page: str) -> list[str]:
    return re.findall(r"<h2>([^<]*)</h2>", page)


def test_every_level_has_its_tab_and_says_what_it_took(client: TestClient) -> None:
    page = client.get(PROFILE).text
    found = re.findall(r"<b>(\w+)</b><small>([^<]*)</small>", page)
    assert [name for name, _ in found] == ["model", "layer", "library", "kernel"]
    assert dict(found)["layer"].endswith("3 spans")


def test_a_level_that_was_not_profiled_keeps_its_tab() -> None:
    columns = (Column("level", "str", "level"), Column("duration_ns", "int", "time", "ns"))
    timeline = Table("timeline", columns, (("model", 5_000_000), ("layer", 2_000_000)))
    query = Query(
        Request({"type": "http", "path": "/runs/r", "query_string": b"", "headers": []}), ()
    )
    told = {
        tab.name: (tab.said, tab.is_there) for tab in tabs(Report("T", "A.", (timeline,)), query)
    }
    assert told["layer"] == ("2.00 ms · 1 span", True)
    assert told["library"] == told["kernel"] == ("not in this profile", False)


def test_a_tab_shows_what_belongs_to_its_level(client: TestClient) -> None:
    layers = headings(client.get(PROFILE).text)
    kernels = headings(client.get(f"{PROFILE}?level=kernel").text)
    assert layers[0] == kernels[0] == "Timeline"
    assert "Layers" in layers
    assert "Kernels" not in layers
    assert "Kernels" in kernels
    assert "Layers" not in kernels
    assert "What measuring cost" in layers
    assert "What measuring cost" in kernels


def test_a_window_of_the_timeline_is_an_address(client: TestClient) -> None:
    page = client.get(f"{PROFILE}?window=0-500000").text
    assert "from 0.000 ms to 0.500 ms of the model" in page
    assert 'data-key="ArrowRight"' in page
    assert 'data-key="0"' in page


def test_zooming_in_and_out_again_comes_back_to_all(client: TestClient) -> None:
    page = client.get(PROFILE).text
    (inside,) = re.findall(r'href="([^"]*)" data-key="\+"', page)
    (outside,) = re.findall(r'href="([^"]*)" data-key="-"', client.get(inside).text)
    assert outside == PROFILE


def test_a_layer_is_told_whole(client: TestClient) -> None:
    page = client.get(f"{PROFILE}?layer=1").text
    assert headings(page)[0] == "Layer L2"
    assert "<dt>latency</dt>" in page


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("level=lyer", "did you mean layer?"),
        ("window=1", "write it as 0-46900000, in ns"),
        ("window=a-b", "&#39;a-b&#39; is no window"),
        ("layer=99", "there is no layer 99"),
        ("layer=x", "&#39;x&#39; is not a number"),
    ],
)
def test_what_makes_no_sense_is_refused(client: TestClient, query: str, told: str) -> None:
    answer = client.get(f"{PROFILE}?{query}")
    assert answer.status_code == 400
    assert told in answer.text


def test_the_files_of_a_profile_do_not_depend_on_the_tab(client: TestClient) -> None:
    whole = client.get(f"{PROFILE}.json").json()
    assert client.get(f"{PROFILE}.json?level=kernel&window=0-5").json() == whole


def test_the_trace_of_a_profile_is_a_file(client: TestClient) -> None:
    answer = client.get("/api/v1/runs/r-profile1/trace")
    assert answer.headers["content-disposition"] == 'attachment; filename="r-profile1.json.gz"'
    assert answer.content[:2] == b"\x1f\x8b"
