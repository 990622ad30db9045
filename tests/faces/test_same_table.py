"""The same Plan through library, command line, REST and pages gives the same Table."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from dlscope import api
from dlscope.testing.small_experiment import SmallExperiment, write_experiment
from dlscope.web.app import create_app

MODES = {"onnxruntime": "accuracy", "mock": "submission"}


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallExperiment:
    folder = tmp_path / "catalog"
    folder.mkdir()
    made = write_experiment(folder)
    monkeypatch.setenv("DLSCOPE_CATALOG", str(folder))
    return made


@pytest.fixture
def client(small: SmallExperiment, tmp_path: Path) -> Iterator[TestClient]:
    with TestClient(create_app(store=str(tmp_path / "store")), base_url="http://127.0.0.1") as made:
        yield made


def measured_over_rest(client: TestClient, backend: str) -> str:
    """The id of the Run that REST is asked for, measured or found."""
    asked = {
        "models": ["colors"],
        "dataset": "pictures",
        "backends": [backend],
        "scenario": {"name": "brief", "mode": MODES[backend]},
    }
    job = client.post("/api/v1/evaluate", json=asked).json()["id"]
    deadline = time.monotonic() + 110
    while (told := client.get(f"/api/v1/jobs/{job}").json())["state"] in ("queued", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert told["state"] == "done", told
    (run,) = told["runs"]
    return str(run)


@pytest.mark.parametrize("backend", MODES)
def test_every_face_tells_the_same(client: TestClient, cli, tmp_path: Path, backend: str) -> None:
    store = str(tmp_path / "store")
    run = measured_over_rest(client, backend)
    asked = {"name": "brief", "mode": MODES[backend]}
    library = api.evaluate(
        "colors", dataset="pictures", backend=backend, scenario=asked, store=store
    )
    assert library.runs == (run,)  # the same plan: measured once, by whoever asked first
    words = ["evaluate", "colors", "-d", "pictures", "-b", backend, "-s", "brief"]
    words += ["--mode", MODES[backend]]
    printed = json.loads(cli(*words, "--store", store, "-f", "json").out)
    over_rest = client.get(f"/api/v1/runs/{run}").json()
    on_page = client.get(f"/runs/{run}.json").json()
    for table in library.tables:
        expected = table.to_json()
        assert printed["tables"][table.name] == expected, table.name
        assert over_rest["tables"][table.name] == expected, table.name
        assert on_page["tables"][table.name] == expected, table.name
        if len(table):
            assert client.get(f"/runs/{run}.csv?table={table.name}").text == table.to_csv()
    assert printed == over_rest == on_page
