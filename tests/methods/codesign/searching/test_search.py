from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from stripes_data import DATA

from dlscope.catalog.finder import find
from dlscope.core.errors import SearchError
from dlscope.devices.bit_flexible import BitFusion
from dlscope.devices.fpga_pipelined import PipelinedFpga
from dlscope.methods.codesign.searching.aims import Aims
from dlscope.methods.codesign.searching.energy import SpaceEnergy
from dlscope.methods.codesign.searching.finalists import Finalist
from dlscope.methods.codesign.searching.outcome import Infeasible
from dlscope.methods.codesign.searching.request import SearchRequest
from dlscope.methods.codesign.searching.run_folder import (
    rank_agreement,
    read_record,
    write_outcome,
)
from dlscope.methods.codesign.searching.schedule import SearchSchedule
from dlscope.methods.codesign.searching.scoring import Score
from dlscope.methods.codesign.searching.search import Search, tell_nobody
from dlscope.methods.codesign.space.choices import Choices
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.telling.search_report import search_report

SCHEDULE = SearchSchedule(
    epochs=2,
    warm_up=1,
    batch=32,
    most_steps=3,
    evaluations=12,
    finalists=2,
    finalist_epochs=1,
    final_epochs=2,
)


@pytest.fixture(scope="module")
def asked(small) -> SearchRequest:
    return SearchRequest(
        space=small,
        device=PipelinedFpga(find("board", "pynq_z1")),
        device_name="pynq_z1:pipelined",
        data=DATA,
        schedule=SCHEDULE,
    )


