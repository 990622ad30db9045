from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.web.conftest import Served

from dlscope.web.guard import COOKIE, MOST_ASKED_BYTES, POLICY, is_loopback, mark_of

TOKEN = "a-token-of-sixteen"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_addresses_of_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.org", ""])
def test_addresses_that_others_reach(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("path", ["/runs", "/nothing", "/api/v1/runs", "/static/site.js"])
def test_every_answer_says_what_a_browser_may_do(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "unsafe-eval" not in POLICY
    assert "http" not in POLICY.replace("https", "http").replace("'", "")


def test_a_name_that_another_site_has_given_to_this_address_is_refused(
    client: TestClient,
) -> None:
    answer = client.get("/api/v1/runs", headers={"host": "evil.example"})
    assert answer.status_code == 403
    assert answer.json()["error"] == {
        "kind": "RequestError",
        "what": "this server does not go by that name",
        "where": "header Host",
        "fix": "ask for 127.0.0.1",
    }


@pytest.mark.parametrize("host", ["localhost:8765", "127.0.0.1:1", "[::1]:8765"])
def test_its_own_names_are_fine(client: TestClient, host: str) -> None:
    assert client.get("/api/v1/jobs", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer wrong-token-here"},
        {"authorization": f"Basic {TOKEN}"},
        {"cookie": f"{COOKIE}={TOKEN}"},
        {"cookie": f"{COOKIE}={mark_of('another')}"},
    ],
)
def test_without_the_token_nothing_is_told(
    serve: Served, store: Path, headers: dict[str, str]
) -> None:
    client = serve(store, token=TOKEN)
    answer = client.get("/api/v1/runs", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["error"]["what"] == "a token is required"
    assert client.get("/runs/r-fast", headers=headers).status_code == 401


def test_with_the_token_everything_is(serve: Served, store: Path) -> None:
    client = serve(store, token=TOKEN)
    shown = client.get("/api/v1/runs", headers={"authorization": f"Bearer {TOKEN}"})
    assert shown.status_code == 200


def test_people_sign_in_once(serve: Served, store: Path) -> None:
    client = serve(store, token=TOKEN)
    page = client.get("/runs")
    assert 'name="token"' in page.text
    answer = client.post("/sign-in", data={"token": TOKEN, "next": "/runs"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/runs")
    assert TOKEN not in answer.headers["set-cookie"]
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert client.get("/runs").status_code == 200


@pytest.mark.parametrize("back", ["//evil.example/", "https://evil.example", "/\\evil.example"])
def test_signing_in_leads_to_no_other_site(serve: Served, store: Path, back: str) -> None:
    client = serve(store, token=TOKEN)
    answer = client.post("/sign-in", data={"token": TOKEN, "next": back})
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_pages_of_other_sites_change_nothing(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.post("/api/v1/evaluate", json={"models": ["x"]}, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["error"]["what"] == "the request comes from another site"


def test_a_body_larger_than_it_may_be_is_refused_by_what_it_declares(client: TestClient) -> None:
    answer = client.post("/api/v1/evaluate", content=b" " * (MOST_ASKED_BYTES + 1))
    assert answer.status_code == 413
    assert answer.json()["error"]["what"] == "more than 1 MiB were sent"


def test_and_by_what_it_is_when_it_declares_nothing(client: TestClient) -> None:
    parts = (b" " * 65536 for _ in range(MOST_ASKED_BYTES // 65536 + 1))
    answer = client.post(
        "/api/v1/evaluate", content=parts, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 413


def test_a_length_that_is_no_number_is_refused(client: TestClient) -> None:
    answer = client.post("/api/v1/evaluate", headers={"content-length": "-1"})
    assert answer.status_code == 413
