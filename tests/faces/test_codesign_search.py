"""`dlscope codesign search`, `derive`, `train`, `compare`, as a person meets them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from dlscope import codesign as cd
from dlscope.core.errors import SearchError
from dlscope.testing.searches import BOARD, HERE, NOTHING, UNDER_WAY, write_searches
from dlscope.training.loop import require_finite_loss

DEVICE = "pynq_z1:pipelined"
SPACE = {
    "kind": "space",
    "schema_version": 1,
    "name": "small",
    "input": [1, 8, 8],
    "classes": 3,
    "stem": {"c_out": 4, "stride": 1},
    "head": {"c_out": 8},
    "quant": [4, 8],
    "pf": {"min": 0, "max": 6},
    "blocks": [
        {"name": "first", "c_out": 6, "stride": 2, "ops": [{"type": "separable", "k": 3}]},
        {"name": "second", "c_out": 6, "ops": [{"type": "conv", "k": 3}, {"type": "skip"}]},
    ],
}
DATA = {
    "kind": "dataset",
    "schema_version": 1,
    "name": "stripes",
    "version": "1.0.0",
    "task": "image_classification",
    "license": "none",
    "reader": "pixel_rows",
    "options": {"shape": [8, 8, 1]},
    "items": 120,
    "classes": 3,
    "data_kind": "procedural",
}


@pytest.fixture
def space(tmp_path: Path) -> Path:
    path = tmp_path / "space.yaml"
    path.write_text(json.dumps(SPACE))
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    labels = np.arange(120) % 3
    pixels = rng.integers(0, 80, (120, 8, 8))
    pixels[labels == 0, ::2] += 170
    pixels[labels == 1, :, ::2] += 170
    rows = np.concatenate([pixels.reshape(120, -1), labels[:, None]], axis=1).tolist()
    (tmp_path / "rows.csv").write_text("".join(",".join(map(str, row)) + "\n" for row in rows))
    path = tmp_path / "data.yaml"
    path.write_text(json.dumps({**DATA, "source": "file:rows.csv"}))
    return path


@pytest.fixture
def search(cli, space: Path, data: Path):
    def run(*options: str, device: str = DEVICE):
        given = ("--space", space, "--device", device, "--data", data)
        return cli("codesign", "search", *given, *options)

    return run


def test_an_impossible_target_ends_with_3_and_tells_the_least_time(search) -> None:
    result = search("--target-latency", "1ns")
    assert result.code == 3
    assert "smallest reachable 0.0057" in " ".join(result.out.split())
    assert "training" not in result.err


def test_what_was_not_found_is_told_when_it_is_asked_for(
    space: Path, data: Path, store: Path
) -> None:
    del store
    run = cd.search(str(space), DEVICE, str(data), target_latency="1ns")
    assert run.status == "infeasible"
    with pytest.raises(SearchError, match="infeasible: nothing meets the target"):
        _ = run.best


@pytest.mark.parametrize(
    ("options", "device", "what"),
    [
        (("--budget", "soon"), DEVICE, "'soon' is not a time"),
        (("--target-latency", "fast"), DEVICE, "'fast' is not a time"),
        (
            ("--objective", "latency"),
            DEVICE,
            "pynq_z1:pipelined is judged by its throughput, not by latency",
        ),
        (
            ("--objective", "energy"),
            DEVICE,
            "pynq_z1:pipelined does not know the energy of a design",
        ),
        (
            ("--objective", "energy"),
            DEVICE,
            "use one that does: bitfusion, loom, stripes, such as bitfusion:4096@500",
        ),
        ((), "pynq_z1", "'pynq_z1' is not a device"),
    ],
)
def test_what_does_not_fit_is_refused_before_any_training(search, options, device, what) -> None:
    result = search(*options, device=device)
    assert result.code == 1
    assert what in result.err
    assert "epoch" not in result.err


def test_a_loss_that_is_no_number_ends_with_3(search, monkeypatch) -> None:
    def diverged(*_: object, **__: object) -> None:
        require_finite_loss(float("nan"), where="search, epoch 2, step 7", rate=0.05, last=[2.5])

    monkeypatch.setattr("dlscope.api.search", diverged)
    result = search("--epochs", "2")
    assert result.code == 3
    assert "TrainingError: the loss is nan; learning rate 0.05, the last losses 2.5" in result.err
    assert "where  search, epoch 2, step 7" in result.err


def test_a_wrong_word_is_wrong_usage(search) -> None:
    assert search("--combine", "mean").code == 2


def test_labels_beyond_the_classes_of_the_space_are_refused(cli, space: Path, data: Path) -> None:
    space.write_text(json.dumps({**SPACE, "classes": 2}))
    result = cli(
        "codesign", "search", "--space", space, "--device", DEVICE, "--data", data, "--epochs", "1"
    )
    assert result.code == 1
    assert "item '002' has label 2, the space has classes 0 … 1" in result.err


def test_searches_of_a_store_are_listed(cli, store: Path) -> None:
    nothing = cli("codesign", "list", "--format", "json")
    assert nothing.rows("found_searches") == []
    write_searches(store)
    result = cli("codesign", "list", "--format", "json")
    assert [row["search"] for row in result.rows("found_searches")] == [
        *(HERE, BOARD, NOTHING),
        UNDER_WAY,
    ]


def test_an_unknown_search_is_refused(cli) -> None:
    result = cli("codesign", "compare", "nothing")
    assert result.code == 1
    assert "no searches are called nothing" in result.err


def test_a_file_that_is_no_design_is_not_trained(cli, data: Path, tmp_path: Path) -> None:
    (tmp_path / "design.json").write_text("{}")
    result = cli("codesign", "train", tmp_path / "design.json", "--data", data)
    assert result.code == 1
    assert "no design can be read" in result.err


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_from_a_space_to_designs_trained_derived_and_compared(
    search, cli, data: Path, store: Path, tmp_path: Path
) -> None:
    result = search("--epochs", "2", "--format", "json")
    assert result.code == 0
    (chosen,) = (row for row in result.rows("pareto") if row["is_chosen"])
    (folder,) = (store / "codesign").iterdir()
    assert f"kept in {folder}" in result.err

    again = search("--epochs", "2", "--format", "json")
    assert again.data["tables"] == result.data["tables"]
    assert "epoch" not in again.err

    run = folder.name[:6]
    derived = cli("codesign", "derive", run, "--designs", tmp_path / "derived", "--format", "json")
    assert derived.code == 0
    assert not any(row["is_trained"] for row in derived.rows("pareto"))
    design = next((tmp_path / "derived").iterdir())

    into = tmp_path / "trained"
    trained = cli("codesign", "train", design, "--data", data, "--epochs", "2", "--into", into)
    assert trained.code == 0
    assert "of 24 test images right" in trained.out
    assert json.loads((into / "design.json").read_text())["accuracy"]["n"] == 24

    compared = cli("codesign", "compare", run, "--format", "json")
    (row,) = compared.rows("searches")
    assert (row["design"], row["status"]) == (chosen["design"], "done")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_too_small_a_budget_is_told(search) -> None:
    result = search("--budget", "0.01s", "--format", "json")
    assert result.code == 0
    assert any(each.startswith("budget_limited") for each in result.data["warnings"])


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_search_from_python_gives_the_same(space: Path, data: Path, store: Path) -> None:
    del store
    run = cd.search(str(space), DEVICE, str(data), epochs=2)
    assert run.status == "done"
    assert run.best.file.identity in run.pareto.column("design")
    assert cd.search(str(space), DEVICE, str(data), epochs=2).record == run.record
