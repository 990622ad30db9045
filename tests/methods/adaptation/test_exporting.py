from __future__ import annotations

import pytest
import small_domains
import yaml

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

from dlscope import api  # noqa: E402 - after the check for torch
from dlscope.methods.adaptation.ablation import Ablation  # noqa: E402 - after the check
from dlscope.methods.adaptation.evaluating import evaluated  # noqa: E402 - after the check
from dlscope.methods.adaptation.exporting import export, write_manifest  # noqa: E402 - as above
from dlscope.methods.adaptation.training import Training  # noqa: E402 - after the check


@pytest.fixture(scope="module")
def adapted(tmp_path_factory):
    """A trained network, its domains, and the folder with its file and manifest."""
    folder = tmp_path_factory.mktemp("adapted")
    domains = small_domains.written(folder / "scenes")
    Ablation(folder / "out", domains).run(["source"], [0])
    network = Training(folder / "out", domains, 0).row("source").network
    size = small_domains.OPTIONS.size
    parity = export(network, folder / "adapted.onnx", size)
    write_manifest(
        network, folder / "adapted.onnx", size, name="adapted", described="A network of a test."
    )
    dataset = {
        "kind": "dataset",
        "schema_version": 1,
        "name": "scenes-val",
        "version": "1.0.0",
        "task": "semantic_segmentation",
        "description": "Drawn scenes.",
        "license": "Apache-2.0",
        "reader": "labelled_scenes",
        "source": f"file:{folder / 'scenes/target'}",
        "options": {"format": "cityscapes", "split": "val"},
        "items": 2,
        "classes": 19,
        "data_kind": "procedural",
    }
    (folder / "scenes.yaml").write_text(yaml.safe_dump(dataset))
    return network, domains, folder, parity


@pytest.mark.slow
def test_onnx_runtime_gives_the_classes_that_torch_gives(adapted):
    parity = adapted[3]
    assert parity.equal >= 0.9999
    assert parity.difference <= 1e-4


@pytest.mark.slow
def test_evaluating_the_manifest_is_what_the_trainer_says(adapted):
    network, domains, folder, _ = adapted
    told = evaluated(network, domains.target_judges, domains.options.rules.split)
    report = api.evaluate(
        str(folder / "adapted.yaml"),
        dataset=str(folder / "scenes.yaml"),
        scenario={"name": "online", "mode": "accuracy"},
    )
    metrics = report.table("accuracy")
    found = {row["metric"]: row["value"] for row in metrics}
    assert found["mean_iou"] == pytest.approx(told.miou / 100, abs=5e-4)
