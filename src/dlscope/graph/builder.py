"""`GraphBuilder`: an ONNX graph written down from NumPy arrays, one node after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from dlscope.core.errors import GraphError

OPSET = 17
IR_VERSION = 8
"""The form of file that came with opset 17; every framework since 2022 reads it."""


@final
class GraphBuilder:
    """A graph under construction; values are known by their names.

    The same calls with the same arrays always give the same bytes.

        graph = GraphBuilder("scale")
        x = graph.input("x", "float32", ("N", 3))
        y = graph.node("Mul", [x, graph.constant("factor", np.float32(2))], output="y")
        graph.output(y, "float32", ("N", 3))
        model = graph.finish()
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._values: set[str] = set()

    def input(self, name: str, dtype: str, shape: Sequence[int | str]) -> str:
        """A new graph input; an axis is a number or the name of a free size."""
        self._define(name)
        self._inputs.append(_value_info(name, dtype, shape))
        return name

    def constant(self, name: str, array: NDArray[Any] | np.generic) -> str:
        """A new initialiser holding a copy of `array`."""
        self._define(name)
        contiguous = np.ascontiguousarray(array).reshape(np.shape(array))
        self._constants.append(numpy_helper.from_array(contiguous, name))
        return name

    def node(
        self, operator: str, inputs: Sequence[str], *, output: str = "", **attributes: Any
    ) -> str:
        """A new node; it and its one output are named `output`, or else `Operator_INDEX`.

        Raises `GraphError` for an input that no earlier call has defined.
        """
        name = output or f"{operator}_{len(self._nodes)}"
        for value in inputs:
            self._require(value, f"node {name!r}")
        self._define(name)
        self._nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def output(self, value: str, dtype: str, shape: Sequence[int | str]) -> None:
        """Declare `value` a graph output."""
        self._require(value, "an output")
        self._outputs.append(_value_info(value, dtype, shape))

    def finish(self, *, opset: int = OPSET, ir_version: int = IR_VERSION) -> onnx.ModelProto:
        """The graph as a model, checked by ONNX with its shapes inferred.

        A newer `opset` than usual is for what older ones cannot say. Raises `GraphError` with
        ONNX's own words when the graph is not valid.
        """
        graph = helper.make_graph(
            self._nodes, self.name, self._inputs, self._outputs, initializer=self._constants
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", opset)],
            ir_version=ir_version,
            producer_name="dlscope",
        )
        check(model, where=f"graph {self.name}")
        return model

    def _define(self, name: str) -> None:
        if name in self._values:
            raise GraphError(
                f"value {name!r} is defined twice",
                where=f"graph {self.name}",
                fix="give every input, constant and node a name of its own",
            )
        self._values.add(name)

    def _require(self, value: str, user: str) -> None:
        if value and value not in self._values:
            raise GraphError(
                f"{user} uses value {value!r}, which nothing has defined",
                where=f"graph {self.name}",
                fix="define inputs, constants and nodes before they are used",
            )


def check(model: onnx.ModelProto, *, where: str) -> None:
    """Do nothing for a valid model. Raises `GraphError` with ONNX's words for another."""
    refusals = onnx.checker.ValidationError, onnx.shape_inference.InferenceError
    try:
        onnx.checker.check_model(model, full_check=True)
    # ONNX cannot even decode its own words about a name that is not UTF-8.
    except (*refusals, UnicodeDecodeError) as error:
        words = str(error).strip().splitlines()
        raise GraphError(
            f"the graph is not valid ONNX: {words[0] if words else type(error).__name__}",
            where=where,
            fix="correct the operator, its attributes or the shapes of its inputs",
        ) from error


def serialize(model: onnx.ModelProto) -> bytes:
    """The bytes of an ONNX file; the same model always gives the same bytes."""
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def _value_info(name: str, dtype: str, shape: Sequence[int | str]) -> onnx.ValueInfoProto:
    element = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    return helper.make_tensor_value_info(name, element, list(shape))
