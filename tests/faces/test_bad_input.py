"""Every bad input a person can hand to the command line: the exact words and the exit code."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from dlscope.testing.small_experiment import (
    model_document,
    scenario_document,
    write_graph,
    write_yaml,
)


@pytest.fixture
def model(tmp_path: Path) -> Callable[..., Path]:
    """The manifest of the classifier, changed by a function, on disk."""
    document = model_document(write_graph(tmp_path / "colors.onnx"))

    def write(change: Callable[[dict[str, Any]], object]) -> Path:
        change(document)
        return write_yaml(tmp_path / "model.yaml", document)

    return write


def told(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n")


def test_malformed_yaml(cli, tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("kind: model\nname: [unclosed\nversion: 1.0.0\n")
    result = cli("evaluate", path)
    assert (result.code, result.out) == (1, "")
    assert result.err == told(
        f"""
        ManifestError: not YAML: expected ',' or ']', but got ':'
          where  {path}:3
          fix    correct line 3 near column 8

        1 problem, nothing was run. Exit code 1.
        """
    )


def test_an_unknown_field(cli, model) -> None:
    path = model(lambda document: document.update(licence="MIT"))
    result = cli("manifest", "check", path)
    assert result.code == 1
    assert result.err == told(
        f"""
        ManifestError: unknown field 'licence'
          where  {path}:{line_of(path, "licence")}, licence
          fix    did you mean license?

        1 problem, nothing was run. Exit code 1.
        """
    )


def test_several_problems_at_once(cli, model) -> None:
    def spoil(document: dict[str, Any]) -> None:
        document["version"] = "one"
        document["inputs"][0]["layout"] = "NHCW"
        document["inputs"][0]["colour_mode"] = "RGB"
        del document["license"]

    path = model(spoil)
    result = cli("evaluate", path, "-d", "imagenet-mini20")
    assert result.code == 1
    assert result.err == told(
        f"""
        ManifestError: 'one' is not a version
          where  {path}:{line_of(path, "version: one")}, version
          fix    use three numbers such as 1.0.0

        ManifestError: field 'license' is missing
          where  {path}:1, license
          fix    add license: …

        ManifestError: 'NHCW' is not a tensor layout
          where  {path}:{line_of(path, "layout: NHCW")}, inputs[0].layout
          fix    use NCHW or NHWC (did you mean NCHW?)

        ManifestError: unknown field 'colour_mode'
          where  {path}:{line_of(path, "colour_mode")}, inputs[0].colour_mode
          fix    did you mean color_mode?

        4 problems, nothing was run. Exit code 1.
        """
    )


def line_of(path: Path, text: str) -> int:
    lines = path.read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


TENSORS = {
    "name": (
        lambda document: document["outputs"][0].update(tensor="logits"),
        "ManifestError: the graph has no tensor 'logits' among its outputs\n"
        "  where  model.yaml:LINE, outputs[0].tensor\n"
        "  fix    the graph has: y float32[N, 4]\n",
    ),
    "dtype": (
        lambda document: document["outputs"][0].update(element_type="float16"),
        "ManifestError: 'y' is float32 in the graph, not float16\n"
        "  where  model.yaml:LINE, outputs[0].element_type\n"
        "  fix    the graph has: y float32[N, 4]\n",
    ),
    "shape": (
        lambda document: document["outputs"][0].update(shape=["N", 1000]),
        "ManifestError: 'y' is float32[N, 4] in the graph, not [N, 1000]\n"
        "  where  model.yaml:LINE, outputs[0].shape\n"
        "  fix    the graph has: y float32[N, 4]\n",
    ),
    "layout": (
        lambda document: document["inputs"][0].update(layout="NHWC", shape=["N", 8, 8, 3]),
        "ManifestError: 'x' is float32[N, 3, 8, 8] in the graph, not [N, 8, 8, 3]\n"
        "  where  model.yaml:LINE, inputs[0].shape\n"
        "  fix    the graph has: x float32[N, 3, 8, 8]\n",
    ),
    "steps": (
        lambda document: document["inputs"][0]["preprocess"][2]["resize"].update(size=[9, 9]),
        "PlanError: the steps end in [3, 9, 9], but shape is [N, 3, 8, 8]\n"
        "  where  model.yaml:LINE, inputs[0].preprocess[5].transpose\n"
        "  fix    change the steps, or correct inputs[0].shape\n",
    ),
    "order": (
        lambda document: document["inputs"][0]["preprocess"].reverse(),
        "  where  model.yaml:LINE, inputs[0].preprocess[0].transpose\n",
    ),
}


@pytest.mark.parametrize("wrong", TENSORS)
def test_a_manifest_that_disagrees_with_its_graph(cli, model, files, wrong: str) -> None:
    change, message = TENSORS[wrong]
    path = model(change)
    for command in (("manifest", "check", path), ("evaluate", path, "-d", files.dataset)):
        result = cli(*command)
        assert result.code == 1
        assert message in re.sub(rf"{re.escape(str(path))}:\d+", "model.yaml:LINE", result.err)
        assert "Traceback" not in result.err


def test_a_wrong_checksum(cli, model, files, tmp_path: Path) -> None:
    def spoil(document: dict[str, Any]) -> None:
        spoil.right = document["assets"]["graph"]["sha256"]
        document["assets"]["graph"]["sha256"] = "0" * 64

    path = model(spoil)
    result = cli("evaluate", path, "-d", files.dataset)
    assert result.code == 1
    assert result.err == told(
        f"""
        DataError: {tmp_path}/colors.onnx has the SHA-256 {spoil.right}, expected {"0" * 64}
          where  colors@1.0.0, assets.graph
          fix    restore the file, or correct the manifest

        1 problem, nothing was run. Exit code 1.
        """
    )


def test_an_unmet_version_constraint(cli, asked) -> None:
    result = cli("evaluate", *asked, "-b", "onnxruntime==1.0.0", "--stack", "current")
    assert (result.code, result.out) == (3, "")
    assert "PlanError: onnxruntime " in result.err
    assert " does not satisfy ==1.0.0 (as asked)\n  where  framework onnxruntime\n" in result.err
    assert "pip install 'onnxruntime==1.0.0'" in result.err
    assert result.err.endswith("1 problem, nothing was run. Exit code 3.\n")


def test_a_version_that_offline_cannot_be_had(
    cli, asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("DLSCOPE_CACHE", str(tmp_path / "cache"))
    for name in ("UV_FIND_LINKS", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    result = cli("evaluate", *asked, "-b", "onnxruntime==1.18.0")
    assert (result.code, result.out) == (1, "")
    assert result.err == (
        "StackError: onnxruntime==1.18.0 was never resolved here, and the network may not be used\n"
        "  where  stack onnxruntime==1.18.0\n"
        "  fix    leave --offline out once, or unset UV_OFFLINE; what is fetched is kept\n\n"
        "1 problem, nothing was run. Exit code 1.\n"
    )


def test_a_missing_framework_leaves_the_rest_of_the_matrix(shell, asked, tmp_path: Path) -> None:
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "sitecustomize.py").write_text(
        "import sys\nsys.modules['openvino'] = None\n",
    )
    result = shell(
        *("evaluate", *asked, "-b", "openvino", "-b", "onnxruntime", "--format", "json"),
        PYTHONPATH=str(tmp_path / "hidden"),
    )
    assert result.code == 3
    assert [row["backend"] for row in result.rows("models")] == ["onnxruntime"]
    assert result.rows("refused") == [
        {
            "model": "colors",
            "backend": "openvino",
            "reason": "backend 'openvino' needs 'openvino', which is not installed",
            "fix": "pip install 'dlscope[openvino]'",
        }
    ]
    (finding,) = [each for each in result.data["findings"] if "openvino" in each["claim"]]
    assert finding["claim"] == "colors was not measured on openvino"
    assert finding["evidence"] == {"table": "refused", "rows": [0]}
    assert "pip install 'dlscope[openvino]'" in finding["detail"]


NAMES = {
    "model": (
        ("evaluate", "efficientnet-lite", "-d", "imagenet-mini20"),
        "ManifestError: there is no model 'efficientnet-lite'\n"
        "  where  the catalog\n"
        "  fix    did you mean efficientnet-lite2?\n",
    ),
    "dataset": (
        ("evaluate", "efficientnet-lite0", "-d", "imagenet-mini"),
        "ManifestError: there is no dataset 'imagenet-mini'\n"
        "  where  the catalog\n"
        "  fix    did you mean imagenet-mini20?\n",
    ),
    "scenario": (
        ("evaluate", "efficientnet-lite0", "-s", "onlin"),
        "ManifestError: there is no scenario 'onlin'\n"
        "  where  the catalog\n"
        "  fix    did you mean online?\n",
    ),
    "backend": (
        ("evaluate", "efficientnet-lite0", "-b", "onnx-runtime"),
        "PluginError: there is no plugin 'onnx-runtime' among the backends\n"
        "  where  entry points dlscope.backends\n"
        "  fix    did you mean onnxruntime?\n",
    ),
    "version": (
        ("evaluate", "efficientnet-lite0@>=2"),
        "ManifestError: no version of model 'efficientnet-lite0' satisfies >=2\n",
    ),
    "manifest": (
        ("manifest", "check", "nowhere.yaml"),
        "ManifestError: the manifest cannot be read: No such file or directory\n"
        "  where  nowhere.yaml\n"
        "  fix    name an existing YAML file that you may read\n",
    ),
    "schema": (
        ("manifest", "schema", "modell"),
        "ManifestError: 'modell' is not a kind of manifest\n"
        "  where  manifest schema\n"
        "  fix    did you mean model?\n",
    ),
    "change": (
        ("study", "preprocessing", "efficientnet-lite0", "--change", "BGR to RGB"),
        "PlanError: there is no change 'BGR to RGB'\n"
        "  where  study preprocessing\n"
        "  fix    did you mean BGR for RGB?\n",
    ),
    "no data set": (
        ("evaluate", "colors"),
        "ManifestError: there is no model 'colors'\n",
    ),
}


@pytest.mark.parametrize("unknown", NAMES)
def test_an_unknown_name_is_told_with_the_nearest(cli, unknown: str) -> None:
    command, message = NAMES[unknown]
    result = cli(*command)
    assert (result.code, result.out) == (1, "")
    assert message in result.err


SCENARIOS = {
    "server": (
        {"type": "server", "rate_qps": 10},
        "PlanError: a scenario of type 'server' needs 'latency_bound_ms'\n"
        "  where  scenario brief, latency_bound_ms\n"
        "  fix    set latency_bound_ms\n",
    ),
    "nothing": (
        {"min_queries": 0},
        "ManifestError: a scenario of zero queries and zero duration measures nothing\n",
    ),
    "negative": (
        {"min_duration_ms": -1},
        "ManifestError: -1 is not a value of 'min_duration_ms'\n",
    ),
    "contradiction": (
        {"max_queries": 2},
        "ManifestError: max_queries 2 is below min_queries 5\n",
    ),
    "batch": (
        {"batch_size": [0]},
        "ManifestError: 0 is not a value of 'batch_size[0]'\n",
    ),
    "misspelt": (
        {"min_querys": 1},
        "ManifestError: unknown field 'min_querys'\n",
    ),
}


@pytest.mark.parametrize("wrong", SCENARIOS)
def test_a_scenario_that_cannot_be_issued(cli, files, tmp_path: Path, wrong: str) -> None:
    changes, message = SCENARIOS[wrong]
    path = write_yaml(tmp_path / "scenario.yaml", {**scenario_document(), **changes})
    result = cli("evaluate", files.model, "-d", files.dataset, "-s", path)
    assert (result.code, result.out) == (1, "")
    assert message in result.err


def test_no_time_at_all_on_the_command_line(cli, asked) -> None:
    result = cli("evaluate", *asked, "--min-duration-ms", "-5")
    assert result.code == 1
    assert "ManifestError: -5.0 is not a value of 'min_duration_ms'\n" in result.err


PAIRS = {
    "task": (
        ("evaluate", "efficientnet-lite0", "-d", "sentences3"),
        "PlanError: sentences3 is for text_embedding, "
        "efficientnet-lite0 does image_classification\n"
        "  where  model efficientnet-lite0, data set sentences3\n"
        "  fix    choose a data set for image_classification (see `dlscope datasets`)\n",
    ),
    "classes": (
        ("evaluate", "efficientnet-lite0", "-d", "cifar10-mini"),
        "PlanError: efficientnet-lite0 answers 1000 classes, cifar10-mini has 10\n"
        "  where  model efficientnet-lite0, outputs\n"
        "  fix    add a drop_class step for a background class, or choose another data set\n",
    ),
}


@pytest.mark.parametrize("mismatch", PAIRS)
def test_a_model_and_a_data_set_that_do_not_fit(cli, mismatch: str) -> None:
    command, message = PAIRS[mismatch]
    result = cli(*command)
    assert result.code == 1
    assert message in result.err


def experiment(files, **changes: Any) -> dict[str, Any]:
    return {
        "kind": "experiment",
        "schema_version": 1,
        "name": "small",
        "models": [str(files.model)],
        "datasets": [str(files.dataset)],
        "scenarios": [str(files.scenario)],
        **changes,
    }


def test_a_trace_level_too_deep(cli, files, tmp_path: Path) -> None:
    asked = experiment(files, trace_level="KERNEL", frameworks=["mock"])
    path = write_yaml(tmp_path / "experiment.yaml", asked)
    result = cli("evaluate", path)
    assert result.code == 3
    assert result.err == told(
        """
        PlanError: level KERNEL cannot be seen here: mock does not show it
          where  trace_level
          fix    ask for MODEL at most

        1 problem, nothing was run. Exit code 3.
        """
    )


def test_an_experiment_without_models(cli, files, tmp_path: Path) -> None:
    path = write_yaml(tmp_path / "experiment.yaml", experiment(files, models=[]))
    result = cli("evaluate", path)
    assert result.code == 1
    assert "ManifestError: 'models' is empty\n" in result.err


def test_a_run_that_is_not_stored(cli) -> None:
    result = cli("report", "r-nowhere")
    assert result.code == 1
    assert result.err.startswith("StoreError: there is no run 'r-nowhere'\n")


def test_outputs_that_are_not_numbers(cli, files, tmp_path: Path) -> None:
    document = model_document(write_graph(tmp_path / "nan.onnx", spoils_black=True))
    path = write_yaml(tmp_path / "nan.yaml", document)
    result = cli("evaluate", path, "-d", files.dataset, "-s", files.scenario, "-f", "json")
    assert result.code == 0
    assert [(row["item"], row["reason"]) for row in result.rows("failures")] == [
        (name, "4 of 4 entries are NaN or infinite (output 'probabilities')")
        for name in ("picture_003_3", "picture_007_3")
    ]
    (row,) = result.rows("accuracy")
    assert (row["n"], row["failed"], row["top_1_count"]) == (8, 2, 6)
    claims = [finding["claim"] for finding in result.data["findings"]]
    assert "2 of 8 items gave no prediction on onnxruntime" in claims


def test_a_graph_that_the_framework_cannot_open_is_a_failed_run(cli, files, tmp_path: Path) -> None:
    graph = write_graph(tmp_path / "other.onnx")
    graph.write_bytes(graph.read_bytes().replace(b"GlobalAveragePool", b"GlobalAveragePoll"))
    path = write_yaml(tmp_path / "other.yaml", model_document(graph))
    result = cli("evaluate", path, "-d", files.dataset, "-s", files.scenario, "-f", "json")
    assert result.code == 3
    (row,) = result.rows("failures")
    assert row["item"] is None
    assert row["reason"].startswith("onnxruntime cannot open the model: ")
    assert not result.rows("latency")[0]["valid"]


def test_wrong_usage_is_not_bad_input(cli) -> None:
    assert cli("evaluate").code == 2
    assert cli("evaluate", "efficientnet-lite0", "--bakend", "torch").code == 2
    assert cli("evaluat").code == 2
    assert cli("evaluate", "efficientnet-lite0", "--format", "yaml").code == 2


def test_every_manifest_written_here_is_right_but_for_its_fault(cli, files) -> None:
    result = cli("manifest", "check", files.model, files.dataset, files.scenario)
    assert result.code == 0
    assert yaml.safe_load(files.model.read_text())["name"] in result.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("--levels", "L,B"),
            """
            PlanError: 'L,B' does not begin with the model
              where  levels
              fix    begin with M: M,L,B
            """,
        ),
        (
            ("--batch", "0"),
            """
            PlanError: '0' is not a list of positive whole numbers
              where  --batch
              fix    write it as 1,2,4
            """,
        ),
    ],
)
def test_a_profile_of_nothing(cli, files, arguments: tuple[str, ...], said: str) -> None:
    result = cli("profile", files.model, "--dataset", files.dataset, *arguments)
    assert result.code == 1
    assert told(said) in result.err


def test_a_profile_deeper_than_can_be_seen(cli, files) -> None:
    asked = ("profile", files.model, "-d", files.dataset, "-b", "reference", "--levels", "M,L,B")
    result = cli(*asked)
    assert result.code == 3
    assert "PlanError: level LIBRARY cannot be seen here: the reference evaluator" in result.err
    assert "or profile with --best-effort" in result.err


def test_a_trace_in_a_form_that_does_not_exist(cli, tmp_path: Path) -> None:
    result = cli("trace", "export", "r-1", tmp_path / "trace.csv")
    assert result.code == 1
    assert "StoreError: trace.csv is no form that a trace can be written in" in result.err


def test_every_wrong_name_is_told_at_once(cli) -> None:
    result = cli("evaluate", "skynett", "-d", "imagenet", "-b", "torchh", "-s", "onlin")
    assert (result.code, result.out) == (1, "")
    assert re.findall(r"^\w+: .*", result.err, re.MULTILINE) == [
        "ManifestError: there is no model 'skynett'",
        "PluginError: there is no plugin 'torchh' among the backends",
        "ManifestError: there is no dataset 'imagenet'",
        "ManifestError: there is no scenario 'onlin'",
    ]
    assert result.err.endswith("4 problems, nothing was run. Exit code 1.\n")


@pytest.mark.parametrize("named", [(), ("-b", "onnxruntime")])
def test_a_comparison_needs_two_backends(
    cli, files, named, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = {"litert": True, "mock": True, "onnxruntime": True, "reference": True, "torch": False}
    monkeypatch.setattr("dlscope.agents.capabilities.available_backends", lambda: here)
    result = cli("compare", files.model, "-d", files.dataset, *named)
    assert (result.code, result.out) == (1, "")
    assert result.err == told(
        f"""
        PlanError: a comparison needs two backends or more
          where  --backend
          fix    all that open it here: dlscope compare {files.model} --backend litert \
--backend onnxruntime --backend reference

        1 problem, nothing was run. Exit code 1.
        """
    )
