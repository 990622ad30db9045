"""Published figures of trained models, asked for through the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from dlscope.store import Store
from dlscope.testing.small_experiment import scenario_document, write_yaml

STUDY = """
reference                             18  19  0.692   0
bilinear                              17  19  0.676   1.32
nearest                               18  19  0.703   2.48
squash to 224 without crop            17  20  0.687   3.32
whole centre square                   17  20  0.684   2.84
top-left 224×224 pixels, no resize    11  14  0.363  11.62
BGR for RGB                           15  19  0.567   5.37
ImageNet mean/std for 127/128         15  19  0.575   4.04
x/255                                 17  19  0.642   4.05
raw 0–255                              1   2  0.014  12.99
NHWC bytes read as NCHW                0   1  0.002  15.69
centre crop of half the side          15  20  0.607   6.33
"""


@pytest.fixture
def brief(tmp_path: Path) -> Path:
    return write_yaml(tmp_path / "brief.yaml", scenario_document())


def test_lite0_answers_18_of_20_photographs(cli, store: Path, brief: Path) -> None:
    result = cli("evaluate", "efficientnet-lite0", "-s", brief, "-f", "json")
    assert result.code == 0
    (row,) = result.rows("accuracy")
    assert (row["n"], row["top_1_count"], row["top_5_count"], row["failed"]) == (20, 18, 19, 0)
    assert row["mean_p_label"] == pytest.approx(0.692, abs=5e-4)
    mistakes = {(each["item"], each["predicted"]) for each in result.rows("mistakes")}
    assert mistakes == {("imagenet_06_609", 436), ("imagenet_07_609", 511)}
    with Store.open(str(store)) as opened:
        items = opened.run(result.data["runs"][0]).items
    assert items[0].outputs["logits"][243] == pytest.approx(10.1348, abs=1e-3)
    best = [(index, probability) for index, _, probability in items[0].prediction["classes"]]
    assert [index for index, _ in best] == [243, 242, 676, 159, 163]
    wanted = [0.6967, 0.2567, 0.0021, 0.0019, 0.0014]
    assert [probability for _, probability in best] == pytest.approx(wanted, abs=1e-4)
    total = sum(float(item.outputs["logits"].sum()) for item in items)
    assert total == pytest.approx(-1645.33, abs=0.05)


def test_the_tables_have_the_promised_columns(cli, brief: Path) -> None:
    result = cli("evaluate", "efficientnet-lite0", "-s", brief, "-f", "json", "--items", "2")
    columns = {
        name: {column["name"] for column in table["columns"]}
        for name, table in result.data["tables"].items()
    }
    assert columns["accuracy"] >= {"model", "backend", "dataset", "n", "top_1", "top_5"}
    assert columns["latency"] >= {
        "scenario",
        "batch_size",
        "mean_ns",
        "p50_ns",
        "p90_ns",
        "p99_ns",
        "ci_lo_ns",
        "ci_hi_ns",
        "throughput_per_s",
        "valid",
    }
    assert {row["stage"] for row in result.rows("stages")} >= {"load", "first prediction"}


@pytest.mark.slow
def test_one_wrong_step_costs_what_it_is_known_to_cost(cli) -> None:
    result = cli("study", "preprocessing", "efficientnet-lite0", "-f", "json")
    assert result.code == 0
    golden = [line.rsplit(maxsplit=4) for line in STUDY.strip().splitlines()]
    rows = result.rows("preprocessing_study")[: len(golden)]
    assert [(row["change"], str(row["top_1_count"]), str(row["top_5_count"])) for row in rows] == [
        (change, top_1, top_5) for change, top_1, top_5, _, _ in golden
    ]
    for row, (*_, mean_p, max_change) in zip(rows, golden, strict=True):
        assert row["mean_p_label"] == pytest.approx(float(mean_p), abs=5e-4), row["change"]
        assert row["max_abs_change"] == pytest.approx(float(max_change), abs=6e-3), row["change"]


BACKENDS = ("-b", "onnxruntime", "-b", "torch", "-b", "openvino")


@pytest.mark.slow
@pytest.mark.parametrize("model", ["efficientnet-lite1", "efficientnet-lite2"])
def test_the_larger_networks_answer_18_of_20_photographs(cli, brief: Path, model: str) -> None:
    (row,) = cli("evaluate", model, "-s", brief, "-f", "json").rows("accuracy")
    assert (row["top_1_count"], row["top_5_count"], row["n"]) == (18, 20, 20)


@pytest.mark.slow
def test_three_frameworks_compute_the_same_lite0(cli, brief: Path) -> None:
    result = cli("compare", "efficientnet-lite0", *BACKENDS, "-s", brief, "-f", "json")
    assert result.code == 0
    rows = result.rows("agreement")
    assert [(row["baseline"], row["backend"]) for row in rows] == [
        ("onnxruntime", "openvino"),
        ("onnxruntime", "torch"),
    ]
    for row in rows:
        assert (row["n"], row["top_1_agreement"], row["agrees"]) == (20, 1.0, True)
        assert row["relative_difference"] <= 1e-4
    assert [row["top_1_count"] for row in result.rows("accuracy")] == [18, 18, 18]
    assert "All give the same answers" in {each["claim"] for each in result.data["findings"]}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "metric"),
    [
        ("all-minilm-l6-v2", "pairs_within"),
        ("centerface", "mean_iou"),
        ("silero-vad", "within_tolerance"),
    ],
)
def test_other_tasks_give_their_known_answers_on_every_framework(
    cli, brief: Path, model: str, metric: str
) -> None:
    result = cli("compare", model, *BACKENDS, "-s", brief, "-f", "json")
    assert result.code == 0
    for row in result.rows("accuracy"):
        assert (row["metric"], row["failed"]) == (metric, 0), row["backend"]
        assert row["value"] >= (0.98 if metric == "mean_iou" else 1.0), row["backend"]
    for row in result.rows("agreement"):
        assert row["agrees"], row
        assert row["relative_difference"] <= 1e-4
