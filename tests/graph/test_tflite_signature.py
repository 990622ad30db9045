from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import pytest

from dlscope.core.errors import GraphError
from dlscope.graph.tflite_signature import is_tflite, read_tflite_signature
from dlscope.testing.small_models import SMALL_MODELS, ModelBuilder

_PITCH = "basic_pitch/saved_models/icassp_2022/nmp.tflite"


def converted(onnx_file: Path) -> Path:
    pytest.importorskip("ai_edge_litert")
    from dlscope.backends.onnx_to_tflite.translate import convert

    path = onnx_file.with_suffix(".tflite")
    convert(onnx_file, path)
    return path


def test_reads_names_types_and_free_axes(tmp_path: Path) -> None:
    signature = read_tflite_signature(
        converted(SMALL_MODELS["embedding"].build(tmp_path / "m.onnx"))
    )
    assert [str(tensor) for tensor in signature.inputs] == ["x: int64[?, 6]"]
    assert [str(tensor) for tensor in signature.outputs] == ["y: float32[?, 6, 8]"]


def test_reads_a_model_as_others_publish_it() -> None:
    path = Path(str(distribution("basic-pitch").locate_file(_PITCH)))
    signature = read_tflite_signature(path)
    assert [str(tensor) for tensor in signature.inputs] == ["input_2: float32[?, 43844, 1]"]
    assert [str(tensor) for tensor in signature.outputs] == [
        "onset: float32[?, 172, 88]",
        "note: float32[?, 172, 88]",
        "contour: float32[?, 172, 264]",
    ]


def test_a_scalar_has_no_axes(tmp_path: Path) -> None:
    model = ModelBuilder()
    model.add("Neg", "x", output="y")
    scalar = (np.float32, [])
    path = converted(model.save(tmp_path / "m.onnx", {"x": scalar}, {"y": scalar}))
    assert [str(tensor) for tensor in read_tflite_signature(path).inputs] == ["x: float32[]"]


def test_reads_the_same_as_the_interpreter_says(tmp_path: Path) -> None:
    path = converted(SMALL_MODELS["convolutions"].build(tmp_path / "m.onnx"))
    from ai_edge_litert.interpreter import Interpreter

    interpreter, signature = Interpreter(str(path)), read_tflite_signature(path)
    (fed,), (fetched,) = interpreter.get_input_details(), interpreter.get_output_details()
    assert signature.input_places == (fed["index"],)
    assert signature.output_places == (fetched["index"],)


@pytest.mark.parametrize(
    "content",
    [b"", b"not a model " * 20, b"\x08\0\0\0TFL3", b"\x10\0\0\0TFL3" + b"\xff" * 40],
    ids=["empty", "garbage", "cut off", "wild offsets"],
)
def test_refuses_a_file_that_is_no_model(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.tflite"
    path.write_bytes(content)
    with pytest.raises(GraphError) as refusal:
        read_tflite_signature(path)
    assert str(refusal.value) == (
        "GraphError: the file is not a TFLite model\n"
        f"  where  {path}\n"
        "  fix    give the path of a .tflite file, and fetch it again if it is one"
    )


def test_refuses_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(GraphError) as refusal:
        read_tflite_signature(tmp_path / "absent.tflite")
    assert str(refusal.value) == (
        "GraphError: the model cannot be read: No such file or directory\n"
        f"  where  {tmp_path / 'absent.tflite'}\n"
        "  fix    check the path"
    )


def test_refuses_an_input_of_text(tmp_path: Path) -> None:
    path = converted(SMALL_MODELS["dense"].build(tmp_path / "m.onnx"))
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_litert.tools import flatbuffer_utils

    model = flatbuffer_utils.read_model(str(path))
    (fed,) = model.subgraphs[0].inputs
    model.subgraphs[0].tensors[fed].type = schema.TensorType.STRING
    flatbuffer_utils.write_model(model, str(path))
    with pytest.raises(GraphError) as refusal:
        read_tflite_signature(path)
    assert str(refusal.value) == (
        "GraphError: 'x' has element type 5 of TFLite, which cannot be fed or fetched\n"
        f"  where  {path}\n"
        "  fix    use a model whose inputs and outputs are tensors of numbers"
    )


def test_tells_tflite_files_from_others(tmp_path: Path) -> None:
    path = SMALL_MODELS["dense"].build(tmp_path / "m.onnx")
    assert not is_tflite(path)
    assert is_tflite(converted(path))
