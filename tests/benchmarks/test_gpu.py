"""What needs a GPU, walked through without one."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SCRIPT = BENCHMARKS / "gpu.py"


def carried_out(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_all_parts_together_end_within_25_minutes():
    spec = importlib.util.spec_from_file_location("gpu", SCRIPT)
    gpu = importlib.util.module_from_spec(spec)
    sys.modules["gpu"] = gpu
    try:
        spec.loader.exec_module(gpu)
        assert sum(seconds for _, seconds in gpu.PARTS.values()) < 25 * 60
        assert set(gpu.REHEARSED) <= set(gpu.PARTS)
    finally:
        del sys.modules["gpu"]


@pytest.mark.slow
def test_skynet_is_rehearsed(tmp_path):
    pytest.importorskip("torch")
    done = carried_out("--rehearse", "skynet", "--output", tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "gpu-skynet.json").read_text())
    assert len(found["fingerprint"]) > 10
    assert found["training"]["steps"] > 0
    assert 0 <= found["training"]["val"]["mean_iou"] <= 1
    assert found["training"]["unseen"]["reaches_goal"] is False
    assert set(found["detectors"]) == {
        f"{variant} {kind}" for variant in "ABC" for kind in ("float32", "float16")
    }
    assert all(row["launched"]["ms"] > 0 for row in found["trunks"].values())


@pytest.mark.slow
def test_codesign_is_rehearsed(tmp_path):
    pytest.importorskip("torch")
    done = carried_out("--rehearse", "codesign", "--output", tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "gpu-codesign.json").read_text())
    assert min(found["table"]["operations"].values()) > 0
    assert found["steps"]["first_difference"] == 0
    assert found["search"]["measured_ns"] > 0


@pytest.mark.slow
def test_adaptation_is_rehearsed(tmp_path):
    pytest.importorskip("torch")
    done = carried_out("--rehearse", "adaptation", "--output", tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "gpu-adaptation.json").read_text())
    assert (found["device"], found["lacking"]) == ("cpu", [])
    assert [each["row"] for each in found["ablation"]] == ["warm_start", "source", "adv_stuff_inst"]
    assert found["on_a_processor"] == {"relative_difference": 0.0, "equal_classes": 1.0}


@pytest.mark.slow
@pytest.mark.parametrize("part", ["skynet", "codesign", "adaptation"])
def test_without_a_gpu_a_part_says_so(tmp_path, part):
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    done = carried_out(part, "--output", tmp_path)
    assert done.returncode == 1
    assert "TrainingError: there is no GPU that torch can use" in done.stderr
    assert f"{part}: FAILED" in done.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_what_cannot_be_rehearsed_is_refused(tmp_path):
    done = carried_out("--rehearse", "server", "--output", tmp_path)
    assert done.returncode == 2
    assert "only these can be rehearsed: machine, " in done.stderr
