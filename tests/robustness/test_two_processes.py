"""Two commands at once on one store: nothing is lost, nothing doubled, nobody is turned away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from dlscope.testing.small_experiment import SmallExperiment, write_experiment

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
Place = str


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> SmallExperiment:
    return write_experiment(tmp_path_factory.mktemp("experiment"))


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("suite") / "bricks.json"
    words = ("bricks", "generate", "lstm", "squeezenet1_1", "-o", str(path))
    subprocess.run([sys.executable, "-m", "dlscope.cli", *words], check=True, capture_output=True)
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A store that is not there yet, so that two make it at once."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("untouched_url"))
    return str(tmp_path / "store")


@pytest.fixture
def together(place: Place, tmp_path: Path) -> Iterator[Callable[..., list[Any]]]:
    """Begins commands at the same time on the store; what each printed, as JSON."""
    begun: list[subprocess.Popen[str]] = []

    def run(*commands: tuple[str | Path, ...]) -> list[Any]:
        # A machine of their own, as several agents have: else one would wait for the other.
        for number, words in enumerate(commands):
            own = tmp_path / f"machine-{number}"
            own.mkdir(exist_ok=True)
            begun.append(
                subprocess.Popen(
                    [
                        *(sys.executable, "-m", "dlscope.cli", *map(str, words)),
                        *("--store", place, "--format", "json"),
                    ],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                    env={**os.environ, "TMPDIR": str(own), "DLSCOPE_STORE": str(tmp_path / "kept")},
                )
            )
        ended = [each.communicate() for each in begun]
        assert [each.returncode for each in begun] == [0] * len(begun), ended
        assert not any("locked" in err or "Traceback" in err for _, err in ended)
        begun.clear()
        return [json.loads(out) for out, _ in ended]

    yield run
    for each in begun:
        each.kill()


def evaluation(files: SmallExperiment, items: int) -> tuple[str | Path, ...]:
    return (
        *("evaluate", files.model, "--dataset", files.dataset, "--scenario", files.scenario),
        *("-b", "mock", "--items", str(items)),
    )


def bricks(suite: Path) -> tuple[str | Path, ...]:
    return ("bricks", "run", suite, "--processes", "1", "--max-seconds", "0.1")


def stored(place: Place, query: str) -> list[tuple[Any, ...]]:
    """Rows of the store's database, read past dlscope."""
    url = place if "://" in place else f"sqlite:///{place}/dlscope.sqlite"
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]
    finally:
        engine.dispose()


def test_two_evaluations_keep_both_runs(place, together, files: SmallExperiment) -> None:
    first, second = together(evaluation(files, 4), evaluation(files, 5))
    assert set(first["runs"]).isdisjoint(second["runs"])
    ids = [run for (run,) in stored(place, "SELECT id FROM runs WHERE status = 'finished'")]
    assert sorted(ids) == sorted([*first["runs"], *second["runs"]])


def test_two_evaluations_of_one_plan_have_one_accepted_run(
    place, together, files: SmallExperiment
) -> None:
    together(evaluation(files, 4), evaluation(files, 4))
    accepted = dict(stored(place, "SELECT id, plan_digest FROM runs WHERE acceptance = 'accepted'"))
    assert len(set(accepted.values())) == len(accepted)
    (after,) = together(evaluation(files, 4))
    assert sorted(after["runs"]) == sorted(accepted)


def test_bricks_are_timed_beside_an_evaluation(
    place, together, files: SmallExperiment, suite: Path
) -> None:
    evaluated, timed = together(evaluation(files, 4), bricks(suite))
    assert {run for (run,) in stored(place, "SELECT id FROM runs")} == set(evaluated["runs"])
    assert timed["tables"]["failed"]["rows"] == []
    assert results(place)


def test_two_runs_of_one_suite_leave_every_brick_timed(place, together, suite: Path) -> None:
    """Each process may time what the other has not stored yet, and both rows of it are kept."""
    both = together(bricks(suite), bricks(suite))
    counted = results(place)
    assert max(counted.values()) <= 2
    (after,) = together(bricks(suite))
    assert results(place) == counted
    for told in (*both, after):
        assert told["tables"]["failed"]["rows"] == []
        assert len(told["tables"]["composition"]["rows"]) == 2


def results(place: Place) -> Counter[str]:
    """How many results each key of a benchmark has."""
    rows = stored(place, "SELECT key_digest, id FROM benchmark_results")
    assert len({name for _, name in rows}) == len(rows)
    return Counter(key for key, _ in rows)
