"""Code of other people: off by default, run by workers alone, not needed to read what it gave."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

from dlscope.backends.onnxruntime import OnnxRuntimeBackend
from dlscope.core.digest import file_digest
from dlscope.core.hook_permission import VARIABLE
from dlscope.loadgen.mlperf.harness import FunctionsDataset, FunctionsModel, HarnessSystem
from dlscope.testing.small_experiment import COLORS, SmallExperiment, write_hooked

HARNESS = '''"""MLHarness's five functions over the pictures of a folder."""

import io
import os
from pathlib import Path

import numpy as np
from PIL import Image

with open("TRACE", "a") as trace:
    trace.write(f"{os.getpid()}\\n")

PICTURES = sorted(Path("PICTURES").iterdir())


def init(count):
    return min(count or len(PICTURES), len(PICTURES))


def load(ids):
    return [PICTURES[index].read_bytes() for index in ids]


def unload(ids):
    pass


def preprocess(ctx, data):
    small = [Image.open(io.BytesIO(each)).convert("RGB").resize((8, 8)) for each in data]
    pixels = np.stack([np.asarray(each, np.float32) for each in small])
    return ((pixels.transpose(0, 3, 1, 2) - 127) / 128,)


def postprocess(ctx, outputs):
    names = ["red", "green", "blue", "black"]
    best = outputs[0].argmax(axis=1)
    return [{"classes": [[int(k), names[k], float(row[k])]]} for k, row in zip(best, outputs[0])]
'''


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """Where the code leaves the number of each process that executes it."""
    return tmp_path / "trace"


@pytest.fixture
def model(
    files: SmallExperiment, trace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    monkeypatch.delenv(VARIABLE, raising=False)
    pictures = files.dataset.parent / "pictures"
    code = HARNESS.replace("TRACE", str(trace)).replace('PICTURES")', f'{pictures}")')
    return write_hooked(tmp_path, code, preprocess="preprocess", postprocess="postprocess")


@pytest.fixture
def sha256(model: Path) -> str:
    return file_digest(model.with_name("hooks.py"))


@pytest.fixture
def asked(files: SmallExperiment, model: Path) -> list[str]:
    return [str(model), "--dataset", str(files.dataset), "--scenario", str(files.scenario)]


def executed_here() -> list[str]:
    return [name for name in sys.modules if name.startswith("_dlscope_hooks")]


def harness(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("harness_of_this_test", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_planning_refuses_them_and_executes_nothing(cli, asked, trace, model, sha256) -> None:
    result = cli("evaluate", *asked)
    assert result.code == 3
    assert f"--allow-hooks {sha256}" in result.err
    assert not trace.exists()
    assert executed_here() == []


def test_the_check_tells_of_them_and_executes_nothing(cli, trace, model, sha256) -> None:
    result = cli("manifest", "check", model, "--format", "json")
    assert result.code == 0
    (row,) = result.rows("checked")
    assert row["hooks"] == str(model.with_name("hooks.py"))
    assert not trace.exists()
    text = " ".join(cli("manifest", "check", model).out.split())
    assert "colors@1.0.0 has hooks, which are off by default: read" in text


@pytest.mark.parametrize("way", ["option", "variable"])
def test_workers_alone_execute_what_is_allowed(
    cli, asked, trace, sha256, monkeypatch, way: str
) -> None:
    allowed = ["--allow-hooks", sha256] if way == "option" else []
    if way == "variable":
        monkeypatch.setenv(VARIABLE, sha256)
    result = cli("evaluate", *asked, *allowed, "--format", "json")
    assert result.code == 0, result.err
    pids = trace.read_text().split()
    assert len(pids) == 1
    assert str(os.getpid()) not in pids
    assert executed_here() == []
    assert [row["right"] for row in result.rows("models")] == ["8/8"]


def test_what_was_measured_is_read_without_them(cli, asked, model, sha256) -> None:
    measured = cli("evaluate", *asked, "--allow-hooks", sha256, "--format", "json")
    model.with_name("hooks.py").unlink()
    again = cli("report", *measured.data["runs"], "--format", "json")
    assert again.code == 0
    assert again.rows("accuracy") == measured.rows("accuracy")
    text = cli("report", *measured.data["runs"], "--format", "markdown").out
    assert f"hooks.py {sha256[:12]}: preprocess, postprocess" in " ".join(text.split())


def test_one_module_serves_loadgen_and_a_run(cli, asked, model, sha256, store) -> None:
    from dlscope.store import Store

    functions = harness(model.with_name("hooks.py"))
    with OnnxRuntimeBackend().open(model.with_name("colors.onnx")) as predictor:
        system = HarnessSystem(
            FunctionsDataset(functions),
            FunctionsModel(functions),
            lambda arrays: tuple(predictor.predict({"x": arrays[0]}).values()),
        )
        system.load(range(system.samples))
        records = [json.loads(each) for each in system.respond(range(system.samples))]
    result = cli("evaluate", *asked, "--allow-hooks", sha256, "--format", "json")
    with Store.open(store) as opened:
        items = opened.run(result.data["runs"][0]).items
    assert [item.prediction["classes"][0][:2] for item in items] == [
        [index % 4, list(COLORS)[index % 4]] for index in range(8)
    ]
    assert [item.prediction for item in items] == [
        {"classes": [[k, name, pytest.approx(score, abs=1e-6)]]}
        for ((k, name, score),) in (record["classes"] for record in records)
    ]


def test_the_study_of_steps_takes_the_permission(cli, files, tmp_path: Path) -> None:
    code = "def same(context, data): return data"
    model = write_hooked(tmp_path, code, before_preprocess="same")
    sha256 = file_digest(tmp_path / "hooks.py")
    command = ["study", "preprocessing", model, "--dataset", files.dataset, "--change", "x/255"]
    assert cli(*command).code == 3
    assert cli(*command, "--allow-hooks", sha256).code == 0
