from __future__ import annotations

import pytest

from dlscope.core.errors import ManifestError, Problems
from dlscope.core.manifest import (
    DatasetManifest,
    ExperimentManifest,
    ModelManifest,
    ScenarioManifest,
    SystemManifest,
    parse_manifest,
)

HASH = "0123456789abcdef" * 4
SOURCE_FIX = "use pkg:DISTRIBUTION==VERSION#PATH, file:PATH, https://… or generated:NETWORK?…"


def asset(**changes):
    return {"source": "file:a.onnx", "sha256": HASH, **changes}


def step(*steps):
    return {
        "inputs": [
            {
                "name": "image",
                "tensor": "input",
                "type": "image",
                "element_type": "float32",
                "shape": ["N", 3],
                "preprocess": list(steps),
            }
        ]
    }


def change_input(**changes):
    base = step()["inputs"][0]
    return {"inputs": [base, {**base, **changes}]}


MODEL_CASES = [
    ({"visiblity": "hidden"}, "unknown field 'visiblity'", "visiblity", "did you mean visibility?"),
    (
        {"task": "image_clasification"},
        "'image_clasification' is not a value of 'task'",
        "task",
        "did you mean image_classification?",
    ),
    (
        {"kind": "modle"},
        "'modle' is not a value of 'kind'",
        "kind",
        "use model (did you mean model?)",
    ),
    ({"schema_version": 2}, "2 is not a value of 'schema_version'", "schema_version", "use 1"),
    (
        {"name": "Big Name"},
        "'Big Name' does not fit 'name'",
        "name",
        "it must match ^[a-z0-9_.-]{1,80}$",
    ),
    ({"version": "one"}, "'one' is not a version", "version", "use three numbers such as 1.0.0"),
    (
        {"version": "5.0.0.93"},
        "'5.0.0.93' is not SemVer",
        "version",
        "use three numbers such as 1.0.0",
    ),
    (
        {"framework": {"name": "onnxruntime", "version": ">>1"}},
        "'>>1' is not a version constraint",
        "framework.version",
        "use a constraint such as >=1.17,<2 or ^1.2 or *",
    ),
    (
        {"framework": [{"name": "a"}, {"name": "b", "versoin": "*"}]},
        "unknown field 'versoin'",
        "framework[1].versoin",
        "did you mean version?",
    ),
    (
        {"framework": {"version": "*"}},
        "field 'name' is missing",
        "framework.name",
        "add name: …",
    ),
    (
        {"framework": "onnxruntime"},
        "'onnxruntime' is not a value of 'framework'",
        "framework",
        "use a list",
    ),
    (
        {"system": {"device": "cpuu"}},
        "'cpuu' is not a value of 'device'",
        "system.device",
        "use cpu or gpu or npu or any (did you mean cpu?)",
    ),
    (
        {"system": {"accelerator": {"vendr": "x", "vendor": "nvidia"}}},
        "unknown field 'vendr'",
        "system.accelerator.vendr",
        "did you mean vendor?",
    ),
    (
        {"assets": {"graph": asset(source="ftp:x")}},
        "'ftp:x' is not a source",
        "assets.graph.source",
        SOURCE_FIX,
    ),
    (
        {"assets": {"graph": asset(sha265=HASH)}},
        "unknown field 'sha265'",
        "assets.graph.sha265",
        "did you mean sha256?",
    ),
    (
        {"assets": {"Weights": asset(sha256="abc")}},
        "'abc' does not fit 'sha256'",
        "assets.Weights.sha256",
        "it must match ^[0-9a-f]{64}$",
    ),
    (
        {"assets": {"graph": "file:a.onnx"}},
        "'file:a.onnx' is not a value of 'graph'",
        "assets.graph",
        "use a mapping of fields",
    ),
    (
        {"assets": {"graph": asset(size_bytes=1.5)}},
        "1.5 is not a value of 'size_bytes'",
        "assets.graph.size_bytes",
        "use an integer",
    ),
    (
        change_input(layout="NHCW"),
        "'NHCW' is not a tensor layout",
        "inputs[1].layout",
        "use NCHW or NHWC (did you mean NCHW?)",
    ),
    (
        change_input(layout="NXYZ"),
        "'NXYZ' is not a tensor layout",
        "inputs[1].layout",
        "name each axis once with a letter of NCHWKDTSL, such as NCHW, NHWC or NK",
    ),
    (
        change_input(layout="NCC"),
        "'NCC' is not a tensor layout",
        "inputs[1].layout",
        "name each axis once with a letter of NCHWKDTSL, such as NCHW, NHWC or NK",
    ),
    (
        change_input(shape=["N", "three"]),
        "'three' is not a value of 'shape[1]'",
        "inputs[1].shape[1]",
        "use an integer or N",
    ),
    (
        change_input(shape=["N", [3]]),
        "[3] is not a value of 'shape[1]'",
        "inputs[1].shape[1]",
        "use an integer or N",
    ),
    (
        change_input(element_type="float23"),
        "'float23' is not a value of 'element_type'",
        "inputs[1].element_type",
        "did you mean float32?",
    ),
    (
        change_input(color_mode="rgb"),
        "'rgb' is not a value of 'color_mode'",
        "inputs[1].color_mode",
        "use RGB or BGR or GRAY or YCBCR (did you mean RGB?)",
    ),
    ({"inputs": []}, "'inputs' is empty", "inputs", "list at least 1"),
    (
        step("decode", {"crop": {}, "cast": {}}),
        "a step has one name, found crop, cast",
        "inputs[0].preprocess[1]",
        "write each step as its own list entry: - resize: {size: 224}",
    ),
    (
        step({}),
        "a step has one name, found none",
        "inputs[0].preprocess[0]",
        "write each step as its own list entry: - resize: {size: 224}",
    ),
    (
        step("decode", {"resize": 224}),
        "224 is not a value of 'preprocess[1]'",
        "inputs[0].preprocess[1]",
        "use a mapping",
    ),
    (
        step(7),
        "7 is not a value of 'preprocess[0]'",
        "inputs[0].preprocess[0]",
        "use a mapping of fields",
    ),
    (
        {"attributes": {"family": ["cnn"]}},
        "['cnn'] is not a value of 'family'",
        "attributes.family",
        "use a text or an integer or a number or true or false",
    ),
    ({"attributes": {7: "x"}}, "7 is not a name", "attributes[7]", "use a text"),
    (
        {"hooks": {"module": "file:m.py", "sha256": HASH, "preproces": "f"}},
        "unknown field 'preproces'",
        "hooks.preproces",
        "did you mean preprocess?",
    ),
]


