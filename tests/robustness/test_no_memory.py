"""Memory that cannot be had: a failed Run or a stated error, and a store that goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dlscope.graph.builder import GraphBuilder, serialize
from dlscope.testing.small_experiment import (
    SmallExperiment,
    model_document,
    write_experiment,
    write_yaml,
)

if sys.platform != "linux":
    pytest.skip("only Linux holds a process to its address space", allow_module_level=True)

import resource

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
_GIB = 2**30


def allowed(most_bytes: int) -> Callable[[], None]:
    """Holds a process that begins, and all that it starts, to so much address space."""
    return lambda: resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))


def dlscope(
    *words: str | Path, most_bytes: int = resource.RLIM_INFINITY
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "dlscope.cli", *map(str, words)],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        preexec_fn=allowed(most_bytes),
    )
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> SmallExperiment:
    return write_experiment(tmp_path_factory.mktemp("experiment"), pictures=4)


@pytest.fixture(scope="module")
def huge(files: SmallExperiment) -> Path:
    """The classifier with a detour over a tensor of 18 GiB, which adds nothing to its answers."""
    graph = GraphBuilder("huge")
    x = graph.input("x", "float32", ("N", 3, 8, 8))
    mean = graph.node("Flatten", [graph.node("GlobalAveragePool", [x])])
    first = graph.node("ReduceMean", [mean], axes=[1])
    shape = graph.constant("shape", np.array([120_000, 40_000], np.int64))
    wide = graph.node("Expand", [first, shape])
    most = graph.node("ReduceMax", [graph.node("Mul", [wide, wide])], keepdims=1)
    nothing = graph.node("Mul", [most, graph.constant("zero", np.float32(0))])
    weight = graph.constant("weight", np.eye(3, 4, dtype=np.float32) * 4)
    y = graph.node("Add", [graph.node("MatMul", [mean, weight]), nothing], output="y")
    graph.output(y, "float32", ("N", 4))
    path = files.model.with_name("huge.onnx")
    path.write_bytes(serialize(graph.finish()))
    return write_yaml(path.with_suffix(".yaml"), {**model_document(path), "name": "huge"})


def evaluated(
    model: Path, files: SmallExperiment, store: Path, *more: str, most_bytes: int
) -> subprocess.CompletedProcess[str]:
    return dlscope(
        *("evaluate", model, "--dataset", files.dataset, "--scenario", files.scenario),
        *("--store", store, "--format", "json", *more),
        most_bytes=most_bytes,
    )


@pytest.mark.parametrize("backend", ["onnxruntime", "torch"])
def test_a_model_without_room_is_a_failed_run_and_the_store_takes_the_next(
    backend: str, huge: Path, files: SmallExperiment, tmp_path: Path
) -> None:
    pytest.importorskip(backend)
    store, chosen = tmp_path / "store", ("-b", backend)
    failed = evaluated(huge, files, store, *chosen, most_bytes=8 * _GIB)
    assert failed.returncode == 3
    assert "out of memory" in failed.stderr
    (run,) = json.loads(failed.stdout)["runs"]
    after = evaluated(files.model, files, store, *chosen, most_bytes=8 * _GIB)
    assert after.returncode == 0, after.stderr
    told = dlscope("store", "list", "--store", store, "--format", "json")
    columns = [each["name"] for each in json.loads(told.stdout)["tables"]["runs"]["columns"]]
    rows = [
        dict(zip(columns, row, strict=True))
        for row in json.loads(told.stdout)["tables"]["runs"]["rows"]
    ]
    assert {each["run"] for each in rows if each["status"] == "failed"} == {run}
    assert {each["run"] for each in rows} == {run, *json.loads(after.stdout)["runs"]}


@pytest.mark.parametrize("most_mib", [400, 500, 700])
def test_an_evaluation_in_little_memory_ends_with_words(
    most_mib: int, files: SmallExperiment, tmp_path: Path
) -> None:
    """However far it comes, from nowhere at all to the end."""
    store = tmp_path / "store"
    ended = evaluated(files.model, files, store, most_bytes=most_mib * 2**20)
    assert ended.returncode in (0, 1, 3)
    assert ended.returncode == 0 or "memory" in (ended.stderr + ended.stdout).lower()
    after = evaluated(files.model, files, store, most_bytes=resource.RLIM_INFINITY)
    assert after.returncode == 0, after.stderr


def test_a_training_without_room_says_so(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    ended = dlscope(
        *("skynet", "train", "--out", tmp_path / "detector", "--size", "6400x3200"),
        *("--images", "4", "--val-images", "2", "--iterations", "1", "--width", "0.2"),
        *("--store", tmp_path / "store"),
        most_bytes=4 * _GIB,
    )
    assert ended.returncode == 3
    first, where, fix = [
        line for line in ended.stderr.splitlines() if not line.startswith("skynet train: ")
    ][:3]
    assert first.startswith("OutOfMemory: out of memory")
    assert where == "  where  the process of the command"
    assert fix == (
        "  fix    ask for less at a time, such as smaller images or batches, or free memory"
    )
    assert not list((tmp_path / "detector").glob("*.onnx"))
