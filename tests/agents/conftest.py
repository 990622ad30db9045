"""A model of one small layer, a few records, and plans that real worker processes carry out."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from pytest_socket import socket_allow_hosts

sys.path.insert(0, str(Path(__file__).parent))

from tiny_work import ACCURACY, ITEMS, dataset, model
from watching import driver, end, started

from dlscope.core.manifest import ExperimentManifest
from dlscope.core.plan import Plan
from dlscope.methods.evaluation.planning import plan_experiment
from dlscope.store import Store
from dlscope.testing.ray_fleet import RayFleet, ray_fleet
from dlscope.testing.small_models import dense


@pytest.fixture(autouse=True)
def own_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock of this machine's device lies elsewhere, so that no other measurement is awaited."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))


def allow_own_address() -> None:
    """Let this process reach this machine by the address under which Ray's nodes go."""
    from ray.util import get_node_ip_address

    socket_allow_hosts(["127.0.0.1", get_node_ip_address()], allow_unix_socket=True)


@pytest.fixture(scope="session")
def fleet() -> Iterator[RayFleet]:
    """A Ray cluster with the agents `left` and `right`, each on a node of its own."""
    allow_own_address()
    with ray_fleet("left", "right", slots=2) as fleet:
        yield fleet


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `tiny.onnx` and the manifests `tiny.yaml` and `few.yaml`."""
    folder = tmp_path_factory.mktemp("shelf")
    graph = dense(folder / "tiny.onnx")
    (folder / "tiny.yaml").write_text(yaml.safe_dump(model(graph)))
    (folder / "few.yaml").write_text(yaml.safe_dump(dataset()))
    return folder


@pytest.fixture
def experiment(shelf: Path) -> Callable[..., ExperimentManifest]:
    """Makes an experiment of the tiny model on the mock, one plan for each mapping of options."""

    def make(
        scenario: dict[str, Any] = ACCURACY,
        *,
        options: Sequence[dict[str, Any]] = ({},),
        backend: str = "mock",
        items: int = ITEMS,
    ) -> ExperimentManifest:
        return ExperimentManifest.model_validate(
            {
                "schema_version": 1,
                "name": "test",
                "models": [{"name": str(shelf / "tiny.yaml")}],
                "frameworks": [{"name": backend, "options": {"threads": 1, **o}} for o in options],
                "datasets": [{"name": str(shelf / "few.yaml"), "items": items}],
                "scenarios": [scenario],
            }
        )

    return make


@pytest.fixture
def make_plans(experiment: Callable[..., ExperimentManifest]) -> Callable[..., tuple[Plan, ...]]:
    """Plans of `experiment`."""

    def make(*arguments: Any, **named: Any) -> tuple[Plan, ...]:
        return plan_experiment(experiment(*arguments, **named)).plans

    return make


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store") as opened:
        yield opened


@pytest.fixture
def drive(tmp_path: Path, store: Store) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a process that carries out an experiment into `store`, here or on a fleet."""
    running: list[subprocess.Popen[str]] = []

    def start(asked: ExperimentManifest, *address: str) -> subprocess.Popen[str]:
        manifest = tmp_path / "experiment.yaml"
        manifest.write_text(yaml.safe_dump(asked.to_json()))
        running.append(driver(str(manifest), str(tmp_path / "store"), *address))
        return running[-1]

    yield start
    for process in running:
        end(process)


@pytest.fixture
def start_dlscope() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts the command line with the given arguments."""
    running: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        running.append(started([sys.executable, "-m", "dlscope.cli", *arguments]))
        return running[-1]

    yield start
    for process in running:
        end(process)
