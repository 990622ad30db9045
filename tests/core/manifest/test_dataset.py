from __future__ import annotations

from dlscope.core.manifest import DatasetManifest


def test_a_data_set_is_known_by_name_and_version(dataset_data) -> None:
    dataset = DatasetManifest.model_validate(dataset_data)
    assert dataset.identity == "few@1.0.0"
    assert dataset.split == ""


def test_the_kind_of_data_must_be_said(dataset_data, problems_of) -> None:
    del dataset_data["data_kind"]
    assert problems_of(DatasetManifest, dataset_data) == [
        ("field 'data_kind' is missing", "data_kind", "add data_kind: …")
    ]


def test_refuses_an_unknown_kind_of_data(dataset_data, problems_of) -> None:
    dataset_data["data_kind"] = "photos"
    assert problems_of(DatasetManifest, dataset_data) == [
        (
            "'photos' is not a value of 'data_kind'",
            "data_kind",
            "use photographs or recordings or text or procedural or mixed "
            "(did you mean photographs?)",
        )
    ]


def test_a_procedural_set_names_its_generator(dataset_data, problems_of) -> None:
    dataset_data["procedural"] = {"generator": "shapes", "cuont": 10}
    assert problems_of(DatasetManifest, dataset_data) == [
        ("field 'count' is missing", "procedural.count", "add count: …"),
        ("unknown field 'cuont'", "procedural.cuont", "did you mean count?"),
    ]
