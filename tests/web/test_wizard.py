from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.web.conftest import Served, done, picture

from dlscope.testing.small_experiment import SmallExperiment

# Counting right answers need not wait for another measurement on the machine.
CHOICES = "model=colors&dataset=pictures&backend=onnxruntime&scenario=brief&mode=accuracy"


@pytest.fixture
def client(serve: Served, small: SmallExperiment, tmp_path: Path) -> TestClient:
    return serve(tmp_path / "store")


def fields(page: str, action: str) -> dict[str, list[str]]:
    """The hidden fields of the form that is sent to `action`."""
    form = re.search(rf'<form[^>]*action="{action}".*?</form>', page, re.DOTALL)
    assert form is not None, page
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form[0]):
        found.setdefault(name, []).append(html.unescape(value))
    return found


@pytest.mark.slow
def test_without_script_from_choices_to_a_finished_run(client: TestClient) -> None:
    chosen = client.get(f"/evaluate?{CHOICES}").text
    assert 'value="colors" checked' in chosen
    assert "Check the plan: it tells how many runs there will be" in chosen
    planned = client.get(f"/evaluate?{CHOICES}&check=1").text
    assert "1 run, 0 of them measured already, 0 refused." in planned
    sent = fields(planned, "/experiments")
    started = client.post("/experiments", data=sent)
    assert started.status_code == 303
    place = started.headers["location"]
    assert client.post("/experiments", data=sent).headers["location"] == place  # a double click
    told = done(client, place.rpartition("/")[2])
    assert told["state"] == "done", told
    page = client.get(place).text
    assert "Done: 1 of 1 runs." in page
    assert f'href="/runs/{told["runs"][0]}"' in page  # type: ignore[index]
    assert "data-events" not in page
    again = client.get(f"/evaluate?{CHOICES}&check=1").text
    assert "1 run, 1 of them measured already" in again
    assert place in client.get("/experiments").text


def test_what_is_wrong_is_told_before_anything_starts(client: TestClient) -> None:
    page = client.get(f"/evaluate?{CHOICES}&repeats=x&check=1").text
    assert "<dt>where</dt><dd>repeats</dd>" in page
    assert "Start" not in page
    page = client.get("/evaluate?model=colors&backend=onnxrutnime&check=1").text
    assert "did you mean onnxruntime?" in page


def test_another_plan_than_the_one_shown_is_not_started(client: TestClient) -> None:
    asked = {"model": "colors", "dataset": "pictures", "scenario": "brief", "digest": "0" * 64}
    answer = client.post("/experiments", data=asked)
    assert answer.status_code == 409
    assert "this is not the plan that was shown" in answer.text


def test_nothing_chosen_starts_nothing(client: TestClient) -> None:
    answer = client.post("/experiments", data={"scenario": "quick"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/evaluate?scenario=quick")


def test_an_upload_comes_back_as_the_chosen_data(client: TestClient) -> None:
    sent = {"model": "colors", "scenario": "brief", "task": "image_classification"}
    answer = client.post("/uploads", data=sent, files={"file": ("a.png", picture())})
    assert answer.status_code == 303
    place = answer.headers["location"]
    assert re.search(r"dataset=upload-[0-9a-f]{12}", place)
    assert "model=colors" in place
    assert re.search(r'<option value="upload-\w+" selected>', client.get(place).text)


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, "no file was sent"),
        ({"file": ("x.sh", b"#!")}, "is of a kind that cannot be read"),
        ({"file": ("a.png", b"no")}, "is not a picture in a known format"),
    ],
)
def test_uploads_are_checked(
    client: TestClient, files: dict[str, tuple[str, bytes]], told: str
) -> None:
    answer = client.post("/uploads", data={"task": "image_classification"}, files=files)
    assert answer.status_code == 400
    assert told in answer.text


@pytest.mark.slow
def test_a_job_can_be_stopped_from_its_page(client: TestClient) -> None:
    long = f"{CHOICES.removesuffix('&mode=accuracy')}&min_duration_ms=600000"
    planned = client.get(f"/evaluate?{long}&check=1").text
    place = client.post("/experiments", data=fields(planned, "/experiments")).headers["location"]
    assert 'data-events="' in client.get(place).text
    answer = client.post(f"{place}/stop")
    assert (answer.status_code, answer.headers["location"]) == (303, place)
    assert done(client, place.rpartition("/")[2])["state"] == "stopped"


def test_a_stack_and_another_version_are_choices(client: TestClient) -> None:
    page = client.get(
        "/evaluate?model=efficientnet-lite0&backend=onnxruntime==1.18.0&stack=isolated"
    )
    assert 'value="onnxruntime==1.18.0"' in page.text
    assert '<option value="isolated" selected>' in page.text
    command = "dlscope evaluate efficientnet-lite0 --backend onnxruntime==1.18.0"
    assert command in page.text
    assert "--stack isolated" in page.text
