from __future__ import annotations

import json
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.web.conftest import Served, archive, done, picture

from dlscope import api
from dlscope.testing.small_experiment import SmallExperiment

# Counting right answers need not wait for another measurement on the machine.
ACCURACY = {"name": "brief", "mode": "accuracy"}


def events_of(text: str) -> list[tuple[int, str, dict[str, object]]]:
    found = []
    for part in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in part.splitlines() if not line.startswith(":"))
        if fields:
            found.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
    return found


def test_the_listing_is_the_contract_and_says_how_many_fit(client: TestClient) -> None:
    answer = client.get("/api/v1/runs?rows=3&model=tiny")
    assert set(answer.json()) == {"tables", "findings", "runs", "warnings"}
    assert answer.headers["x-total-count"] == "6"
    assert len(answer.json()["tables"]["runs"]["rows"]) == 3


def test_a_key_that_the_address_does_not_have_is_refused(client: TestClient) -> None:
    answer = client.get("/api/v1/runs?modle=tiny")
    assert answer.status_code == 400
    (problem,) = answer.json()["problems"]
    assert problem["what"] == "this address has no 'modle'"
    assert problem["fix"] == "did you mean model?"
    assert client.get("/api/v1/runs/r-fast/plan?x=1").json()["problems"][0]["fix"] == "leave it out"


def test_a_run_is_told_as_by_the_library(client: TestClient, store: Path) -> None:
    told = client.get("/api/v1/runs/r-slow").json()
    assert told == api.report(["r-slow"], store=str(store)).to_json()


def test_runs_are_compared_as_by_the_library(client: TestClient, store: Path) -> None:
    told = client.get("/api/v1/compare?runs=r-fast&runs=r-slow,r-disturbed").json()
    runs = ["r-fast", "r-slow", "r-disturbed"]
    assert told == api.compare_runs(runs, store=str(store)).to_json()


def test_the_plan_of_a_run_is_closed(client: TestClient) -> None:
    plan = client.get("/api/v1/runs/r-fast/plan").json()
    assert plan["model"]["name"] == "tiny"
    assert plan["workload"] == "evaluation"


def test_the_report_is_one_page_that_opens_from_disk(client: TestClient) -> None:
    answer = client.get("/api/v1/runs/r-fast/report")
    assert answer.headers["content-disposition"] == 'attachment; filename="r-fast.html"'
    assert "<style>" in answer.text


def test_catalog_and_machine(client: TestClient) -> None:
    models = client.get("/api/v1/models").json()["tables"]["models"]
    assert models == api.catalog("models").table("models").to_json()
    assert "kind: model" in client.get("/api/v1/models/efficientnet-lite0").text
    assert client.get("/api/v1/systems").json()["tables"]["system"]["rows"]
    assert client.get("/api/v1/datasets?format=csv").text.startswith("dataset,version,")


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        (
            "/api/v1/runs/r-none",
            404,
            {"kind": "StoreError", "what": "there is no run 'r-none'"},
        ),
        (
            "/api/v1/runs/r",
            400,
            {"kind": "StoreError", "what": "'r' is the beginning of 14 run ids"},
        ),
        (
            "/api/v1/runs?sort=p51",
            400,
            {"kind": "PlanError", "where": "sort", "fix": "did you mean p50?"},
        ),
        (
            "/api/v1/runs?rows=0",
            422,
            {"kind": "RequestError", "where": "query.rows"},
        ),
        (
            "/api/v1/models/..%2fx.yaml",
            404,
            {"kind": "RequestError"},
        ),
        (
            "/api/v1/jobs/e-1",
            404,
            {"kind": "RequestError", "what": "there is no job 'e-1'"},
        ),
        ("/api/v1/nothing", 404, {"kind": "RequestError", "what": "not found"}),
    ],
)
def test_errors_are_the_three_fields(
    client: TestClient, path: str, status: int, error: dict[str, str]
) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    told = answer.json()
    assert set(told) == {"error", "problems"}
    assert set(told["error"]) == {"kind", "what", "where", "fix"}
    assert error.items() <= told["error"].items()


