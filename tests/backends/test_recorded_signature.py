from __future__ import annotations

from pathlib import Path

import pytest

from dlscope.backends.base import TensorSpec
from dlscope.backends.recorded_signature import record, recorded


def test_gives_back_what_was_kept(tmp_path: Path) -> None:
    inputs = (TensorSpec("x", "float32", (None, 3)), TensorSpec("größe", "int64", ()))
    outputs = (TensorSpec("y", "bool", (None, None)),)
    record(tmp_path, inputs, outputs)
    assert recorded(tmp_path) == (inputs, outputs)


def test_a_folder_without_one_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        recorded(tmp_path)