@pytest.mark.parametrize(("changes", "what", "where", "fix"), MODEL_CASES)
def test_a_fault_of_a_model_is_told_once(
    model_data, problems_of, changes, what: str, where: str, fix: str
) -> None:
    assert problems_of(ModelManifest, {**model_data, **changes}) == [(what, where, fix)]


EXPERIMENT = {"schema_version": 1, "name": "e", "models": ["a"], "datasets": ["d"]}
EXPERIMENT_CASES = [
    (
        {"models": ["a@>>1"]},
        "'>>1' is not a version constraint",
        "models[0]",
        "use a constraint such as >=1.17,<2 or ^1.2 or *",
    ),
    (
        {"models": [{"name": "a", "overides": {}}]},
        "unknown field 'overides'",
        "models[0].overides",
        "did you mean overrides?",
    ),
    (
        {"placement": "some"},
        "'some' is not a value of 'placement'",
        "placement",
        "use any or all or an integer",
    ),
    (
        {"datasets": [{"name": "d", "items": 0}]},
        "0 is not a value of 'items'",
        "datasets[0].items",
        "use a number greater than 0",
    ),
    (
        {"keep": {"predictions": "al"}},
        "'al' is not a value of 'predictions'",
        "keep.predictions",
        "use an integer or all",
    ),
    ({"metrics": 3}, "3 is not a value of 'metrics'", "metrics", "use default or a list"),
    ({"repeats": 0}, "0 is not a value of 'repeats'", "repeats", "use a number greater than 0"),
]


