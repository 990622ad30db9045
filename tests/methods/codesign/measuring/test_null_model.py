from __future__ import annotations

from dlscope.methods.codesign.measuring.bound_model import BoundModel
from dlscope.methods.codesign.measuring.null_model import null_model


def test_it_runs(tmp_path) -> None:
    path = tmp_path / "null.onnx"
    path.write_bytes(null_model())
    BoundModel(path, threads=1).run()
