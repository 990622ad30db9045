from __future__ import annotations

import pytest
from pydantic import ValidationError

from dlscope.catalog.mlmodelscope.original import OriginalManifest


def test_numbers_that_are_names_are_read_as_such(plain) -> None:
    plain["framework"]["version"] = 1.12
    manifest = OriginalManifest.model_validate(plain)
    assert (manifest.version, manifest.framework.version) == ("1.0", "1.12")


def test_both_ways_of_writing_outputs_are_read(plain) -> None:
    assert len(OriginalManifest.model_validate(plain).answers) == 1
    plain["outputs"] = [plain.pop("output")] * 2
    assert len(OriginalManifest.model_validate(plain).answers) == 2


@pytest.mark.parametrize("change", ["none", "both"])
def test_there_is_one_kind_of_output(plain, change: str) -> None:
    if change == "none":
        del plain["output"]
    else:
        plain["outputs"] = [plain["output"]]
    with pytest.raises(ValidationError, match="a manifest has one of output and outputs"):
        OriginalManifest.model_validate(plain)


def test_an_empty_mapping_may_be_left_blank(plain) -> None:
    plain["attributes"] = None
    plain["output"]["parameters"] = None
    manifest = OriginalManifest.model_validate(plain)
    assert (manifest.attributes, manifest.answers[0].parameters) == ({}, {})


def test_code_is_found_by_its_field(plain) -> None:
    plain["preprocess"] = "def preprocess(ctx, data): ..."
    assert OriginalManifest.model_validate(plain).code == {
        "preprocess": "def preprocess(ctx, data): ..."
    }
