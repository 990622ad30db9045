"""A server over a store of example runs, asked without a network between."""

from __future__ import annotations

import io
import os
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from PIL import Image
from starlette.testclient import TestClient

from dlscope.store import Store
from dlscope.testing.analyses import example_runs
from dlscope.testing.profiles import example_profiles
from dlscope.testing.small_experiment import SmallExperiment, write_experiment
from dlscope.web.app import create_app

HOME = "http://127.0.0.1"
Served = Callable[..., TestClient]


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with runs of every kind and three profiles, which no test changes."""
    folder = tmp_path_factory.mktemp("store")
    with Store.open(folder) as opened:
        for run in (*example_runs(), *example_profiles()):
            opened.accept(run)
    return folder


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """Serves a store until the test ends; the options are those of `create_app`."""
    with _Servers(monkeypatch) as served:
        yield served


@pytest.fixture(scope="module")
def client(store: Path) -> Iterator[TestClient]:
    """A server over the store of examples."""
    with pytest.MonkeyPatch.context() as monkeypatch, _Servers(monkeypatch) as served:
        yield served(store)


@pytest.fixture
def empty(serve: Served, tmp_path: Path) -> TestClient:
    """A server over a store without runs."""
    return serve(tmp_path / "empty")


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallExperiment:
    """A model, data and a scenario that take milliseconds: `colors`, `pictures`, `brief`."""
    folder = tmp_path / "catalog"
    folder.mkdir()
    made = write_experiment(folder)
    monkeypatch.setenv("DLSCOPE_CATALOG", str(folder))
    return made


def picture(color: str = "red") -> bytes:
    """A PNG of 32 × 32 pixels."""
    out = io.BytesIO()
    Image.new("RGB", (32, 32), color).save(out, "PNG")
    return out.getvalue()


def archive(files: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED) -> io.BytesIO:
    """A zip file of `files`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as made:
        for name, content in files.items():
            made.writestr(name, content)
    out.seek(0)
    return out


def done(client: TestClient, job: str, patience_s: float = 110) -> dict[str, object]:
    """What a job has come to, once it is over."""
    deadline = time.monotonic() + patience_s
    while (told := client.get(f"/api/v1/jobs/{job}").json())["state"] in ("queued", "running"):
        assert time.monotonic() < deadline, told
        time.sleep(0.02)
    return dict(told)


class _Servers:
    """Gives what serves stores; every server ends with it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # What a server adds to the catalog goes with the test.
        monkeypatch.setenv("DLSCOPE_CATALOG", os.environ.get("DLSCOPE_CATALOG", ""))
        self._stack = ExitStack()

    def __enter__(self) -> Served:
        return self._serve

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def _serve(self, store: Path, home: str = HOME, **options: object) -> TestClient:
        app = create_app(store=str(store), **options)  # type: ignore[arg-type]
        client = TestClient(app, base_url=home, follow_redirects=False)
        return self._stack.enter_context(client)
