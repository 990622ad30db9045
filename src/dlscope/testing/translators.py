"""`TranslatorSuite`: what every translation of ONNX operators must do, rule by rule."""
# ruff: noqa: D102 (the names of tests say what they ask for)

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import onnx
import pytest
from onnx import ModelProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from dlscope.core.errors import UnsupportedOp
from dlscope.testing.gaps import Gap, expect_gap
from dlscope.testing.operator_cases import (
    IMAGE,
    OPERATOR_CASES,
    REFUSED_CASES,
    UP_FILTER,
    OperatorCase,
    typed,
)

HERE = Path("model.onnx")
# The others are types that frameworks hold but do not compute in, or do not have.
_TYPES = {np.dtype(kind) for kind in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "?")}
_FIX = "open the model with another backend, such as onnxruntime"


class TranslatorSuite(ABC):
    """Name the framework as its refusals do, its operators, and run a model in `run`.

    `standard_gaps` are node tests of the standard that are known to come out wrong, and no more
    of them than `standard_refusals` may be refused; `gaps` maps the name of a test, with or without
    its parameters, to what stands against it.
    """

    framework: ClassVar[str]
    operators: ClassVar[Collection[str]]
    standard_gaps: ClassVar[frozenset[str]] = frozenset()
    standard_refusals: ClassVar[int] = 60
    gaps: ClassVar[Mapping[str, Gap]] = {}

    @pytest.fixture(autouse=True)
    def _declared_gaps(self, request: pytest.FixtureRequest) -> None:
        expect_gap(request, self.gaps)

    @abstractmethod
    def run(self, model: ModelProto, feeds: Sequence[Any]) -> list[Any]:
        """Outputs of the translation of `model`, whose path is to be called HERE."""

    @pytest.mark.parametrize("case", OPERATOR_CASES, ids=str)
    def test_computes_what_the_reference_computes(self, case: OperatorCase) -> None:
        model, feed = case.model(), case.inputs[0]
        wanted = ReferenceEvaluator(model).run(None, {"i0": feed})
        for got, expected in zip(self.run(model, [feed]), wanted, strict=True):
            assert got.dtype == np.asarray(expected).dtype
            assert got.shape == np.asarray(expected).shape
            np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)

    # ONNX's reference evaluator gets the next two wrong: the standard itself is the oracle.
    def test_softmax_before_opset_13_runs_over_all_axes_from_its_own_on(self) -> None:
        (got,) = self.run(OperatorCase("Softmax", 11, [IMAGE], {"axis": 1}).model(), [IMAGE])
        powers = np.exp(IMAGE.reshape(len(IMAGE), -1))
        wanted = (powers / powers.sum(1, keepdims=True)).reshape(IMAGE.shape)
        np.testing.assert_allclose(got, wanted, rtol=1e-4)

    def test_local_response_looks_at_the_neighbouring_channels(self) -> None:
        case = OperatorCase("LRN", 13, [IMAGE], {"size": 3, "alpha": 0.1, "bias": 2.0})
        (got,) = self.run(case.model(), [IMAGE])
        squares = np.pad(IMAGE**2, ((0, 0), (1, 1), (0, 0), (0, 0)))
        total = squares[:, :-2] + squares[:, 1:-1] + squares[:, 2:]
        np.testing.assert_allclose(got, IMAGE / (2.0 + 0.1 / 3 * total) ** 0.75, rtol=1e-4)

    def test_names_every_operator_without_a_rule(self) -> None:
        odd = [helper.make_node("NonZero", ["x"], [f"n{place}"]) for place in range(3)]
        other = helper.make_node("Mystery", ["x"], ["y"], domain="com.example")
        model = _model([*odd, other], [])
        with pytest.raises(UnsupportedOp) as refusal:
            self.run(model, [np.array([3, 4], np.float32)])
        assert str(refusal.value) == (
            f"UnsupportedOp: no {self.framework} rule for 2 operators: "
            f"Mystery (1 node), NonZero (3 nodes)\n  where  {HERE}\n  fix    {_FIX}"
        )

    @pytest.mark.parametrize("what", REFUSED_CASES)
    def test_refuses_a_feature_without_a_rule(self, what: str) -> None:
        case = REFUSED_CASES[what]
        with pytest.raises(UnsupportedOp) as refusal:
            self.run(case.model(), [case.inputs[0]])
        assert str(refusal.value) == (
            f"UnsupportedOp: no {self.framework} rule for {what} node 'it'\n"
            f"  where  {HERE}\n  fix    {_FIX}"
        )

    @pytest.mark.parametrize("name", ["x; raise SystemExit", "__import__('os')", "für", "1st", ""])
    def test_names_in_the_file_never_become_code(self, name: str) -> None:
        node = helper.make_node("Add", ["x", "w'); raise SystemExit #"], ["y"], name=name)
        weight = numpy_helper.from_array(np.array([1, 2], np.float32), "w'); raise SystemExit #")
        (result,) = self.run(_model([node], [weight]), [np.array([3, 4], np.float32)])
        np.testing.assert_array_equal(result, [4, 6])

    @pytest.mark.slow
    def test_agrees_with_the_node_tests_of_the_standard(self) -> None:
        checked, unsupported, wrong = 0, 0, {}
        for case in _standard_cases(self.operators):
            feeds, wanted = case.data_sets[0]
            try:
                results = self.run(typed(_with_weights(case.model, feeds)), feeds[:1])
                for got, expected in zip(results, wanted, strict=True):
                    assert got.dtype == expected.dtype
                    np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-5)
                checked += 1
            except UnsupportedOp:
                unsupported += 1
            except (AssertionError, IndexError) as error:
                wrong[case.name] = str(error)
        assert wrong.keys() == self.standard_gaps, wrong
        assert checked > 400
        assert unsupported < self.standard_refusals


