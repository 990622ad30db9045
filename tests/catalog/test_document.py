from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.catalog.document import dump_manifest, load_manifest, parse_text
from dlscope.catalog.finder import find, names
from dlscope.core.errors import ManifestError
from dlscope.core.manifest import ModelManifest, ScenarioManifest, StepSpec

SHA = "0" * 64
MODEL = f"""kind: model
schema_version: 1
name: resnet50
version: 1.0.0
task: image_classification
license: MIT
assets:
  graph: {{source: "file:resnet50.onnx", sha256: "{SHA}"}}
inputs:
  - name: image
    tensor: input
    type: image
    element_type: float32
    layout: NCHW
    shape: [N, 3, 224, 224]
    preprocess: [decode, {{resize: {{size: 224}}}}]
outputs:
  - name: probabilities
    tensor: logits
    type: classification
    element_type: float32
    layout: NK
    shape: [N, 1000]
    postprocess: [softmax]
"""

Edit = tuple[str, str]
REFUSED: dict[str, tuple[Edit, tuple[str, str, str]]] = {
    "wrong layout": (
        ("layout: NCHW", "layout: NHCW"),
        (
            "'NHCW' is not a tensor layout",
            "resnet50.yaml:14, inputs[0].layout",
            "use NCHW or NHWC (did you mean NCHW?)",
        ),
    ),
    "unknown field": (
        ("license:", "licence: MIT\nlicense:"),
        ("unknown field 'licence'", "resnet50.yaml:6, licence", "did you mean license?"),
    ),
    "unknown field below": (
        ("tensor: input", "tensor: input\n    tenser: input"),
        ("unknown field 'tenser'", "resnet50.yaml:12, inputs[0].tenser", "did you mean tensor?"),
    ),
    "missing field": (
        ("    type: image\n", ""),
        ("field 'type' is missing", "resnet50.yaml:10, inputs[0].type", "add type: …"),
    ),
    "wrong enum": (
        ("element_type: float32\n    layout: NK", "element_type: flaot32\n    layout: NK"),
        (
            "'flaot32' is not a value of 'element_type'",
            "resnet50.yaml:21, outputs[0].element_type",
            "did you mean float32?",
        ),
    ),
    "unknown kind": (
        ("kind: model", "kind: modle"),
        ("'modle' is not a kind of manifest", "resnet50.yaml:1, kind", "did you mean model?"),
    ),
    "kind of another type": (
        ("kind: model", "kind: [model]"),
        (
            "['model'] is not a kind of manifest",
            "resnet50.yaml:1, kind",
            "did you mean model?",
        ),
    ),
    "missing kind": (
        ("kind: model\n", ""),
        (
            "field 'kind' is missing",
            "resnet50.yaml:1",
            "add kind: with one of board, dataset, experiment, framework, model, "
            "requirements, scenario, space, system",
        ),
    ),
    "unknown schema version": (
        ("schema_version: 1", "schema_version: 2"),
        ("2 is not a value of 'schema_version'", "resnet50.yaml:2, schema_version", "use 1"),
    ),
    "digest too short": (
        (SHA, "abc123"),
        (
            "'abc123' does not fit 'sha256'",
            "resnet50.yaml:8, assets.graph.sha256",
            "it must match ^[0-9a-f]{64}$",
        ),
    ),
    "no digest": (
        (f', sha256: "{SHA}"', ""),
        (
            "asset 'graph' has no sha256",
            "resnet50.yaml:8, assets.graph",
            "add sha256: and what sha256sum prints for the file",
        ),
    ),
    "not a source": (
        ("file:resnet50.onnx", "resnet50.onnx"),
        (
            "'resnet50.onnx' is not a source",
            "resnet50.yaml:8, assets.graph.source",
            "use pkg:DISTRIBUTION==VERSION#PATH, file:PATH, https://… or generated:NETWORK?…",
        ),
    ),
    "no graph": (
        ("  graph:", "  grahp:"),
        (
            "a model needs the asset 'graph' or 'weights'",
            "resnet50.yaml:7, assets",
            "add graph: {source: …, sha256: …}",
        ),
    ),
    "labels that are no asset": (
        ("    postprocess: [softmax]", "    labels: grph"),
        (
            "'grph' is not an asset of this model",
            "resnet50.yaml:24, outputs[0].labels",
            "did you mean graph?",
        ),
    ),
    "step of two names": (
        ("{resize: {size: 224}}", "{resize: {size: 224}, crop: {size: 9}}"),
        (
            "a step has one name, found resize, crop",
            "resnet50.yaml:16, inputs[0].preprocess[1]",
            "write each step as its own list entry: - resize: {size: 224}",
        ),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refuses_with_the_exact_words(case: str) -> None:
    (old, new), expected = REFUSED[case]
    assert old in MODEL
    with pytest.raises(ManifestError) as refusal:
        parse_text(MODEL.replace(old, new, 1), "resnet50.yaml")
    error = refusal.value
    assert (error.what, error.where, error.fix) == expected


def test_tells_all_problems_at_once(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(MODEL.replace("NCHW", "NHCW").replace("name: image", "nom: image"))
    with pytest.raises(Exception, match="problems") as refusal:
        load_manifest(path)
    assert {problem.where for problem in refusal.value.problems} == {  # type: ignore[attr-defined]
        f"{path}:10, inputs[0].nom",
        f"{path}:10, inputs[0].name",
        f"{path}:14, inputs[0].layout",
    }


def test_refuses_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ManifestError) as refusal:
        load_manifest(tmp_path / "m.yaml")
    assert refusal.value.what == "the manifest cannot be read: No such file or directory"
    assert refusal.value.where == str(tmp_path / "m.yaml")
    assert refusal.value.fix == "name an existing YAML file that you may read"


def test_refuses_text_in_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_bytes("name: Grüße".encode("latin-1"))
    with pytest.raises(ManifestError) as refusal:
        load_manifest(path)
    assert (refusal.value.what, refusal.value.where, refusal.value.fix) == (
        "the manifest is not UTF-8 text",
        str(path),
        "save it as UTF-8",
    )


def test_needs_no_digest_for_a_generated_asset() -> None:
    text = MODEL.replace(f'"file:resnet50.onnx", sha256: "{SHA}"', '"generated:resnet?depth=50"')
    manifest = parse_text(text, "resnet50.yaml")
    assert isinstance(manifest, ModelManifest)
    assert manifest.assets["graph"].sha256 is None


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, name) for kind in ("model", "dataset", "scenario") for name in names(kind)],
)
def test_reads_back_every_built_in_manifest_that_it_writes(kind: str, name: str) -> None:
    manifest = find(kind, name)
    again = parse_text(dump_manifest(manifest), name)
    assert again == manifest
    assert again.digest == manifest.digest


Plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    # Control characters other than tab and newline are not YAML at all.
    | st.text(st.characters(exclude_categories=["C"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["C"])), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(st.characters(categories=["L", "N"])), Plain, max_size=4))
def test_reads_back_any_step_parameters(parameters: dict[str, object]) -> None:
    model = parse_text(MODEL, "resnet50.yaml")
    assert isinstance(model, ModelManifest)
    image = model.inputs[0].model_copy(
        update={"preprocess": (StepSpec(name="resize", parameters=parameters),)}
    )
    model = model.model_copy(update={"inputs": (image,)})
    assert parse_text(dump_manifest(model), "x") == model


@given(st.integers(1, 10**6), st.floats(0.001, 0.999), st.lists(st.integers(1, 512), min_size=1))
def test_reads_back_any_scenario(queries: int, percentile: float, batches: list[int]) -> None:
    scenario = ScenarioManifest(
        schema_version=1,
        name="any",
        type="batched",
        min_queries=queries,
        percentile=percentile,
        batch_size=tuple(batches),
    )
    assert parse_text(dump_manifest(scenario), "x") == scenario


@given(st.text(max_size=60))
def test_any_text_is_a_manifest_or_a_stated_error(text: str) -> None:
    with pytest.raises(Exception) as refusal:
        parse_text(text, "x.yaml")
    assert all(isinstance(p, ManifestError) for p in refusal.value.problems)  # type: ignore[attr-defined]
