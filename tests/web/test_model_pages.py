from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.web.conftest import Served, done

from dlscope import api
from dlscope.testing.small_experiment import SmallExperiment


def test_every_model_of_the_catalog_can_be_chosen(client: TestClient) -> None:
    page = client.get("/bounds").text
    assert 'href="/models/resnet18/bounds"' in page
    assert client.get("/bounds.csv").text.startswith("model,task,description")


@pytest.mark.parametrize("what", ["bounds", "bricks"])
def test_without_benchmarks_the_page_says_how_to_get_them(client: TestClient, what: str) -> None:
    page = client.get(f"/models/resnet18/{what}").text
    assert "The store holds no benchmark yet." in page
    assert "Nothing that this page needs is stored" in page
    assert '<button type="submit" class="first">Measure</button>' in page
    assert "dlscope bound analyze resnet18" in page or "dlscope bricks run" in page
    told = client.get(f"/models/resnet18/{what}.json").json()
    assert told == client.get(f"/api/v1/models/resnet18/{what}").json()
    assert told["tables"] == {}


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/models/resnet81/bounds", 404, "there is no model &#39;resnet81&#39;"),
        ("/models/..%2fresnet18/bounds", 404, ""),
        ("/models/resnet18/bounds?threads=0", 400, "greater than or equal to 1"),
        ("/models/resnet18/bounds?seconds=x", 400, "correct it, or leave it out"),
        ("/models/resnet18/bricks?backend=torch", 400, "this page has no &#39;backend&#39;"),
    ],
)
def test_what_makes_no_sense_is_refused(
    client: TestClient, path: str, status: int, told: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert told in answer.text


def test_only_bounds_and_bricks_can_be_measured(client: TestClient) -> None:
    answer = client.post("/models/resnet18/bonds", data={})
    assert answer.status_code == 404
    assert "a model has no &#39;bonds&#39;" in answer.text
    assert client.post("/api/v1/models/nobody/bounds").status_code == 404


def test_a_measurement_is_a_job_that_can_be_stopped(serve: Served, tmp_path: Path) -> None:
    client = serve(tmp_path)
    answer = client.post("/models/resnet18/bounds", data={"seconds": "0.01", "verify": "1"})
    assert answer.status_code == 303
    place = answer.headers["location"]
    page = client.get(place).text
    assert "Bounds of resnet18" in page
    assert 'aria-label="Matrix of models and frameworks"' not in page
    assert f'href="{place}"' in client.get("/models/resnet18/bounds").text
    client.post(f"{place}/stop")
    told = done(client, place.rpartition("/")[2])
    assert (told["kind"], told["state"]) == ("bounds", "stopped")
    assert 'href="/models/resnet18/bounds">Result' in client.get(place).text


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_what_is_measured_is_told_as_by_the_library(
    serve: Served, small: SmallExperiment, tmp_path: Path
) -> None:
    client, store = serve(tmp_path / "store"), str(tmp_path / "store")
    for what in ("bricks", "bounds"):
        job = client.post(f"/api/v1/models/colors/{what}?seconds=0.05").json()
        told = done(client, job["id"], patience_s=550)
        assert told["state"] == "done", told
    expected = api.known_bricks("colors", store=store)
    assert client.get("/models/colors/bricks.json").json() == expected.to_json()
    assert len(expected.table("composition")) > 0
    assert "Measure what is missing" in client.get("/models/colors/bricks").text
    page = client.get("/models/colors/bounds?seconds=0.05").text
    for title in ("Measured against bounds", "Bounds", "By backend", "Rebuilt from bricks"):
        assert f"<h2>{title}</h2>" in page
    told = client.get("/api/v1/models/colors/bounds?seconds=0.05").json()
    assert told == api.known_bounds("colors", seconds=0.05, store=store).to_json()
    assert client.get("/models/colors/bounds.json?seconds=0.05").json() == told
    assert told["tables"]["assumptions"]["rows"]