@pytest.mark.parametrize(
    ("asked", "status", "what"),
    [
        ({}, 422, "field 'models' is missing"),
        ({"models": []}, 422, "'models' is empty"),
        ({"models": ["no-such-model"]}, 404, "there is no model 'no-such-model'"),
        ({"models": ["/etc/passwd"]}, 404, "there is no model '/etc/passwd'"),
        ({"models": ["../x.yaml"]}, 404, "there is no model '../x.yaml'"),
        (
            {"models": ["bert_tiny"], "dataset": "x/../y.yaml"},
            404,
            "there is no dataset 'x/../y.yaml'",
        ),
        (
            {"models": ["bert_tiny"], "backends": ["onnxrutnime"]},
            400,
            "there is no plugin 'onnxrutnime' among the backends",
        ),
        (
            {"models": ["bert_tiny"], "scenario": "../s.yaml"},
            404,
            "there is no scenario '../s.yaml'",
        ),
        (
            {"models": ["bert_tiny"], "scenario": {"name": "online", "settings": {"a": "/x"}}},
            400,
            "'settings' names files, which a server does not open",
        ),
        ({"models": ["bert_tiny"], "allow_hooks": ["all"]}, 422, "unknown field 'allow_hooks'"),
    ],
)
def test_what_is_asked_is_checked_before_it_is_a_job(
    client: TestClient, asked: dict[str, object], status: int, what: str
) -> None:
    answer = client.post("/api/v1/evaluate", json=asked)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["what"] == what
    assert client.get("/api/v1/jobs").json() == []


def test_an_evaluation_is_a_job_with_events(
    serve: Served, small: SmallExperiment, tmp_path: Path
) -> None:
    client = serve(tmp_path / "store")
    asked = {"models": ["colors"], "dataset": "pictures", "scenario": ACCURACY}
    answer = client.post("/api/v1/evaluate", json=asked)
    assert answer.status_code == 202, answer.text
    job = answer.json()["id"]
    assert answer.headers["location"] == f"/api/v1/jobs/{job}"
    with client.stream("GET", f"/api/v1/jobs/{job}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        events = events_of("".join(stream.iter_text()))
    assert [number for number, _, _ in events] == list(range(len(events)))
    assert events[-1][1] == "done"
    told = done(client, job)
    assert (told["state"], told["done"], told["total"]) == ("done", 1, 1)
    (run,) = told["runs"]  # type: ignore[misc]
    assert client.get(f"/api/v1/runs/{run}").json()["runs"] == [run]
    # A connection that was cut goes on after the last event that it has seen.
    rest = client.get(f"/api/v1/jobs/{job}/events", headers={"last-event-id": "0"})
    assert events_of(rest.text) == events[1:]
    assert events_of(client.get(f"/api/v1/jobs/{job}/events?after=1").text) == events[2:]


@pytest.mark.slow
def test_an_upload_can_be_measured(serve: Served, small: SmallExperiment, tmp_path: Path) -> None:
    client = serve(tmp_path / "store")
    files = {"0/red.png": picture("red"), "2/blue.png": picture("blue"), "1/no.png": picture()}
    sent = client.post("/api/v1/datasets", files={"file": ("mine.zip", archive(files))})
    assert sent.status_code == 201, sent.text
    name = sent.json()["dataset"]
    assert f"name: {name}" in client.get(f"/api/v1/datasets/{name}").text
    asked = {"models": ["colors"], "dataset": name, "scenario": ACCURACY}
    told = done(client, client.post("/api/v1/evaluate", json=asked).json()["id"])
    assert told["state"] == "done", told
    table = client.get(f"/api/v1/runs/{told['runs'][0]}").json()["tables"]["accuracy"]  # type: ignore[index]
    row = dict(zip([c["name"] for c in table["columns"]], table["rows"][0], strict=True))
    assert (row["top_1_count"], row["n"]) == (2, 3)


def test_an_archive_that_leaves_itself_is_refused(client: TestClient) -> None:
    file = archive({"../../etc/x.png": picture()})
    answer = client.post("/api/v1/datasets", files={"file": ("a.zip", file)})
    assert answer.status_code == 400
    assert answer.json()["error"]["what"] == "'../../etc/x.png' leaves the archive"


def test_openapi_describes_every_route_and_its_refusals(client: TestClient) -> None:
    described = client.get("/api/v1/openapi.json").json()
    assert all(path.startswith("/api/v1/") for path in described["paths"])
    for path, methods in described["paths"].items():
        for method, told in methods.items():
            assert told["description"], (method, path)
            refused = told["responses"]["400"]["content"]["application/json"]["schema"]
            assert refused == {"$ref": "#/components/schemas/Refused"}


def test_a_body_that_is_not_json_is_told(client: TestClient) -> None:
    headers = {"content-type": "application/json"}
    answer = client.post("/api/v1/evaluate", content=b"{bad", headers=headers)
    assert answer.status_code == 422
    assert answer.json()["error"] == {
        "kind": "RequestError",
        "what": "the body is not JSON",
        "where": "body",
        "fix": "send an object of JSON",
    }


def test_a_value_of_another_type_is_told_with_what_is_wanted(client: TestClient) -> None:
    answer = client.post("/api/v1/evaluate", json={"models": "bert_tiny"})
    assert answer.json()["error"] == {
        "kind": "RequestError",
        "what": "'bert_tiny' is not a value of 'models'",
        "where": "body.models",
        "fix": "use a list; /api/v1/openapi.json has the fields",
    }
