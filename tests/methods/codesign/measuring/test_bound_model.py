from __future__ import annotations

import pytest

from dlscope.core.errors import BackendError
from dlscope.methods.codesign.measuring.bound_model import BoundModel


def test_what_the_runtime_refuses_is_told_in_its_words(tmp_path) -> None:
    path = tmp_path / "7.onnx"
    path.write_bytes(b"no model")
    with pytest.raises(BackendError, match="ONNX Runtime refuses it") as refused:
        BoundModel(path, threads=1)
    assert refused.value.where == "7"
