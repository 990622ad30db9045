"""`dlscope codesign profile`, `show`, `report`, `targets`, `split`, `templates`, in a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from dlscope import api
from dlscope.catalog.finder import find
from dlscope.core.errors import MeasurementError
from dlscope.methods.codesign.implementing.implementer import Implementer
from dlscope.methods.codesign.named_device import device_digest, named_device
from dlscope.methods.codesign.search_record import SearchRecord
from dlscope.methods.codesign.searching.design_file import DesignFile
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space
from dlscope.methods.codesign.tables import search_table

BOARD = "pynq_z1:pipelined"
SMALL = {
    "kind": "space",
    "schema_version": 1,
    "name": "small",
    "input": [1, 8, 8],
    "classes": 3,
    "stem": {"c_out": 4, "stride": 1},
    "head": {"c_out": 8},
    "quant": [32],
    "quant_scope": "network",
    "blocks": [
        {
            "name": name,
            "c_out": 8,
            "stride": stride,
            "ops": [
                {"type": "mbconv", "k": 3, "e": 2},
                {"type": "separable", "k": 3},
                {"type": "conv", "k": 3},
            ],
        }
        for name, stride in (("one", 2), ("two", 1), ("three", 1))
    ],
}


@pytest.fixture
def search(store: Path) -> Path:
    """The folder of a search that might have been."""
    space = Space(find("space", "tiny_grey_4"))
    device = named_device(BOARD, local=lambda: None)
    folder = store / "codesign" / "ab12cd"
    (folder / "designs").mkdir(parents=True)
    (folder / "request.json").write_text("{}")
    rows = []
    for seed in range(3):
        design = Design.random(space, np.random.default_rng(seed))
        found = DesignFile.of(
            space,
            Implementer(space, device).implement(design),
            device=BOARD,
            device_digest=device_digest(device),
            seed=0,
            accuracy={"value": 0.9 - 0.01 * seed},
        )
        found.save(folder / "designs" / f"{found.identity}.json")
        rows.append(
            {
                "design": found.identity,
                "method": "search",
                "interval_ns": float(found.costs["interval_ns"]),
                "error": 0.1 + 0.01 * seed,
                "is_trained": True,
                "is_on_front": seed == 0,
                "is_chosen": seed == 0,
            }
        )
        if seed == 0:
            found.save(folder / "design.json")
    record = SearchRecord(
        "Digits on a board",
        "tiny_grey_4",
        BOARD,
        0,
        objective="throughput",
        design=str(rows[0]["design"]),
        run="ab12cd",
        tables={"pareto": search_table("pareto", rows)},
    )
    (folder / "record.json").write_text(json.dumps(record.to_json()))
    return folder


def test_a_search_is_shown_by_the_beginning_of_its_name(cli, search) -> None:
    result = cli("codesign", "show", "ab1", "--requirements", "tracking", "--format", "json")
    assert result.code == 0
    verdicts = [row["verdict"] for row in result.rows("requirements")]
    assert verdicts == ["not measured", "met", "not measured"]
    assert cli("codesign", "show", search).out.startswith("10.0 % error at ")


def test_a_missed_limit_comes_with_a_change_that_meets_it(cli, search, tmp_path) -> None:
    path = tmp_path / "fast.yaml"
    path.write_text("kind: requirements\nschema_version: 1\nname: fast\nfps: 100000\n")
    result = cli("codesign", "show", "ab12cd", "--requirements", path, "--format", "json")
    (row,) = result.rows("requirements")
    assert row["verdict"].startswith("missed by ")
    assert row["change"]


def test_a_report_is_a_page_and_its_tables(cli, search, tmp_path) -> None:
    page = tmp_path / "search.html"
    result = cli("codesign", "report", "ab12cd", "-o", page)
    assert (result.code, result.out) == (0, "")
    assert "Digits on a board" in page.read_text()
    assert "pareto" in json.loads(page.with_suffix(".json").read_text())["tables"]


def test_a_search_for_another_device_is_not_measured_here(cli, search) -> None:
    result = cli("codesign", "measure", "ab12cd")
    assert result.code == 1
    assert f"the search is for {BOARD}, which is not here" in result.err
    assert "count its cycles: dlscope codesign emit ab12cd --to cpp" in result.err


def test_an_unknown_search_is_refused(cli, store) -> None:
    result = cli("codesign", "show", "nothing")
    assert (result.code, result.out) == (1, "")
    assert "no searches are called nothing" in result.err


def test_designs_are_held_against_further_devices(cli, search) -> None:
    result = cli("codesign", "targets", "ab12cd", "--device", "zc706:recursive", "--format", "json")
    assert result.code == 0
    rows = result.rows("targets")
    assert {row["device"] for row in rows} == {BOARD, "zc706:recursive"}
    assert sum(row["is_winner"] for row in rows) == 2


def test_one_device_is_no_comparison(cli, search) -> None:
    result = cli("codesign", "targets", "ab12cd")
    assert result.code == 1
    assert "3 designs on 1 device are no comparison" in result.err


def test_a_device_is_divided_among_designs(cli, search) -> None:
    design = search / "design.json"
    asked = ("--task", "ab12cd@30", "--task", f"{design}@10", "--format", "json")
    result = cli("codesign", "split", "--device", BOARD, *asked)
    assert result.code == 0
    assert [row["verdict"] for row in result.rows("tasks")] == ["met", "met"]
    missed = cli("codesign", "split", "--device", BOARD, "--task", "ab12cd@1e9")
    assert missed.code == 3


def test_a_task_without_a_rate_is_wrong_usage(cli, store) -> None:
    result = cli("codesign", "split", "--device", BOARD, "--task", "design.json")
    assert result.code == 2
    assert "'design.json' is not DESIGN@RATE, such as 1f2e3d@30" in result.err


def test_templates_are_printed_for_a_board_and_refused_for_a_processor(cli, store) -> None:
    result = cli(
        "codesign", "templates", "--space", "tiny_grey_4", "--device", BOARD, "--format", "json"
    )
    assert result.code == 0
    assert len(result.rows("templates")) == 135


def test_only_the_processor_at_hand_is_measured(cli, store) -> None:
    result = cli("codesign", "profile", "--space", "tiny_grey_4", "--device", BOARD)
    assert result.code == 2
    assert "only local:cpu is measured" in result.err


def test_a_space_that_a_processor_cannot_compute_is_refused(cli, store, tmp_path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump({**SMALL, "quant": [4]}))
    result = cli("codesign", "profile", "--space", path)
    assert result.code == 1
    assert "no precision is one that can be timed on a processor: 4 bit" in result.err


def test_a_processor_that_was_not_profiled_is_no_device(store) -> None:
    with pytest.raises(MeasurementError) as refused:
        api.local_device("mnist_cpu", store=str(store))
    assert refused.value.what == "nothing of mnist_cpu was measured in this environment"
    assert refused.value.fix == "dlscope codesign profile --space mnist_cpu --device local:cpu"


@pytest.mark.slow
def test_a_space_is_profiled_and_searched_on_from_store_and_file(
    cli, store, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr("dlscope.agents.device_lock.lock_path", lambda: tmp_path / "lock")
    path, table = tmp_path / "small.yaml", tmp_path / "table.json"
    path.write_text(yaml.safe_dump(SMALL))
    brief = ("--processes", "1", "--min-seconds", "0.02", "--max-seconds", "20")
    options = ("--space", path, "--save", table, *brief, "--format", "json")
    first = cli("codesign", "profile", *options)
    assert first.code in (0, 3)
    assert len(first.rows("operations")) == 8
    assert {row["state"] for row in first.rows("operations")} <= {"ok", "warning, noisy"}
    (line,) = first.rows("calibration")
    assert line["networks"] == 24
    again = cli("codesign", "profile", *options)
    assert again.rows("operations") == first.rows("operations")
    assert "0 rows are new" in cli("codesign", "profile", "--space", path, *brief).out.replace(
        "\n", " "
    )
    if first.code == 3:
        pytest.skip("the machine is too busy for the table to be accepted")

    layers = [Space(find("space", str(path))).stem_layers]
    from_store = api.local_device(str(path), store=str(store))
    from_file = api.local_device(str(path), table=table)
    precision = next(iter(from_store.calibrations))
    assert from_store.latency_ns(layers, precision) == from_file.latency_ns(layers, precision) > 0
