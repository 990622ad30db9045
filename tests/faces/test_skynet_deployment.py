"""`dlscope skynet quantize` and `pipeline` as a person calls them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from PIL import Image

from dlscope.cli.app import main
from dlscope.methods.skynet.detector_file import Detector
from dlscope.methods.skynet.model_document import write_detector
from dlscope.methods.skynet.results import read_results
from dlscope.zoo.skynet.folding import Folded, FoldedBundle
from dlscope.zoo.skynet.layout import Layout
from dlscope.zoo.skynet.onnx_model import onnx_model

LAYOUT = Layout("C", 0.25, (32, 64))


@pytest.fixture
def call(monkeypatch, capsys):
    def call(*words):
        monkeypatch.setattr("sys.argv", ["dlscope", "skynet", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return call


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    """A small detector with drawn weights, and its manifest."""
    draw = np.random.default_rng(0)

    def array(*shape):
        scale = np.sqrt(2 / np.prod(shape[1:])) if len(shape) > 1 else 0.1
        return draw.normal(0, scale, shape).astype(np.float32)

    *layers, head = LAYOUT.layers
    bundles = []
    for spread, mixed in zip(layers[0::2], layers[1::2], strict=True):
        wide, out = spread.channels_out, mixed.channels_out
        bundles.append(
            FoldedBundle(array(wide, 1, 3, 3), array(wide), array(out, wide, 1, 1), array(out))
        )
    folded = Folded(tuple(bundles), array(head.channels_out, head.channels_in, 1, 1))
    path = tmp_path_factory.mktemp("model") / "small.onnx"
    detector = Detector(path, onnx_model(folded, LAYOUT), LAYOUT.size, "nearest")
    return write_detector(path, detector)


@pytest.fixture
def photographs(tmp_path) -> Path:
    folder = tmp_path / "photographs"
    folder.mkdir()
    draw = np.random.default_rng(0)
    for index in range(4):
        small = draw.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        picture = Image.fromarray(small).resize((96, 54), Image.Resampling.BICUBIC)
        picture.convert("L" if index == 3 else "RGB").save(folder / f"{index}.jpg")
    return folder


def test_writes_a_graph_of_integers_that_runs(call, model, photographs, tmp_path):
    written = tmp_path / "int8.onnx"
    code, out, err = call(
        *("quantize", model, "--data", photographs, "--calibration", photographs),
        *("--int8", "--onnx", written, "--format", "json"),
    )
    assert code == 0
    answer = json.loads(out)
    assert [row[0] for row in answer["tables"]["int8"]["rows"]] == ["float32", "int8"]
    assert answer["warnings"] == ["ranges are from 4 images; take 100 or more"]
    assert err.splitlines()[-1] == f"{written}: 8-bit integers, and int8.yaml"
    session = onnxruntime.InferenceSession(written, providers=["CPUExecutionProvider"])
    (head,) = session.run(None, {"image": np.zeros((2, 3, 32, 64), np.float32)})
    assert head.shape == (2, 10, 4, 8)
    code, _, _ = call("pipeline", written, "--images", photographs, "--results", tmp_path / "r.csv")
    assert code == 0


def test_sweeps_bits(call, model, photographs):
    pytest.importorskip("torch")
    code, out, _ = call(
        *("quantize", model, "--data", photographs, "--calibration", photographs, "--sweep"),
        *("--map-bits", "9,8", "--weight-bits", "11", "--integer-bits", "3,calibrated"),
        *("--preset", "skynet-ultra96", "--format", "json"),
    )
    assert code == 0
    table = json.loads(out)["tables"]["fixed_point"]
    names = [column["name"] for column in table["columns"]]
    rows = [dict(zip(names, row, strict=True)) for row in table["rows"]]
    assert [(row["map_bits"], row["map_integer_bits"]) for row in rows] == [
        (9, "3"), (8, "3"), (9, "calibrated"), (8, "calibrated"),
    ]  # fmt: skip
    assert rows[0]["scheme"] == "skynet-ultra96"


def test_finds_a_box_in_every_file(call, model, photographs, tmp_path):
    results = tmp_path / "results.csv"
    code, out, err = call(
        "pipeline", model, "--images", photographs, "--results", results, "--format", "json"
    )
    assert code == 0
    answer = json.loads(out)
    tables = answer["tables"]
    assert list(tables) == ["pipeline", "pipeline_stages", "pipeline_waits", "boxes", "spoiled"]
    assert [row[0] for row in tables["pipeline_stages"]["rows"]] == [
        "fetch+prepare", "infer", "boxes",
    ]  # fmt: skip
    boxes = {row[0]: tuple(row[1:5]) for row in tables["boxes"]["rows"]}
    written = read_results(results)
    assert list(written) == ["0", "1", "2", "3"]
    assert all(written[name] == pytest.approx(boxes[name], abs=1e-3) for name in written)
    assert answer["warnings"] == ["1 grey image is repeated for each channel"]
    assert err.splitlines()[-1] == f"{results}: 4 boxes"


def test_goes_on_behind_a_spoiled_file_and_ends_with_1(call, model, photographs, tmp_path):
    spoiled = photographs / "1.jpg"
    spoiled.write_bytes(spoiled.read_bytes()[:-200])
    results = tmp_path / "results.csv"
    code, out, err = call(
        *("pipeline", model, "--images", photographs, "--results", results),
        *("--rounds", 0, "--format", "json"),
    )
    assert code == 1
    (row,) = json.loads(out)["tables"]["spoiled"]["rows"]
    assert row[:2] == [1, "1"]
    assert row[2].startswith("the file cannot be decoded: image file is truncated")
    assert list(read_results(results)) == ["0", "2", "3"]
    assert err.splitlines()[-2:] == [f"{results}: 3 boxes", "1 file could not be decoded"]


def test_a_strict_run_ends_at_a_spoiled_file(call, model, photographs, tmp_path):
    (photographs / "1.jpg").write_bytes(b"no picture")
    results = tmp_path / "results.csv"
    code, out, err = call(
        "pipeline", model, "--images", photographs, "--results", results, "--strict"
    )
    assert (code, out) == (1, "")
    assert (
        "DataError: stage 'fetch+prepare' failed at item 1: image 1, '1': the file cannot be "
        "decoded: it is no image\n"
    ) in err
    assert not results.exists()


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("quantize", "nowhere"), 1, "PlanError: nothing is asked for"),
        (("quantize", "nowhere", "--int8"), 1, "DataError: nowhere cannot be read: No such file"),
        (
            ("quantize", "nowhere", "--sweep", "--integer-bits", "x"),
            1,
            "PlanError: 'x' is neither a number of bits nor calibrated",
        ),
        (
            ("quantize", "nowhere", "--sweep", "--integer-bits", "12"),
            1,
            "PlanError: 12 integer bits do not fit into 9 bits",
        ),
        (("quantize", "nowhere", "--int8", "--resize", "linear"), 2, "--resize"),
        (("pipeline", "nowhere", "--images", "."), 1, "DataError: nowhere cannot be read"),
        (("pipeline", "nowhere", "--images", ".", "--batch", "0"), 2, "--batch"),
    ],
)
def test_says_what_is_wrong(call, words, code, told):
    found, out, err = call(*words)
    assert (found, out) == (code, "")
    assert told in err


@pytest.mark.slow
def test_ctrl_c_ends_the_pipeline_within_two_seconds(model, photographs, tmp_path):
    """Rounds without end, interrupted behind the boxes."""
    words = ["pipeline", str(model), "--images", str(photographs), "--rounds", "100000"]
    code = f"import sys; sys.argv = {['dlscope', 'skynet', *words]!r}\n"
    code += "from dlscope.cli.app import main\nmain()"
    child = subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    with child:
        while "one after the other" not in child.stderr.readline():
            pass
        started = time.monotonic()
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=20)
        assert time.monotonic() - started < 2
    assert child.returncode == 130
