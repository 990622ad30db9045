"""Files of other tools that are cut, changed or made up: read, or refused in words, never worse.

Each reader is given a file that is right, spoilt at random places, as a person would give it.
"""

from __future__ import annotations

import io
import json
import sqlite3
import tarfile
import wave
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dlscope import api
from dlscope.catalog.archive import extract_member
from dlscope.catalog.document import load_manifest
from dlscope.core.errors import DlscopeError
from dlscope.core.trace import Level, Span, Trace
from dlscope.methods.bounds.published import read_published
from dlscope.methods.evaluation.mlmodelscope import import_results
from dlscope.pipelines.sound import read_wav
from dlscope.store.parquet import write_spans
from dlscope.tracing.epoch import Anchor
from dlscope.tracing.exporters.chrome import write_chrome
from dlscope.tracing.exporters.otlp import write_otlp
from dlscope.tracing.stream import SpanStream

EPOCH_NS = 1_700_000_000_000_000_000
EPOCH_US = EPOCH_NS // 1000
MEMBER = "weights/model.onnx"
TRACE = Trace(
    [
        Span(1, 0, Level.MODEL, "forward", 1000, 9000, attributes={"batch": 4}),
        Span(2, 1, Level.LAYER, "conv1", 2000, 5000, type="Conv"),
        Span(3, 2, Level.LIBRARY, "gemm é\n", 2500, 4000),
    ]
)
CALL = {"cat": "cuda_runtime", "name": "cudaLaunchKernel", "args": {"correlation": 5}}
KERNEL = {"cat": "kernel", "name": "gemm", "args": {"correlation": 5, "device": 0, "stream": 7}}
LAYER = {"cat": "cpu_op", "name": "aten::conv2d", "args": {"Input Dims": [[1, 3, 8, 8], []]}}
KINETO = {
    "baseTimeNanoseconds": EPOCH_NS,
    "traceEvents": [
        {"ph": "X", "pid": 7, "tid": 7, "ts": start, "dur": end - start, **event}
        for event, start, end in ((LAYER, 10, 60), (CALL, 12.25, 14), (KERNEL, 20, 50))
    ],
}
JAEGER = {
    "data": [
        {
            "processes": {"p1": {"serviceName": "tf", "tags": [{"key": "pid", "value": 17}]}},
            "spans": [
                {
                    "spanID": "a1",
                    "operationName": "conv",
                    "references": [{"refType": "CHILD_OF", "spanID": "b2"}],
                    "startTime": EPOCH_US,
                    "duration": 20,
                    "tags": [{"key": "trace_level", "type": "string", "value": "MODEL_TRACE"}],
                    "processID": "p1",
                }
            ],
        }
    ]
}
NODE = {
    "op_name": "Conv",
    "output_size": "23",
    "input_type_shape": [{"float": [1, 3]}, {"int": []}],
}
ONNXRUNTIME = [
    {"cat": "Session", "pid": 1, "tid": 2, "dur": 100, "ts": 1, "ph": "X", "name": "model_run"},
    {"cat": "Node", "pid": 1, "tid": 2, "dur": 9, "ts": 9, "ph": "X", "name": "c", "args": NODE},
]
MANIFEST = """kind: model
schema_version: 1
name: mine
version: 1.0.0
task: image_classification
license: MIT
framework: {name: onnxruntime, version: ">=1.17,<2"}
inputs:
  - {name: image, tensor: image, type: image, element_type: float32, layout: NCHW,
     shape: [N, 3, 8, 8], color_mode: RGB, preprocess: [decode: {color: RGB}, cast: {to: float32}]}
outputs:
  - {name: p, tensor: p, type: classification, element_type: float32, layout: NK, shape: [N, 9]}
attributes: {family: cnn, year: 2020, published: true}
assets: {graph: {source: "generated:resnet?depth=18&seed=0"}}
"""
ORIGINAL = """name: Mine
version: 1.0
framework: {name: TensorFlow, version: ^1.10}
license: MIT
inputs:
  - type: image
    parameters: {layer_name: data, layout: HWC, dimensions: [3, 8, 8], mean: [1, 2, 3], scale: 2}
output: {type: classification, parameters: {probabilities_layer: p}}
model: {base_url: "https://example.org/", graph_path: m.pb, is_archive: true}
"""
EVALUATION = {
    "_id": {"$oid": "e1"},
    "framework": {"name": "TensorFlow", "version": "1.8"},
    "model": {"name": "VGG16", "version": "1.0"},
    "batch_size": {"$numberInt": "1"},
    "model_accuracy_id": {"$oid": "a1"},
    "performance_id": {"$oid": "p1"},
    "input_prediction_ids": [{"$oid": "i1"}],
}
SPAN = {"operationName": "c_predict", "startTime": 5, "duration": 7}
FEATURE = {"probability": 0.5, "classification": {"index": 3, "label": "cat"}}
RESULTS = [
    EVALUATION,
    {"_id": {"$oid": "a1"}, "top_1": 50.5, "top_5": 0.75},
    {"_id": {"$oid": "p1"}, "trace": {"data": [{"spans": [SPAN]}]}},
    {"_id": {"$oid": "i1"}, "input_id": "a.jpg", "features": [FEATURE]},
]
BENCHMARKS = [{"type": "forward", "benchmark": {"Name": "C<F>", "RealTime": 1.5, "TimeUnit": "us"}}]
WORDS = st.sampled_from(
    [*b'null -1 1e999999 NaN [] {} "" .. *a 0x1 2001-01-01 true'.split(), b": ", b"- ", b"&a "]
)