@pytest.fixture(scope="module")
def folder(asked, splits, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("search")
    write_outcome(Search(asked, splits, path, tell_nobody).run(), path)
    return path


def test_leaves_all_that_a_report_needs(folder: Path, asked) -> None:
    record = read_record(folder)
    assert record is not None
    assert (record.status, record.device, record.epochs) == ("done", "pynq_z1:pipelined", 2)
    pareto = record.table("pareto")
    assert sum(row["is_chosen"] is True for row in pareto) == 1
    assert 1 <= sum(row["is_trained"] is True for row in pareto) <= 2
    for name in ("trajectory", "choices", "precisions", "stages", "resources"):
        assert len(record.table(name)), name
    design = json.loads((folder / "design.json").read_text())
    assert design["accuracy"]["n"] == 24
    assert list(design["files"]) == ["network.npz"]
    assert len(list((folder / "designs").iterdir())) >= 1


@pytest.mark.slow
def test_an_interrupted_search_ends_as_an_uninterrupted_one(
    folder: Path, asked, splits, tmp_path: Path
) -> None:
    for stop_at in (0.2, 0.5, 0.6, 0.9):

        def interrupt(step: str, share: float, stop_at: float = stop_at) -> None:
            if share >= stop_at:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            Search(asked, splits, tmp_path, interrupt).run()
    write_outcome(Search(asked, splits, tmp_path, tell_nobody).run(), tmp_path)
    assert (tmp_path / "design.json").read_bytes() == (folder / "design.json").read_bytes()
    first, second = read_record(folder), read_record(tmp_path)
    assert first is not None and second is not None
    for name, table in first.tables.items():
        columns = [column.name for column in table.columns if column.name != "elapsed_ns"]
        for column in columns:
            assert table.column(column) == second.table(name).column(column), (name, column)


def test_what_is_done_is_not_done_again(folder: Path, asked, splits) -> None:
    steps: list[str] = []
    Search(asked, splits, folder, lambda step, _: steps.append(step)).run()
    assert [step for step in steps if "epoch" in step] == []


def test_an_impossible_target_is_told_without_any_training(asked, splits, tmp_path: Path) -> None:
    impossible = replace(asked, aims=Aims(target_ns=1.0))
    found = Search(impossible, splits, tmp_path, tell_nobody).run()
    assert isinstance(found, Infeasible)
    record = write_outcome(found, tmp_path)
    assert record.status == "infeasible"
    assert record.design is None
    facts = dict(record.facts)
    assert facts["Target"] == "1e-06 ms"
    assert facts["Smallest reachable"] == f"{found.least_ns / 1e6:.6g} ms"
    assert not (tmp_path / "design.json").exists()
    assert not (tmp_path / "supernet").exists()


def test_a_target_that_can_be_met_is_met(asked, splits, folder: Path, tmp_path: Path) -> None:
    least_ns = json.loads((folder / "design.json").read_text())["costs"]["interval_ns"]
    aims = Aims(target_ns=3 * least_ns)
    found = Search(asked, splits, folder, tell_nobody).derived(aims, 12)
    assert max(each.time_ns for each in found) <= 3 * least_ns


def test_derived_designs_need_a_supernet(asked, splits, tmp_path: Path) -> None:
    with pytest.raises(SearchError, match="the search has no supernet"):
        Search(asked, splits, tmp_path, tell_nobody).derived(Aims(), 10)


@pytest.fixture
def command(tmp_path: Path, small, stripes) -> Callable[[str], list[str]]:
    """A search by the command line, into a store of its own, on files written here."""
    space, rows, data = (tmp_path / name for name in ("space.yaml", "rows.csv", "data.yaml"))
    space.write_text(json.dumps(small.manifest.to_json()))
    pixels = (stripes.images_nchw.reshape(len(stripes), -1) * 255).round().astype(int).clip(0, 255)
    lines = np.concatenate([pixels, stripes.labels[:, None]], axis=1).tolist()
    rows.write_text("".join(",".join(map(str, line)) + "\n" for line in lines))
    manifest = {
        "kind": "dataset",
        "schema_version": 1,
        "name": "stripes",
        "version": "1.0.0",
        "task": "image_classification",
        "license": "none",
        "reader": "pixel_rows",
        "source": f"file:{rows}",
        "options": {"shape": [8, 8, 1]},
        "items": len(stripes),
        "classes": 3,
        "data_kind": "procedural",
    }
    data.write_text(json.dumps(manifest))

    def of(store: str) -> list[str]:
        return [
            *(sys.executable, "-m", "dlscope.cli", "codesign", "search", "--epochs", "40"),
            *("--space", str(space), "--device", "pynq_z1:pipelined", "--data", str(data)),
            *("--store", str(tmp_path / store)),
        ]

    return of


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_killed_search_goes_on_and_leaves_the_same_design(command, tmp_path: Path) -> None:
    """SIGKILL at half of the epochs, by the command itself."""
    killed = subprocess.Popen(command("killed"), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert killed.stderr is not None
    for line in killed.stderr:
        if b"epoch 20 of 40" in line:
            break
    os.kill(killed.pid, signal.SIGKILL)
    killed.stderr.close()
    assert killed.wait() == -signal.SIGKILL
    assert not list((tmp_path / "killed").glob("codesign/*/design.json"))
    for store in ("killed", "whole"):
        subprocess.run(command(store), check=True, capture_output=True)
    designs = [
        next((tmp_path / store).glob("codesign/*/design.json")).read_bytes()
        for store in ("killed", "whole")
    ]
    assert designs[0] == designs[1]


def test_the_supernet_tells_the_loss_of_any_design(folder: Path, asked, splits, small) -> None:
    designs = [Design.of(small, (m, 0), (1, 1)) for m in (0, 1)]
    search = Search(asked, splits, folder, tell_nobody)
    told = search.losses(designs)
    assert told == search.losses(designs)
    assert len(set(told)) == 2
    kept = {each.design: each.loss for each in search.derived(Aims(), 12)}
    assert all(kept.get(each, loss) == loss for each, loss in zip(designs, told, strict=True))


def test_how_well_the_supernet_ranked_the_finalists_is_told(small) -> None:
    def finalist(estimated: float, trained: float) -> Finalist:
        score = Score(trained, 9, 10)
        return Finalist(Design.of(small, (0, 0), (0, 0)), estimated, 1.0, score, score)

    ((term, value),) = rank_agreement([finalist(1, 1), finalist(2, 3), finalist(3, 2)])
    assert term == "Rank agreement"
    assert value.startswith("Kendall τ 0.33 between the loss that the supernet told of 3 finalists")
    assert list(rank_agreement([finalist(1, 1)])) == []


def test_a_search_for_energy_weighs_it_in_place_of_the_time(
    asked, small, splits, tmp_path: Path
) -> None:
    request = replace(asked, device=BitFusion(64, clock_mhz=100), aims=Aims(minimised="energy"))
    found = Search(request, splits, tmp_path, tell_nobody).run()
    assert not isinstance(found, Infeasible)
    known = SpaceEnergy.of(small, request.device)
    assert known is not None
    for each in found.judged:
        energy_j = float(known.of_choices(Choices.of([each.design]))[0])
        assert each.energy_j == pytest.approx(energy_j)
    assert found.implemented.energy_j == pytest.approx(found.final.energy_j)
    record = write_outcome(found, tmp_path)
    assert record.objective == "energy"
    assert "energy per result" in str(search_report(record).sections[0].blocks[0].spec)
    assert " µJ. Network and implementation" in search_report(record).answer
