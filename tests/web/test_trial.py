from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.web.conftest import Served, done, picture

from dlscope.testing.small_experiment import SmallExperiment


@pytest.fixture
def client(serve: Served, small: SmallExperiment, tmp_path: Path) -> TestClient:
    return serve(tmp_path / "store")


def test_a_picture_gets_an_answer_and_nothing_is_stored(client: TestClient) -> None:
    sent = {"model": "colors", "task": "image_classification"}
    started = client.post("/try", data=sent, files={"file": ("green.png", picture("green"))})
    assert started.status_code == 303, started.text
    job = started.headers["location"].rpartition("/")[2]
    told = done(client, job)
    assert told["state"] == "done", told
    assert f'href="/try/{job}"' in client.get(f"/experiments/{job}").text
    page = client.get(f"/try/{job}").text
    assert "colors · onnxruntime" in page
    answers = client.get(f"/try/{job}.json").json()["answers"]
    assert answers[0]["prediction"]["classes"][0][0] == 1
    shown = client.get(f"/try/{job}/input")
    assert (shown.headers["content-type"], shown.content) == ("image/png", picture("green"))
    assert "sandbox" in shown.headers["content-security-policy"]
    assert client.get("/api/v1/runs").headers["x-total-count"] == "0"


@pytest.mark.parametrize("models", [[], ["colors"] * 5])
def test_one_to_four_models(client: TestClient, models: list[str]) -> None:
    sent = {"model": models, "task": "image_classification", "dataset": "pictures"}
    answer = client.post("/try", data=sent)
    assert answer.status_code == 400
    assert "choose 1 to 4" in answer.text


def test_a_job_that_is_no_trial_has_no_answers(client: TestClient) -> None:
    asked = {"models": ["colors"], "dataset": "pictures", "scenario": "brief"}
    job = client.post("/api/v1/evaluate", json=asked).json()["id"]
    assert client.get(f"/try/{job}").status_code == 404
