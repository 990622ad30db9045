"""`dlscope skynet …` as a person calls it."""

from __future__ import annotations

import json

import pytest

from dlscope.cli.app import main

BOX = (
    "<annotation><size><width>640</width><height>360</height></size><object><bndbox>"
    "<xmin>0</xmin><ymin>0</ymin><xmax>10</xmax><ymax>10</ymax></bndbox></object></annotation>"
)


@pytest.fixture
def call(monkeypatch, capsys):
    def call(*words):
        monkeypatch.setattr("sys.argv", ["dlscope", "skynet", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return call


@pytest.fixture
def contest(tmp_path):
    truth = tmp_path / "truth"
    truth.mkdir()
    for name in ("1", "2"):
        (truth / f"{name}.xml").write_text(BOX)
    results = tmp_path / "results.csv"
    results.write_text("image,xmin,ymin,xmax,ymax\n1.jpg,0,0,10,10\n")
    return results, truth


def test_counts_as_json(call):
    code, out, _ = call("count", "--variant", "b", "--format", "json")
    tables = json.loads(out)["tables"]
    assert code == 0
    assert [len(tables[name]["rows"]) for name in ("layers", "counts", "backbones")] == [13, 4, 2]


def test_scores_a_file_and_warns_of_what_is_missing(call, contest):
    results, truth = contest
    code, out, _ = call(
        "score", results, "--truth", truth, "--seconds", 0.1, "--energy-j", 4, "--format", "json"
    )
    answer = json.loads(out)
    assert code == 0
    assert answer["tables"]["score"]["rows"][0][-1] == 1.0
    assert answer["warnings"] == ["1 of 2 images is not in the results and count as 0: 2"]


def test_scores_what_is_told(call):
    code, out, _ = call(
        *("score", "--rules", 2023, "--images", 4131, "--seconds", 100, "--f1", 0.601),
        *("--format", "json"),
    )
    assert code == 0
    assert json.loads(out)["tables"]["score"]["rows"][0][-1] == pytest.approx(14.92, abs=0.02)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("count", "--size", "320x165"), 1, "ShapeError: height 165 is not a multiple of 8"),
        (("count", "--variant", "D"), 2, "Invalid value for --variant: 'D'"),
        (("score", "--seconds", "1"), 1, "PlanError: there is nothing to score"),
        (
            ("score", "--images", "9", "--seconds", "0", "--f1", "0.5", "--rules", "2023"),
            1,
            "DataError: seconds is 0",
        ),
        (("export", "nowhere"), 1, "DataError: nowhere cannot be read: No such file"),
    ],
)
def test_says_what_is_wrong(call, words, code, told):
    found, out, err = call(*words)
    assert (found, out) == (code, "")
    assert told in err


def test_exports_the_released_weights(call, tmp_path):
    import os
    from pathlib import Path

    import onnx

    weights = Path(os.environ.get("DLSCOPE_TEST_DATA", "")) / "skynet" / "dac.weights"
    if not weights.is_file():
        pytest.skip("the authors' weights are not in the folder skynet of DLSCOPE_TEST_DATA")
    model = tmp_path / "skynet.onnx"
    code, _, err = call("export", weights, "--onnx", model)
    assert code == 0
    assert err == f"{model}: 438,718 numbers after folding\n"
    (head,) = onnx.load(model).graph.output
    assert head.name == "head"