@pytest.mark.parametrize(("changes", "what", "where", "fix"), EXPERIMENT_CASES)
def test_a_fault_of_an_experiment_is_told_once(
    problems_of, changes, what: str, where: str, fix: str
) -> None:
    assert problems_of(ExperimentManifest, {**EXPERIMENT, **changes}) == [(what, where, fix)]


def test_numbers_must_be_finite(problems_of) -> None:
    data = {"schema_version": 1, "name": "s", "type": "server", "rate_qps": float("inf")}
    assert problems_of(ScenarioManifest, data) == [
        ("inf is not a value of 'rate_qps'", "rate_qps", "use a finite number")
    ]


def test_all_problems_are_told_at_once(model_data, problems_of) -> None:
    del model_data["license"]
    model_data["inputs"][0]["layout"] = "NHCW"
    model_data["versoin"] = "1.0.0"
    model_data["outputs"] = []
    assert problems_of(ModelManifest, model_data) == [
        ("field 'license' is missing", "license", "add license: …"),
        (
            "'NHCW' is not a tensor layout",
            "inputs[0].layout",
            "use NCHW or NHWC (did you mean NCHW?)",
        ),
        ("'outputs' is empty", "outputs", "list at least 1"),
        ("unknown field 'versoin'", "versoin", "did you mean version?"),
    ]


def test_one_problem_is_a_manifest_error(model_data) -> None:
    model_data["inputs"][0]["layout"] = "NHCW"
    with pytest.raises(ManifestError) as refusal:
        parse_manifest(ModelManifest, model_data, lambda path: f"tiny.yaml, {path[-1]}")
    assert not isinstance(refusal.value, Problems)
    assert str(refusal.value) == (
        "ManifestError: 'NHCW' is not a tensor layout\n"
        "  where  tiny.yaml, layout\n"
        "  fix    use NCHW or NHWC (did you mean NCHW?)"
    )


def test_places_are_paths_in_the_document(model_data) -> None:
    model_data["assets"]["Labels"] = {"sourc": "file:a"}
    seen: list[tuple[int | str, ...]] = []

    def locate(path: tuple[int | str, ...]) -> str:
        seen.append(path)
        return ""

    with pytest.raises(Problems):
        parse_manifest(ModelManifest, model_data, locate)
    assert seen == [("assets", "Labels", "source"), ("assets", "Labels", "sourc")]


def test_a_role_may_be_called_like_a_field(model_data, problems_of) -> None:
    model_data["assets"]["source"] = asset(soure="x")
    assert problems_of(ModelManifest, model_data) == [
        ("unknown field 'soure'", "assets.source.soure", "did you mean source?")
    ]


def test_a_long_value_is_shortened(model_data, problems_of) -> None:
    model_data["task"] = "x" * 500
    ((what, _, _),) = problems_of(ModelManifest, model_data)
    assert what == "'xxxxxxxxxxxx...xxxxxxxxxxxxx' is not a value of 'task'"


def test_nested_lists_of_machines(problems_of) -> None:
    data = {
        "schema_version": 1,
        "name": "host",
        "architecture": "x86_64",
        "cpu": {"model": "x", "sockets": 1, "cores": 2, "threads": 2, "effective_cores": "two"},
        "memory_bytes": 1,
        "accelerators": [{"vendor": "v", "name": "n", "memory_bytes": 1}],
        "operating_system": "Linux",
        "kernel": "6",
    }
    assert problems_of(SystemManifest, data) == [
        ("'two' is not a value of 'effective_cores'", "cpu.effective_cores", "use an integer"),
        ("field 'driver' is missing", "accelerators[0].driver", "add driver: …"),
    ]


def test_a_document_that_is_no_mapping(problems_of) -> None:
    assert problems_of(DatasetManifest, ["a"]) == [
        ("['a'] is not a value of 'DatasetManifest'", "", "use a mapping of fields")
    ]
