from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from dlscope.core.plan import Plan

CHANGES = {
    "workload": "training",
    "assets": {"graph": "f" * 64},
    "batch_size": 2,
    "items": 19,
    "trace_level": 40,
    "options": {"threads": 2},
    "keep_outputs": 99,
    "memory_limit_bytes": 2**30,
    "seed": 1,
    "repeat": 1,
}
NESTED = ("model", "framework", "dataset", "scenario")


@pytest.mark.parametrize("field", CHANGES)
def test_every_field_changes_the_digest(make_plan, field: str) -> None:
    assert make_plan(**{field: CHANGES[field]}).digest != make_plan().digest


@pytest.mark.parametrize("field", NESTED)
def test_every_manifest_changes_the_digest(make_plan, field: str) -> None:
    plan = make_plan()
    changed = getattr(plan, field).model_copy(update={"description": "another"})
    assert make_plan(**{field: changed}).digest != plan.digest


def test_no_field_is_forgotten_here() -> None:
    assert {*CHANGES, *NESTED} == set(Plan.model_fields)


def test_a_copy_has_a_digest_of_its_own(make_plan) -> None:
    plan = make_plan()
    before = plan.digest
    copy = plan.model_copy(update={"seed": 5})
    assert copy.digest == make_plan(seed=5).digest != before


def test_the_json_form_reads_back(make_plan) -> None:
    plan = make_plan(options={"b": 1, "a": [1.5, None]}, assets={"graph": "f" * 64})
    text = json.dumps(plan.to_json())
    back = Plan.model_validate(json.loads(text))
    assert back == plan
    assert back.digest == plan.digest


@pytest.mark.parametrize("seed", ["0", "1", "77"])
def test_the_digest_is_the_same_in_every_process(make_plan, tmp_path: Path, seed: str) -> None:
    plan = make_plan(options={"b": 1, "a": 2}, assets={"x": "1" * 64, "graph": "2" * 64})
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan.to_json()))
    code = (
        "import json, pathlib, sys; from dlscope.core.plan import Plan; "
        "print(Plan.model_validate(json.loads(pathlib.Path(sys.argv[1]).read_text())).digest)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() == plan.digest


def test_a_default_written_out_changes_nothing(make_plan) -> None:
    plan = make_plan()
    scenario = type(plan.scenario).model_validate(
        {**plan.scenario.to_json(), "min_duration_ms": 10_000, "percentile": 0.99}
    )
    assert make_plan(scenario=scenario).digest == plan.digest


def test_a_plan_is_frozen_and_closed(make_plan) -> None:
    plan = make_plan()
    with pytest.raises(ValidationError, match="frozen"):
        plan.seed = 3
    with pytest.raises(ValidationError, match="Extra inputs"):
        make_plan(threads=3)


def test_the_label_says_what_is_special(make_plan) -> None:
    assert make_plan().label == "tiny · onnxruntime · online"
    assert make_plan(batch_size=4, repeat=2).label == (
        "tiny · onnxruntime · online · batch 4 · repeat 3"
    )
