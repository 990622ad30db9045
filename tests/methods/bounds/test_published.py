"""Files in the form of the paper's tool: small ones made up here, and the authors' own results.

The authors' results are read from the folder `benanza` of `DLSCOPE_TEST_DATA`; without it, the
published figures are not checked.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.errors import BoundError
from dlscope.methods.bounds.published import (
    FREE_KINDS,
    PublishedBounds,
    PublishedFile,
    PublishedRow,
    geometric_mean,
    published_bounds,
    read_published,
)

HEADER = "LayerName,LayerType,BenchmarkName,RealTime(ms),Theoretical Flops\n"
MADE_UP = (
    HEADER + "first,Conv,CONV_FWD_31<CUDNN_WINOGRAD>,0.012345,1000\n"
    "first,Conv,ADD_TENSOR7,0.002,1000\n"
    'last,Softmax,"SOFTMAX_FWD8<CUDNN_SOFTMAX_FAST, CUDNN_MODE_INST...",0.0005,30\n'
)
FIX = "give a file that the tool of the Benanza paper wrote (benchinfo --format=csv or json)"
RESULTS = Path(os.environ.get("DLSCOPE_TEST_DATA", "")) / "benanza"
needs_results = pytest.mark.skipif(
    not (RESULTS / "serial_latency").is_dir(),
    reason="the authors' results are not in the folder benanza of DLSCOPE_TEST_DATA",
)


@pytest.fixture
def csv(tmp_path):
    def written(text: str) -> Path:
        path = tmp_path / "model.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return written


@pytest.fixture
def file(tmp_path):
    def written(content: object) -> Path:
        path = tmp_path / "model.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return written


def entry(**told: object) -> dict[str, object]:
    return {"type": "forward", "benchmark": {"Name": "CONV_1<CUDNN_FFT>/input[0]:1", **told}}


def test_a_row_is_a_benchmark_of_a_layer(csv) -> None:
    assert read_published(csv(MADE_UP)).rows == (
        PublishedRow("first", "Conv", "CONV_FWD_31<CUDNN_WINOGRAD>", "CUDNN_WINOGRAD", 12_345),
        PublishedRow("first", "Conv", "ADD_TENSOR7", "", 2_000),
        PublishedRow(
            "last",
            "Softmax",
            "SOFTMAX_FWD8<CUDNN_SOFTMAX_FAST, CUDNN_MODE_INST...",
            "CUDNN_SOFTMAX_FAST, CUDNN_MODE_INST...",
            500,
        ),
    )


def test_the_bound_is_the_total_of_the_tool_where_there_is_one(csv) -> None:
    without = read_published(csv(MADE_UP))
    assert (without.sum_ns, without.total_ns, without.bound_ns) == (14_845, None, 14_845)
    found = read_published(csv(MADE_UP + ",,Total,0.010000,2030\n"))
    assert (found.sum_ns, found.total_ns, found.bound_ns) == (14_845, 10_000, 10_000)
    assert len(found.rows) == 3


def test_the_largest_share_comes_first(csv) -> None:
    shares = read_published(csv(MADE_UP)).shares()
    assert list(shares) == ["Conv", "Softmax"]
    assert shares["Conv"] == pytest.approx(14_345 / 14_845)
    assert PublishedFile(()).shares() == {}


@pytest.mark.parametrize("kind", sorted(FREE_KINDS))
def test_what_the_tool_takes_for_free_costs_nothing_unless_it_is_asked_for(csv, kind) -> None:
    path = csv(MADE_UP + f"middle,{kind},MOVE3,0.007,0\n,,Total,0.014845,2030\n")
    assert read_published(path).bound_ns == 14_845
    everything = read_published(path, paper_costs=False)
    assert (everything.bound_ns, everything.total_ns) == (21_845, None)


def test_json_holds_the_same_in_any_unit(file) -> None:
    path = file(
        [
            entry(RealTime=48814, TimeUnit="ns", workspace_bytes=12),
            entry(RealTime=1.5, TimeUnit="us"),
            {"type": "backward", "benchmark": {"Name": "CONV_BWD", "RealTime": 1}},
        ]
    )
    found = read_published(path)
    assert [(each.algorithm, each.cost_ns, each.workspace_bytes) for each in found.rows] == [
        ("CUDNN_FFT", 48_814, 12),
        ("CUDNN_FFT", 1_500, None),
    ]
    assert found.bound_ns == 50_314


@given(st.lists(st.integers(0, 10**10), min_size=1, max_size=8))
def test_no_nanosecond_is_lost_on_the_way(tmp_path_factory, costs_ns) -> None:
    path = tmp_path_factory.mktemp("published") / "model.csv"
    lines = [f"l{n},Conv,B{n},{cost / 1e6:.6f},0\n" for n, cost in enumerate(costs_ns)]
    path.write_text(HEADER + "".join(lines))
    assert [row.cost_ns for row in read_published(path).rows] == costs_ns


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "the file has not the columns of a published result"),
        ("a,b\n1,2\n", "the file has not the columns of a published result"),
        (HEADER + "a,Conv,B\n", "line 2 has 3 fields, not 5"),
        (HEADER + "a,Conv,B,1,0\na,Conv,B,fast,0\n", "line 3: 'fast' is no time"),
        (HEADER + "a,Conv,B,-1,0\n", "line 2: '-1' is no time"),
        (HEADER + "a,Conv,B,NaN,0\n", "line 2: 'NaN' is no time"),
    ],
)
def test_refuses_what_is_no_published_csv(csv, text, what) -> None:
    path = csv(text)
    with pytest.raises(BoundError) as caught:
        read_published(path)
    assert str(caught.value) == f"BoundError: {what}\n  where  {path}\n  fix    {FIX}"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("{", "the file is not JSON"),
        ({}, "the file is no list of benchmarks"),
        ([1], "entry 1: it is no benchmark with a name"),
        ([{"type": "forward"}], "entry 1: it is no benchmark with a name"),
        ([entry(RealTime=1, TimeUnit="h")], "entry 1: 'h' is no unit of time"),
        ([entry()], "entry 1: None is no time"),
        ([entry(RealTime=1), entry(RealTime="soon")], "entry 2: 'soon' is no time"),
    ],
)
def test_refuses_what_is_no_published_json(file, content, what) -> None:
    path = file(content)
    with pytest.raises(BoundError) as caught:
        read_published(path)
    assert str(caught.value) == f"BoundError: {what}\n  where  {path}\n  fix    {FIX}"


def test_refuses_a_file_that_is_not_there_or_no_text(tmp_path) -> None:
    with pytest.raises(BoundError, match="cannot be read: No such file or directory"):
        read_published(tmp_path / "none.csv")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(BoundError, match="cannot be read: it is no text"):
        read_published(tmp_path / "bytes.csv")


@pytest.fixture
def results(tmp_path) -> Path:
    """Of one model on one GPU: sequential 4, parallel 2, by the heuristics 5 ms."""
    for kind, total in (
        ("serial_latency", 4),
        ("latency", 2),
        ("cudnn_advised_serial_latency", 5),
    ):
        folder = tmp_path / kind / "batchsize_8" / "GPU"
        folder.mkdir(parents=True)
        (folder / "net.csv").write_text(f"{HEADER}a,Conv,B,4,0\n,,Total,{total},0\n")
    return tmp_path


def test_the_bounds_of_a_model_are_the_totals_of_its_three_files(results) -> None:
    (found,) = published_bounds(results, "GPU", 8)
    assert found == PublishedBounds("net", "GPU", 8, 4_000_000, 2_000_000, 5_000_000)
    assert (found.parallel_gain, found.heuristic_loss) == (2, 1.25)


def test_refuses_a_gpu_without_results(results) -> None:
    with pytest.raises(BoundError) as caught:
        published_bounds(results, "GPU", 16)
    assert str(caught.value) == (
        "BoundError: there are no results of 'GPU' at batch size 16\n"
        f"  where  {results}\n"
        "  fix    give the folder that holds serial_latency, a GPU and a batch size that are there"
    )


def test_refuses_a_model_whose_bound_is_0(results) -> None:
    (results / "latency" / "batchsize_8" / "GPU" / "net.csv").write_text(HEADER)
    with pytest.raises(BoundError) as caught:
        published_bounds(results, "GPU", 8)
    assert str(caught.value) == (
        "BoundError: a bound of net on GPU is 0\n"
        "  where  batch size 8\n"
        "  fix    leave out the files of models that the tool has no benchmarks of"
    )


def test_the_geometric_mean_of_a_number_and_its_inverse_is_1() -> None:
    assert geometric_mean([4, 0.25]) == pytest.approx(1)
    assert geometric_mean([2, 8]) == pytest.approx(4)


@needs_results
@pytest.mark.parametrize(
    ("gpu", "parallel", "most_parallel", "heuristic", "most_heuristic", "of_v100"),
    [
        ("Tesla_K80", 1.15, 2.78, 1.47, 19.4, 4.96),
        ("Tesla_M60", 1.16, 2.90, 1.23, 14.4, 3.67),
        ("TITAN_Xp", 1.17, 2.80, 1.29, 23.0, 1.19),
        ("TITAN_V", 1.16, 2.83, 1.01, 1.07, 1.01),
        ("Tesla_V100-SXM2-16GB", 1.15, 2.82, 1.02, 1.10, 1.00),
        ("Quadro_RTX_6000", 1.16, 2.84, 1.03, 1.46, 0.97),
        ("Tesla_T4", 1.16, 2.84, 1.04, 1.47, 2.40),
    ],
)
def test_the_authors_results_give_the_ratios_of_every_gpu(
    gpu, parallel, most_parallel, heuristic, most_heuristic, of_v100
) -> None:
    if not (RESULTS / "serial_latency" / "batchsize_1" / gpu).is_dir():
        pytest.skip(f"no results of {gpu}")
    found = published_bounds(RESULTS, gpu)
    v100 = published_bounds(RESULTS, "Tesla_V100-SXM2-16GB")
    assert len(found) == 30
    gains = {each.model: each.parallel_gain for each in found}
    losses = [each.heuristic_loss for each in found]
    assert geometric_mean(gains.values()) == pytest.approx(parallel, abs=0.006)
    assert max(gains.values()) == pytest.approx(most_parallel, abs=0.006)
    assert max(gains, key=gains.__getitem__) == "BVLC_GoogleNet"
    assert geometric_mean(losses) == pytest.approx(heuristic, abs=0.006)
    assert max(losses) == pytest.approx(most_heuristic, abs=0.06 if max(losses) > 10 else 0.006)
    slower = [
        one.sequential_ns / other.sequential_ns for one, other in zip(found, v100, strict=True)
    ]
    assert geometric_mean(slower) == pytest.approx(of_v100, abs=0.006)


@needs_results
@pytest.mark.parametrize(
    ("model", "sequential_ms", "parallel_ms"),
    [
        ("ResNet050-v1", 4.58, 3.77),
        ("BVLC_AlexNet", 0.885, 0.866),
        ("VGG16", 2.86, 2.86),
        ("Inception-v1", 3.61, 1.37),
        ("DenseNet-121", 9.69, 9.70),
    ],
)
def test_the_authors_results_give_the_bounds_of_single_models(
    model, sequential_ms, parallel_ms
) -> None:
    found = {each.model: each for each in published_bounds(RESULTS, "Tesla_V100-SXM2-16GB")}
    bounds = found[model]
    assert bounds.sequential_ns / 1e6 == pytest.approx(sequential_ms, abs=0.006)
    assert bounds.parallel_ns / 1e6 == pytest.approx(parallel_ms, abs=0.006)


@needs_results
def test_no_file_of_the_authors_has_a_layer_that_is_taken_for_free() -> None:
    paths = sorted((RESULTS / "serial_latency" / "batchsize_1").rglob("*.csv"))
    kinds = {row.kind for path in paths for row in read_published(path, paper_costs=False).rows}
    assert kinds == {
        *("BatchNorm", "Conv", "Dropout", "ElementWise", "Gemm", "Pooling", "Relu", "Softmax")
    }
    assert not kinds & FREE_KINDS


@pytest.mark.parametrize("cost", ["1e999999", "-1", "nan", "1e30"])
def test_what_is_no_time_is_refused(csv, cost: str) -> None:
    with pytest.raises(BoundError) as caught:
        read_published(csv(HEADER + f"first,Conv,B,{cost},0\n"))
    assert caught.value.what == f"line 2: {cost!r} is no time"


def test_a_unit_that_is_no_word_is_refused(file) -> None:
    with pytest.raises(BoundError, match=r"entry 1: \{\} is no unit of time"):
        read_published(file([entry(RealTime=1, TimeUnit={})]))