def _model(nodes: list[Any], weights: list[Any]) -> ModelProto:
    fed = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [2])
    made = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [2])
    return helper.make_model(helper.make_graph(nodes, "odd", [fed], [made], weights))


def _standard_cases(operators: Collection[str]) -> list[Any]:
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        # Making the expected values divides by zero and overflows, on purpose.
        warnings.simplefilter("ignore")
        cases = collect_testcases(None)
    return [case for case in cases if _is_within_reach(case, operators)]


def _is_within_reach(case: Any, operators: Collection[str]) -> bool:
    arrays = [array for group in case.data_sets[0] for array in group]
    has_rules = all(node.op_type in operators for node in case.model.graph.node)
    is_plain = all(getattr(array, "dtype", None) in _TYPES for array in arrays)
    makes_odd_types = "FLOAT8" in case.name or "BFLOAT16" in case.name
    return has_rules and is_plain and bool(case.data_sets[0][0]) and not makes_odd_types


def _with_weights(model: ModelProto, feeds: Sequence[Any]) -> ModelProto:
    """The model with all inputs but the first made weights, as they are in real models."""
    changed = ModelProto()
    changed.CopyFrom(model)
    for value, array in list(zip(model.graph.input, feeds, strict=True))[1:]:
        changed.graph.initializer.append(numpy_helper.from_array(np.asarray(array), value.name))
    return changed


class CompiledTranslatorSuite(TranslatorSuite):
    """For a framework that compiles a graph for the shapes that it is fed."""

    @pytest.mark.parametrize(
        "case",
        [
            OperatorCase("ConstantOfShape", 9, [np.array([2, 3])]),
            OperatorCase("Range", 11, [np.int64(0), np.int64(4), np.int64(1)]),
        ],
        ids=str,
    )
    def test_refuses_a_shape_that_depends_on_the_data(self, case: OperatorCase) -> None:
        with pytest.raises(UnsupportedOp) as refusal:
            self.run(case.model(), [case.inputs[0]])
        assert str(refusal.value) == (
            f"UnsupportedOp: no {self.framework} rule for data-dependent shapes of {case.op_type}"
            f" node 'it'\n  where  {HERE}\n  fix    {_FIX}"
        )

    @pytest.mark.parametrize("auto_pad", ["NOTSET", "SAME_UPPER", "SAME_LOWER"])
    def test_a_transposed_convolution_has_the_size_it_is_told(self, auto_pad: str) -> None:
        attributes = {"strides": [2, 2], "output_shape": [18, 19], "auto_pad": auto_pad}
        case = OperatorCase("ConvTranspose", 11, [IMAGE, UP_FILTER], attributes)
        untold = OperatorCase("ConvTranspose", 11, [IMAGE, UP_FILTER], {"strides": [2, 2]})
        (whole,) = self.run(untold.model(), [IMAGE])
        (got,) = self.run(case.model(), [IMAGE])
        # One row and two columns are cut off; the odd one before, unless SAME_UPPER says after.
        first = 0 if auto_pad == "SAME_UPPER" else 1
        np.testing.assert_allclose(got, whole[:, :, first : first + 18, 1:20], rtol=1e-5, atol=1e-5)
