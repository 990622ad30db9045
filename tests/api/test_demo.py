from __future__ import annotations

from pathlib import Path

import pytest

from dlscope import api


def test_one_backend_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = {"onnxruntime": True, "openvino": False, "torch": False}
    monkeypatch.setattr("dlscope.agents.capabilities.available_backends", lambda: here)
    report = api.demo(store=str(tmp_path))
    assert [row["backend"] for row in report.table("latency")] == ["onnxruntime"]
    assert "18 of 20 right" in report.answer


@pytest.mark.slow
def test_the_demo_tells_accuracy_latency_and_the_cost_of_one_wrong_step(tmp_path: Path) -> None:
    report = api.demo(store=str(tmp_path))
    assert "18 of 20 right" in report.answer
    assert report.answer.endswith("Among five answers 19 of 20 are right.")
    claims = [finding.claim for finding in report.findings]
    assert "BGR for RGB would cost 3 of 18 right answers" in claims
    (reference, wrong) = report.table("preprocessing_study")
    assert (reference["top_1_count"], wrong["top_1_count"]) == (18, 15)
    assert len(report.table("latency")) >= 1
