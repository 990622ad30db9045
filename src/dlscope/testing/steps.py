"""`StepSuite`: what every step must do, as tests that anyone can run over their own.

class TestMyStep(StepSuite):
    samples = (StepSample(MyStep(), Spec("tensor", "float32", "K", (3,)), Value(array, "K")),)
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from dlscope.core.errors import PlanError
from dlscope.core.manifest import InputSpec
from dlscope.pipelines.base import Spec, Step, StepContext, Value
from dlscope.pipelines.collate import collate


@dataclass(frozen=True)
class StepSample:
    """A step with one item for it: what is known of the item, its value, its context.

    `refused` is a Spec that the step must not take; None for a step that takes anything.
    """

    step: Step
    spec: Spec
    value: Value
    refused: Spec | None = None
    context: StepContext = field(default_factory=StepContext)


class StepSuite:
    """Tests of one or several steps, each run over every one of `samples`."""

    samples: ClassVar[Sequence[StepSample]]

    def pytest_generate_tests(self, metafunc: Any) -> None:
        """Run each test once per sample."""
        if "sample" in metafunc.fixturenames:
            names = [sample.step.step for sample in self.samples]
            metafunc.parametrize("sample", self.samples, ids=names)

    def test_gives_what_it_declares(self, sample: StepSample) -> None:
        """Kind, dtype, axes, sizes and colour of the result are those of `infer`."""
        declared, result = sample.step.infer(sample.spec), _apply(sample)
        if declared.kind in ("prediction", "text", "encoded"):
            assert not isinstance(result.data, np.ndarray)
            return
        if declared.dtype:
            assert str(result.data.dtype) == declared.dtype
        assert result.axes == declared.axes
        assert result.color == declared.color
        assert len(result.data.shape) == len(declared.shape)
        # A box that is not cut out yet leaves the picture at its old size.
        if not declared.region:
            assert _fits(result.data.shape, declared.shape)

    def test_stays_within_the_range_it_declares(self, sample: StepSample) -> None:
        """No entry of the result lies outside `lo` … `hi`, where they are known."""
        declared, result = sample.step.infer(sample.spec), _apply(sample)
        if isinstance(result.data, np.ndarray) and result.data.size:
            assert declared.lo is None or result.data.min() >= declared.lo
            assert declared.hi is None or result.data.max() <= declared.hi

    def test_leaves_its_input_untouched(self, sample: StepSample) -> None:
        """The value, and the context it may look at, are the same before and after."""
        value, context = copy.deepcopy((sample.value, sample.context))
        _apply(sample)
        assert same(sample.value, value)
        assert same(sample.context.outputs, context.outputs)
        assert same(sample.context.inputs, context.inputs)

    def test_gives_the_same_twice(self, sample: StepSample) -> None:
        """Applying it again gives an equal result."""
        assert same(_apply(sample), _apply(sample))

    def test_parameters_survive_json(self, sample: StepSample) -> None:
        """Written to JSON with every default and read back, it is the same step."""
        text = json.dumps(sample.step.to_json())
        again = type(sample.step).model_validate(json.loads(text))
        assert again == sample.step
        assert again.digest == sample.step.digest
        assert same(again.apply(sample.value, sample.context), _apply(sample))

    def test_a_batch_is_its_items_one_by_one(self, sample: StepSample) -> None:
        """Collating several results gives each of them at its place."""
        declared, result = sample.step.infer(sample.spec), _apply(sample)
        if not isinstance(result.data, np.ndarray) or declared.region:
            return
        tensor = InputSpec(
            name="x",
            tensor="x",
            type="tensor",
            element_type="float32",
            layout="N" + result.axes,
            shape=("N", *(None for _ in result.axes)),
        )
        batch = collate([tensor], [{"x": result}, {"x": _apply(sample)}])["x"]
        assert len(batch) == 2
        assert all(same(row, result.data) for row in batch)

    def test_refuses_what_it_cannot_take(self, sample: StepSample) -> None:
        """A value it cannot take is refused before there is one, with a remedy."""
        if sample.refused is None:
            told = "a step that does not take anything names in refused= what it does not take"
            assert sample.step.infer(Spec("prediction")) == sample.step.infer(Spec("text")), told
            return
        try:
            sample.step.infer(sample.refused)
        except PlanError as error:
            assert error.what
            assert error.fix
            assert error.where
        else:
            raise AssertionError(f"{sample.step.step} takes {sample.refused}")


def same(left: Any, right: Any) -> bool:
    """Whether two values are equal bit for bit, arrays and dtypes within them included."""
    if isinstance(left, Value) and isinstance(right, Value):
        return same(vars(left), vars(right))
    if isinstance(left, np.ndarray):
        return (
            isinstance(right, np.ndarray)
            and left.dtype == right.dtype
            and left.shape == right.shape
            and left.tobytes() == right.tobytes()
        )
    if isinstance(left, Mapping):
        return (
            isinstance(right, Mapping)
            and left.keys() == right.keys()
            and all(same(left[key], right[key]) for key in left)
        )
    return bool(left == right)


def _apply(sample: StepSample) -> Value:
    return sample.step.apply(sample.value, sample.context)


def _fits(shape: Sequence[int], declared: Sequence[int | None]) -> bool:
    return all(
        wanted is None or wanted == size for size, wanted in zip(shape, declared, strict=True)
    )