@st.composite
def spoilt(draw: st.DrawFn, content: bytes) -> bytes:
    """`content` cut, with bytes changed, left out, put in or repeated, in one to three places."""
    found = bytearray(content)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(found)))
        how = draw(st.sampled_from(["cut", "change", "leave out", "put in", "repeat"]))
        if how == "cut":
            del found[place:]
        elif how == "change":
            found[place : place + 1] = bytes([draw(st.integers(0, 255))])
        elif how == "leave out":
            del found[place : place + draw(st.integers(1, 20))]
        elif how == "put in":
            found[place : place + draw(st.sampled_from([0, 1, 4]))] = draw(WORDS)
        else:
            begin = draw(st.integers(0, len(found)))
            found[place:place] = found[begin : begin + 60]
    return bytes(found)


def chrome(path: Path) -> None:
    write_chrome(path, TRACE)


def otlp(path: Path) -> None:
    write_otlp(path, TRACE, Anchor(0, EPOCH_NS, 0))


def parquet(path: Path) -> None:
    write_spans(path, TRACE)


def stream(path: Path) -> None:
    recording = SpanStream(path, Level.LAYER)
    with recording.span("forward", Level.MODEL, batch=2), recording.span("conv", Level.LAYER):
        pass
    recording.start_span("never ended", Level.LAYER)
    recording.close()


def nsys(path: Path) -> None:
    database = sqlite3.connect(path)
    database.executescript(
        "CREATE TABLE StringIds (id INTEGER, value TEXT);"
        "CREATE TABLE NVTX_EVENTS (start INTEGER, end INTEGER, eventType INTEGER, text TEXT,"
        " globalTid INTEGER, textId INTEGER);"
        "INSERT INTO StringIds VALUES (4, 'conv1');"
        "INSERT INTO NVTX_EVENTS VALUES (1000, 9000, 59, NULL, 300, 4);"
    )
    database.close()


def wav(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(40))


def zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MEMBER, b"x" * 200)


def taped(path: Path) -> None:
    with tarfile.open(path, "w:gz") as tape:
        member = tarfile.TarInfo(MEMBER)
        member.size = 200
        tape.addfile(member, io.BytesIO(b"x" * 200))


def written(content: Any) -> Callable[[Path], None]:
    text = content if isinstance(content, str) else json.dumps(content)
    return lambda path: path.write_text(text, encoding="utf-8") and None


def told(kind: str) -> Callable[[Path], object]:
    return lambda path: api.describe_trace(path, kind)


def unpacked(path: Path) -> object:
    return extract_member(path, MEMBER, "mine.yaml").read_bytes()


FILES: dict[str, tuple[Callable[[Path], None], Callable[[Path], object]]] = {
    "kineto.json": (written(KINETO), told("kineto")),
    "chrome.json": (chrome, told("chrome")),
    "jaeger.json": (written(JAEGER), told("jaeger")),
    "otlp.json": (otlp, told("otlp")),
    "onnxruntime.json": (written(ONNXRUNTIME), told("onnxruntime")),
    "spans.parquet": (parquet, told("parquet")),
    "spans.arrow": (stream, told("stream")),
    "report.sqlite": (nsys, told("nsys")),
    "manifest.yaml": (written(MANIFEST), load_manifest),
    "original.yml": (written(ORIGINAL), api.import_mlmodelscope),
    "results.json": (written(RESULTS), lambda path: import_results([path])),
    "bounds.json": (written(BENCHMARKS), read_published),
    "sound.wav": (wav, lambda path: read_wav(path.read_bytes())),
    "weights.zip": (zipped, unpacked),
    "weights.tar.gz": (taped, unpacked),
}


@pytest.fixture(scope="module", params=FILES)
def reader(
    request: Any, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, bytes, Callable[[Path], object]]:
    """A file of each kind, its content while it is right, and what reads it."""
    write, read = FILES[request.param]
    path = tmp_path_factory.mktemp("spoilt") / request.param
    write(path)
    return path, path.read_bytes(), read


@settings(max_examples=25, suppress_health_check=list(HealthCheck), deadline=None)
@given(data=st.data())
def test_a_spoilt_file_is_read_or_refused_in_words(
    reader: tuple[Path, bytes, Callable[[Path], object]],
    data: st.DataObject,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path, content, read = reader
    monkeypatch.setenv("DLSCOPE_CACHE", str(path.parent / "cache"))
    path.write_bytes(data.draw(spoilt(content)))
    try:
        read(path)
    except DlscopeError as refusal:
        assert all(each.what and each.where and each.fix for each in refusal.problems)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_right_is_read(name: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("DLSCOPE_CACHE", str(tmp_path / "cache"))
    write, read = FILES[name]
    write(tmp_path / name)
    read(tmp_path / name)
