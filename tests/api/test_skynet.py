from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from dlscope import api
from dlscope.core.errors import DlscopeError


def test_sizes_are_width_and_height():
    layers = api.skynet_counts("A", size=(64, 32)).table("layers")
    assert (layers.column("width")[0], layers.column("height")[0]) == (64, 32)


def test_refuses_to_score_nothing():
    with pytest.raises(DlscopeError) as refused:
        api.skynet_score(seconds=1.0)
    assert str(refused.value) == (
        "PlanError: there is nothing to score\n"
        "  where  skynet score\n"
        "  fix    give results.csv and --truth FOLDER, or --images and --f1"
    )


def test_the_exported_model_gives_the_golden_head(tmp_path):
    weights = Path(os.environ.get("DLSCOPE_TEST_DATA", "")) / "skynet" / "dac.weights"
    if not weights.is_file():
        pytest.skip("the authors' weights are not in the folder skynet of DLSCOPE_TEST_DATA")
    channel, row, column = np.mgrid[0:3, 0:160, 0:320]
    pixels = (31 * channel + 7 * row + 3 * column) % 256
    image = ((pixels / 255 - 0.5) / 0.25).astype(np.float32)[None]
    for lowering in ("slices", "space_to_depth", "absorb"):
        model = tmp_path / f"{lowering}.onnx"
        assert api.export_skynet(weights, model, lowering=lowering) == 438_718
        session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        (head,) = session.run(["head"], {"image": image})
        assert head[0, 9, 12, 37] == pytest.approx(-4.786140, abs=1e-3)
        assert head[0, 4, 10, 20] == pytest.approx(-11.656832, abs=1e-3)
        assert head.sum(dtype=np.float64) == pytest.approx(-21493.4662, abs=1)
