"""`load_program`: an ONNX file or a loaded model as a valid `Program`, free axes bound."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, final

import onnx
import onnx.inliner
from google.protobuf.message import EncodeError  # type: ignore[import-untyped]  # no stubs
from numpy.typing import NDArray
from onnx import helper

from dlscope.core.digest import bytes_digest, digest, file_digest
from dlscope.core.errors import GraphError
from dlscope.graph.bind import bind
from dlscope.graph.builder import check, serialize
from dlscope.graph.initializers import read_initializers
from dlscope.graph.program import Program, ValueType, dtype_name, type_of, value_info
from dlscope.graph.signature import Signature, read_signature, signature_of

# Since this form of file, a weight need not be listed among the inputs as well.
_FIRST_IR_WITH_PLAIN_WEIGHTS = 4


def load_program(
    source: Path | onnx.ModelProto, bindings: Mapping[str, int], default_dim: int | None
) -> Program:
    """The network `source` with the functions it defines written out.

    Raises `GraphError` with ONNX's words for a model that is not valid, for weights that cannot
    be read and for free axes without a size; see `bind` and `read_initializers`.
    """
    opened = _FromFile(source) if isinstance(source, Path) else _FromMemory(source)
    constants, files = read_initializers(opened.model, opened.folder, opened.where)
    digests = {path.name: file_digest(path) for path in files}
    try:
        skeleton = _skeleton(opened.model, constants)
    except UnicodeDecodeError as error:
        raise GraphError(
            "a name in the model is not UTF-8",
            where=opened.where,
            fix="fetch the model again, or correct the program that wrote it",
        ) from error
    check(skeleton, where=opened.where)
    if skeleton.functions:
        skeleton = onnx.inliner.inline_local_functions(skeleton)
    shapes, chosen = bind(opened.signature.inputs, bindings, default_dim, opened.where)
    inputs = {
        each.name: ValueType(each.dtype, shapes[each.name]) for each in opened.signature.inputs
    }
    return Program(
        name=opened.model.graph.name or "graph",
        where=opened.where,
        digest=digest({"model": opened.digest, "weights": digests}) if digests else opened.digest,
        nodes=tuple(skeleton.graph.node),
        opsets={_domain(each.domain): each.version for each in skeleton.opset_import},
        inputs=tuple(inputs),
        outputs=tuple(each.name for each in opened.signature.outputs),
        constants=constants,
        types=inputs | {name: type_of(array) for name, array in constants.items()},
        hints=_hints((*opened.model.graph.value_info, *opened.model.graph.output), chosen),
        bindings=chosen,
    )


@final
class _FromFile:
    def __init__(self, path: Path) -> None:
        self.where = str(path)
        self.signature: Signature = read_signature(path)  # refuses what is not a network
        self.model: onnx.ModelProto = onnx.load(path, format="protobuf", load_external_data=False)
        self.folder: Path | None = path.parent
        self.digest = file_digest(path)


@final
class _FromMemory:
    def __init__(self, model: onnx.ModelProto) -> None:
        self.where = f"graph {model.graph.name}"
        self.signature: Signature = signature_of(model, Path(self.where))
        self.model: onnx.ModelProto = model
        self.folder: Path | None = None
        try:
            self.digest = bytes_digest(serialize(model))
        except (EncodeError, ValueError) as error:
            raise GraphError(
                "the model is larger than 2 GiB, more than ONNX can hold in one piece",
                where=self.where,
                fix="save it with its weights in a file beside it, and give its path",
            ) from error


def _skeleton(model: onnx.ModelProto, constants: Mapping[str, NDArray[Any]]) -> onnx.ModelProto:
    """A copy of the model in which weights are inputs of the same type: small at any size."""
    inputs = [value for value in model.graph.input if value.name not in constants]
    weights = [value_info(name, type_of(array)) for name, array in constants.items()]
    graph = helper.make_graph(
        model.graph.node, model.graph.name or "graph", [*inputs, *weights], model.graph.output
    )
    return helper.make_model(
        graph,
        opset_imports=model.opset_import,
        ir_version=max(model.ir_version, _FIRST_IR_WITH_PLAIN_WEIGHTS),
        functions=model.functions,
    )


def _hints(
    values: Iterable[onnx.ValueInfoProto], bindings: Mapping[str, int]
) -> dict[str, ValueType]:
    """The types that the file states for values; a shape with an axis that is open is left out."""
    hints = {}
    for value in values:
        tensor = value.type.tensor_type
        if value.type.WhichOneof("value") == "tensor_type" and tensor.elem_type:
            axes = [each.dim_value or bindings.get(each.dim_param, 0) for each in tensor.shape.dim]
            whole = tensor.HasField("shape") and all(axis > 0 for axis in axes)
            hints[value.name] = ValueType(
                dtype_name(tensor.elem_type), tuple(axes) if whole else None
            )
    return hints


def _domain(name: str) -> str:
    return "" if name == "ai.onnx" else name
