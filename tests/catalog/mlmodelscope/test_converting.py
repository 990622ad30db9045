from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from dlscope.catalog.document import dump_manifest, parse_text
from dlscope.catalog.mlmodelscope.converting import convert_model
from dlscope.core.errors import DlscopeError


def test_a_whole_manifest_is_carried_over(convert) -> None:
    model = convert().model
    assert model.identity == "tiny_net@1.0.0"
    assert (model.task, model.license) == ("image_classification", "MIT")
    assert model.description == "A network of few layers."
    assert model.framework[0].name == "onnxruntime"
    assert model.framework[0].version == "1.6.1"
    assert model.assets["graph"].source == "https://example.org/models/tiny.onnx"
    assert model.assets["graph"].md5 == "0" * 32
    assert model.assets["labels"].md5 == "a" * 32
    assert model.outputs[0].labels == "labels"


def test_a_framework_may_be_named_by_its_series(convert) -> None:
    model = convert(framework={"name": "Onnxruntime", "version": "1.10.x"}).model
    assert model.framework[0].version == "1.10.x"


def test_what_comes_out_is_a_manifest(convert) -> None:
    model = convert(hidden=True).model
    assert parse_text(dump_manifest(model), "x") == model
    assert model.visibility == "hidden"


def test_published_accuracies_are_claims_in_shares(convert) -> None:
    attributes = {"Top1": 78.0, "top5": 93.9, "training_dataset": "ImageNet"}
    assert convert(attributes=attributes).model.reference == {
        "accuracy": {"dataset": "imagenet2012_val", "top_1": 0.78, "top_5": 0.939}
    }


def test_accuracies_on_unknown_data_claim_nothing(convert) -> None:
    found = convert(attributes={"top1": 78.0, "training_dataset": "CIFAR10"}).model
    assert found.reference == {}
    assert found.attributes["top1"] == 78.0


def test_attributes_are_kept_with_the_author_told(convert) -> None:
    found = convert(attributes={"kind": "CNN", "manifest_author": "A. Person", "mAP": None})
    assert found.model.authors == ("A. Person",)
    assert found.model.attributes["kind"] == "CNN"
    assert "attributes: mAP has no value and is left out" in found.notes


def test_containers_are_kept_and_looked_at(convert) -> None:
    swapped = {"cpu": "net:amd64-gpu", "gpu": "net:amd64-cpu"}
    found = convert(container={"amd64": swapped, "ppc64le": {"cpu": "net:ppc64le-cpu"}})
    assert found.model.attributes["container.x86_64.cpu"] == "net:amd64-gpu"
    assert found.model.attributes["container.ppc64le.cpu"] == "net:ppc64le-cpu"
    assert "container: the images of amd64 for cpu and gpu look swapped" in found.notes
    assert not any("ppc64le" in note for note in found.notes)


def test_code_is_never_carried_over(convert) -> None:
    found = convert(preprocess="def preprocess(ctx, data): ...")
    assert found.model.hooks is None
    assert (
        "preprocess: code inside a manifest is not run; put it in a file and name it in hooks"
    ) in found.notes


def test_what_keeps_it_from_running_is_a_note(convert) -> None:
    found = convert(model={"base_url": "https://a.b", "graph_path": "g.onnx"})
    assert (
        "assets.graph: asset 'graph' has no sha256; add sha256: and what sha256sum prints for the "
        "file"
    ) in found.notes


def test_inputs_that_are_no_pictures_have_to_be_finished(convert) -> None:
    found = convert(inputs=[{"type": "raw", "parameters": {"input_layer": "x", "url": "u"}}])
    assert found.model.inputs[0].tensor == "x"
    assert "inputs[0]: its shape is not recorded; correct tensor, layout and shape" in found.notes
    assert "inputs[0]: parameter url has no place: u" in found.notes


def test_everything_wrong_is_told_with_its_line(plain, tmp_path: Path) -> None:
    plain["licence"] = plain.pop("license")
    plain["model"]["is_archive"] = "perhaps"
    path = tmp_path / "tiny.yml"
    path.write_text(yaml.safe_dump(plain, sort_keys=False))
    with pytest.raises(DlscopeError) as caught:
        convert_model(path)
    told = {each.what: each.where for each in caught.value.problems}
    assert "unknown field 'licence'" in told
    assert told["unknown field 'licence'"].startswith(f"{path}:")
    assert len(told) == 2


def test_a_key_written_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "twice.yml"
    path.write_text("name: a\nname: b\n")
    with pytest.raises(DlscopeError, match="key 'name' is written twice"):
        convert_model(path)
