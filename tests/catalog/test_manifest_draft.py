from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dlscope import api
from dlscope.catalog.document import load_manifest, parse_text
from dlscope.catalog.manifest_draft import draft_manifest
from dlscope.core.digest import file_digest
from dlscope.core.errors import DlscopeError
from dlscope.testing.small_models import ModelBuilder, dense

DRAFT = """\
# A draft for net.onnx, fed with drawn numbers.
# That is enough for what it costs and whether backends agree. For accuracy change
# task, dataset, steps, and the types of outputs.
# Put a number for the words after &size-of-sequence (sequence of ids[1], sequence of mask[1])
# What is drawn lies between low and high, 0 and 1 where they are not given.
# Then: dlscope manifest check net.yaml
kind: model
schema_version: 1
name: net
version: 1.0.0
task: raw
description: net.onnx, fed with drawn numbers.
license: unknown
assets:
  graph: {source: 'file:net.onnx', sha256: SHA256}
inputs:
- name: ids
  tensor: ids
  type: tensor
  element_type: int64
  layout: ND
  shape: [N, &size-of-sequence size-of-sequence]
  preprocess:
  - random:
      shape: [*size-of-sequence]
      axes: D
      dtype: int64
      low: 0
      high: 1
      seed: 0
- name: mask
  tensor: mask
  type: tensor
  element_type: int64
  layout: ND
  shape: [N, *size-of-sequence]
  preprocess:
  - random:
      shape: [*size-of-sequence]
      axes: D
      dtype: int64
      low: 0
      high: 1
      seed: 1
outputs:
- name: y
  tensor: y
  type: raw
  element_type: int64
  layout: ND
  shape: [N, null]
attributes: {dataset: blank}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tokens() -> Path:
    model = ModelBuilder()
    model.add("Add", "ids", "mask", output="y")
    spec = (np.int64, ["batch", "sequence"])
    return model.save(Path("net.onnx"), {"ids": spec, "mask": spec}, {"y": spec})


def test_marks_what_is_missing_where_it_is_missing(here: Path) -> None:
    path = tokens()
    assert draft_manifest(path, {}) == DRAFT.replace("SHA256", file_digest(path))


def test_the_check_tells_what_to_fill_in_and_passes_then(here: Path) -> None:
    draft = here / "net.yaml"
    draft.write_text(draft_manifest(tokens(), {}))
    line = 1 + draft.read_text().splitlines().index(
        "  shape: [N, &size-of-sequence size-of-sequence]"
    )
    with pytest.raises(DlscopeError) as refusal:
        api.check_manifests([draft])
    assert [(each.what, each.where, each.fix) for each in refusal.value.problems] == [
        (
            "'size-of-sequence' is not a value of 'shape[1]'",
            f"{draft}:{line}, inputs[{index}].shape[1]",
            "use an integer or N",
        )
        for index in (0, 1)
    ]
    draft.write_text(draft.read_text().replace("&size-of-sequence size-of-sequence", "16"))
    with pytest.raises(DlscopeError) as refusal:
        api.check_manifests([draft])
    assert refusal.value.what == "not YAML: found undefined alias 'size-of-sequence'"
    assert refusal.value.where == f"{draft}:{line + 3}"
    draft.write_text(draft.read_text().replace("*size-of-sequence", "16"))
    assert api.check_manifests([draft]).answer == "net.yaml is right."


def test_filled_in_where_it_is_first_written_it_is_filled_in_everywhere(here: Path) -> None:
    draft = here / "net.yaml"
    text = draft_manifest(tokens(), {})
    draft.write_text(text.replace("&size-of-sequence size-of-sequence", "&size-of-sequence 16"))
    assert api.check_manifests([draft]).answer == "net.yaml is right."
    assert load_manifest(draft).to_json()["inputs"][1]["shape"] == ["N", 16]


def test_sizes_that_are_given_are_filled_in(here: Path) -> None:
    text = draft_manifest(tokens(), {"sequence": 12})
    assert "size-of" not in text
    assert "shape: [N, 12]" in text


def test_a_draft_with_nothing_to_fill_in_is_right_as_it_is(here: Path) -> None:
    draft = here / "net.yaml"
    draft.write_text(draft_manifest(dense(Path("net.onnx")), {}))
    assert api.check_manifests([draft]).answer == "net.yaml is right."


def test_a_graph_of_another_folder_is_named_by_its_whole_path(here: Path) -> None:
    (here / "models").mkdir()
    path = dense(Path("models/net.onnx"))
    source = parse_text(draft_manifest(path, {}), "net.yaml").to_json()["assets"]["graph"]["source"]
    assert source == f"file:{here / path}"
