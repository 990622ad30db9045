from __future__ import annotations

import pytest

from dlscope.core.manifest import ExperimentManifest, Reference

BASE = {"schema_version": 1, "name": "e", "models": ["a"], "datasets": ["d"]}


@pytest.mark.parametrize(
    ("written", "name", "version", "shown"),
    [
        ("resnet50", "resnet50", "*", "resnet50"),
        ("resnet50@^1.0", "resnet50", "^1.0", "resnet50@^1.0"),
        ("resnet50@>=1.17,<2", "resnet50", ">=1.17,<2", "resnet50@>=1.17,<2"),
        ("resnet50==1.2", "resnet50", "==1.2", "resnet50@==1.2"),
        ("resnet50@==1.2", "resnet50", "==1.2", "resnet50@==1.2"),
        ({"name": "resnet50", "version": "1.2"}, "resnet50", "1.2", "resnet50@1.2"),
    ],
)
def test_references_by_name_and_constraint(written, name: str, version: str, shown: str) -> None:
    experiment = ExperimentManifest.model_validate({**BASE, "models": [written]})
    (reference,) = experiment.models
    assert reference == Reference(name=name, version=version)
    assert str(reference) == shown


def test_a_reference_keeps_overrides_and_options() -> None:
    written = {"name": "a", "overrides": {"inputs.image.layout": "NHWC"}, "options": {"threads": 2}}
    (reference,) = ExperimentManifest.model_validate({**BASE, "models": [written]}).models
    assert reference.overrides == {"inputs.image.layout": "NHWC"}
    assert reference.options == {"threads": 2}


def test_a_data_set_may_be_cut_short() -> None:
    data = {**BASE, "datasets": ["d@1.0.0", {"name": "f", "items": 5}]}
    first, second = ExperimentManifest.model_validate(data).datasets
    assert (first.name, first.version, first.items) == ("d", "1.0.0", None)
    assert (second.name, second.items) == ("f", 5)


def test_scenarios_by_name_or_in_place() -> None:
    in_place = {"type": "batched", "batch_size": [1, 2]}
    experiment = ExperimentManifest.model_validate({**BASE, "scenarios": ["server", in_place]})
    assert experiment.scenarios == ({"name": "server"}, in_place)
    assert ExperimentManifest.model_validate(BASE).scenarios == ({"name": "online"},)


def test_an_experiment_reads_back_what_it_writes() -> None:
    experiment = ExperimentManifest.model_validate(
        {**BASE, "frameworks": ["onnxruntime@>=1.17"], "placement": 2, "keep": {"predictions": 10}}
    )
    back = ExperimentManifest.model_validate(experiment.to_json())
    assert back == experiment
    assert back.digest == experiment.digest


def test_needs_a_model_and_a_data_set(problems_of) -> None:
    assert problems_of(ExperimentManifest, {**BASE, "models": [], "datasets": []}) == [
        ("'models' is empty", "models", "list at least 1"),
    ]
