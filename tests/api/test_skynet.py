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
        assert api.export_skynet(weights, model, lowering=lowering).numbers == 438_718
        session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        (head,) = session.run(["head"], {"image": image})
        assert head[0, 9, 12, 37] == pytest.approx(-4.786140, abs=1e-3)
        assert head[0, 4, 10, 20] == pytest.approx(-11.656832, abs=1e-3)
        assert head.sum(dtype=np.float64) == pytest.approx(-21493.4662, abs=1)


def test_a_trained_detector_is_written_in_the_form_that_is_quickest(tmp_path):
    pytest.importorskip("torch")
    api.build_skynet(tmp_path / "drawn.pt", width=0.1, size=(64, 32))
    heads = {}
    image = np.random.default_rng(0).uniform(-2, 2, (1, 3, 32, 64)).astype(np.float32)
    for form in ("slices", "fastest"):
        model = tmp_path / f"{form}.onnx"
        done = api.export_skynet(tmp_path / "drawn.pt", model, lowering=form)
        session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        heads[form] = session.run(["head"], {"image": image})[0]
    assert set(done.ratios) == {"slices", "space_to_depth", "absorb"}
    assert (done.ratios["slices"], done.ratios[done.form]) == (1.0, min(done.ratios.values()))
    assert f"reorder: {done.form}" in (tmp_path / "fastest.yaml").read_text()
    assert np.abs(heads["slices"] - heads["fastest"]).max() < 1e-5
