"""An ONNX file in the place of a model: what can be asked of it, and what is refused in words."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
import onnx
import pytest

import dlscope
from dlscope.testing.small_models import SMALL_MODELS, ModelBuilder, dense, encoder

QUICK = ("-s", "quick", "--min-duration-ms", "20", "--min-queries", "3")
ACCURACY = ("--mode", "accuracy")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n")


def tokens(path: Path) -> Path:
    """A graph whose inputs have a free axis beside the batch."""
    model = ModelBuilder()
    model.add("Add", "ids", "mask", output="y")
    spec = (np.int64, ["batch", "sequence"])
    return model.save(path, {"ids": spec, "mask": spec}, {"y": spec})


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL_MODELS)
def test_every_small_model_is_compared_without_a_manifest(cli, name: str) -> None:
    path = SMALL_MODELS[name].build(Path(f"{name}.onnx"))
    result = cli("compare", path, "-b", "onnxruntime", "-b", "reference", *ACCURACY, "-f", "json")
    assert result.code == 0, result.err
    (row,) = result.rows("agreement")
    assert (row["model"], row["dataset"], row["n"], row["agrees"]) == (name, "blank", 1, True)
    assert row["max_abs_reference"] > 0
    assert [each["failed"] for each in result.rows("accuracy")] == [0, 0]


@pytest.mark.slow
def test_says_that_nothing_is_known_to_be_right(cli) -> None:
    result = cli("evaluate", dense(Path("net.onnx")), *ACCURACY)
    assert result.code == 0
    assert result.out.startswith(
        "net: data set blank has no right answers; no latency was measured.\n"
    )


@pytest.mark.slow
def test_a_file_that_changed_is_measured_anew(cli) -> None:
    path = dense(Path("net.onnx"))

    def measured() -> tuple[str, bool]:
        result = cli("evaluate", path, *ACCURACY, "-f", "json")
        assert result.code == 0
        return result.data["runs"][0], "already measured" in result.err

    first, _ = measured()
    assert measured() == (first, True)
    model = onnx.load(path)
    model.graph.node[-1].attribute.append(onnx.helper.make_attribute("alpha", 2.0))
    onnx.save(model, path)
    changed, is_known = measured()
    assert changed != first
    assert not is_known
    dense(path)
    assert measured() == (first, True)


@pytest.mark.slow
def test_weights_that_changed_in_their_own_file_are_measured_anew(cli) -> None:
    path = encoder(Path("net.onnx"))
    onnx.save(onnx.load(path), path, save_as_external_data=True, location="w", size_threshold=0)
    runs = []
    for _ in range(2):
        result = cli(
            "compare", path, "-b", "reference", "-b", "onnxruntime", *ACCURACY, "-f", "json"
        )
        assert result.code == 0, result.err
        (row,) = result.rows("agreement")
        assert row["agrees"] is True
        runs.append(result.data["runs"])
        content = np.fromfile("w", np.float32)
        (content * 2).tofile("w")
    assert not set(runs[0]) & set(runs[1])


@pytest.mark.slow
def test_a_graph_of_a_fixed_batch_is_fed_as_it_is(cli) -> None:
    model = ModelBuilder()
    model.add("MatMul", "x", model.weight(8, 5, fan_in=8), output="y")
    spec = {"x": (np.float32, [4, 8])}, {"y": (np.float32, [4, 5])}
    path = model.save(Path("net.onnx"), *spec)
    result = cli("evaluate", path, *ACCURACY, "-f", "json")
    assert result.code == 0
    assert result.rows("accuracy")[0]["failed"] == 0
    refused = cli("evaluate", path, *QUICK, "--batch-size", "8")
    assert refused.code == 3
    assert "no input has a batch axis, so that 8 items are no batch" in refused.err


def test_one_that_leaves_sizes_open_is_refused_with_a_command_that_works(cli) -> None:
    path = tokens(Path("net.onnx"))
    for command in ("evaluate", "profile", "compare"):
        result = cli(command, path)
        assert (result.code, result.out) == (1, "")
        assert result.err == told(
            """
            ManifestError: the graph leaves 1 size open: sequence of ids[1], sequence of mask[1]
              where  net.onnx
              fix    fill in a draft, and name it in place of the graph: \
dlscope manifest draft net.onnx > net.yaml

            1 problem, nothing was run. Exit code 1.
            """
        )
    drafted = cli("manifest", "draft", path)
    assert (drafted.code, drafted.err) == (0, "")
    draft = Path("net.yaml")
    draft.write_text(drafted.out)
    assert cli("evaluate", draft).code == 1
    draft.write_text(drafted.out.replace(" size-of-sequence]", " 16]", 1))
    assert cli("manifest", "check", draft).code == 0
    bound = cli("manifest", "draft", path, "--bind", "sequence=16")
    draft.write_text(bound.out)
    assert cli("manifest", "check", draft).code == 0


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            ("evaluate", "gone.onnx"),
            """
            ManifestError: there is no file gone.onnx
              where  models by path
              fix    correct the path

            1 problem, nothing was run. Exit code 1.
            """,
        ),
        (
            ("evaluate", "net.tflite"),
            """
            ManifestError: a .tflite file does not tell what goes in and what comes out, \
as ONNX does
              where  net.tflite
              fix    export it to ONNX, or write a manifest beside it, beginning with: \
dlscope models efficientnet-lite0 > mine.yaml

            1 problem, nothing was run. Exit code 1.
            """,
        ),
        (
            ("study", "preprocessing", "net.onnx"),
            """
            PlanError: net takes no image, so there is no picture pipeline to vary
              where  model net, inputs
              fix    choose a model with an image input (see `dlscope models`)

            1 problem, nothing was run. Exit code 1.
            """,
        ),
        (
            ("evaluate", "net.onnx", "-d", "imagenet-mini20"),
            """
            PlanError: imagenet-mini20 is for image_classification, net does raw
              where  model net, data set imagenet-mini20
              fix    choose a data set for raw (see `dlscope datasets`)

            1 problem, nothing was run. Exit code 1.
            """,
        ),
        (
            ("manifest", "draft", "net.onnx", "--bind", "height=3"),
            """
            ManifestError: the graph has no free axis 'height'
              where  net.onnx
              fix    its free axes: N

            1 problem, nothing was run. Exit code 1.
            """,
        ),
    ],
)
def test_what_cannot_be_had_is_refused_in_words(
    cli, arguments: tuple[str, ...], expected: str
) -> None:
    dense(Path("net.onnx"))
    result = cli(*arguments)
    assert (result.code, result.out) == (1, "")
    assert result.err == told(expected)


@pytest.mark.slow
def test_the_library_takes_it_too(store: Path) -> None:
    path = dense(Path("net.onnx"))
    brief = {"name": "quick", "min_duration_ms": 20, "min_queries": 3}
    (row,) = dlscope.evaluate(str(path), scenario=brief).table("latency")
    assert row["model"] == "net"
