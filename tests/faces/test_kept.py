"""Reports that are kept: the command that makes one, `list`, `show`, the library and the page."""

from __future__ import annotations

import json

import pytest
from starlette.testclient import TestClient

from dlscope import api
from dlscope.web.app import create_app


def test_command_library_and_page_tell_the_same(cli, store) -> None:
    made = cli("adapt", "explain-adversarial", "--format", "json")
    (name,) = made.data["runs"]
    shown = cli("adapt", "show", name, "--format", "json").data
    assert shown == made.data
    assert api.kept_report("adapt", name, store=str(store)).to_json() == shown
    with TestClient(create_app(store=str(store)), base_url="http://127.0.0.1") as client:
        assert client.get(f"/adapt/{name}.json").json() == shown
        listed = cli("adapt", "list", "--format", "json").data
        assert client.get("/adapt.json").json() == listed
        assert listed == json.loads(json.dumps(api.list_kept("adapt").to_json()))


def test_a_report_says_how_to_see_it_again(cli) -> None:
    out = cli("adapt", "explain-adversarial").out
    assert "dlscope adapt show explain-adversarial-" in out


def test_a_report_is_printed_again_as_it_was(cli) -> None:
    made = cli("adapt", "explain-adversarial", "--format", "csv")
    (row,) = cli("adapt", "list", "--format", "json").data["tables"]["kept_reports"]["rows"]
    assert cli("adapt", "show", row[0], "--format", "csv").out == made.out


@pytest.mark.parametrize("kind", ["skynet", "adapt"])
def test_an_unknown_report_ends_with_1_and_the_nearest_name(cli, store, kind: str) -> None:
    (name,) = api.explain_adversarial(store=str(store)).runs
    result = cli(kind, "show", "explain-adversarial-0")
    assert (result.code, result.out) == (1, "")
    assert "StoreError: there is no report 'explain-adversarial-0'" in result.err
    assert (f"did you mean {name}?" if kind == "adapt" else "make one first") in result.err
