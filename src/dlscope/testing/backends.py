"""`BackendSuite`: what every backend must do, run over yours by naming it.

class TestMine(BackendSuite):
    backend = "mine"
"""
# ruff: noqa: D102 (the names of tests say what they ask for)

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from dlscope.backends.base import Backend, Predictor
from dlscope.core import registry
from dlscope.core.errors import BackendError, FeedError, LoadError, PlanError, PluginError
from dlscope.core.version import Version
from dlscope.testing.gaps import Gap, expect_gap
from dlscope.testing.small_models import (
    SMALL_MODELS,
    identity,
    next_whole_number,
    normal,
    sum_and_difference,
)

_MODELS = pytest.mark.parametrize("name", SMALL_MODELS)
_BATCHES = pytest.mark.parametrize("batch", [1, 2, 5])


class BackendSuite:
    """Name the plugin in `backend`, its distribution where the version comes from one.

    `gaps` maps the name of a test to what stands against it.
    """

    backend: ClassVar[str]
    distribution: ClassVar[str | None] = None
    gaps: ClassVar[Mapping[str, Gap]] = {}

    @pytest.fixture(autouse=True)
    def _declared_gaps(self, request: pytest.FixtureRequest) -> None:
        expect_gap(request, self.gaps)

    @pytest.fixture
    def subject(self) -> Backend:
        """The backend; the test is skipped where its framework is not installed."""
        try:
            backend: Backend = registry.load("backends", self.backend)()
        except PluginError as error:
            pytest.skip(error.what)
        return backend

    @pytest.fixture
    def opened(self, subject: Backend, tmp_path: Path) -> Iterator[Predictor]:
        """A predictor of a model from float32 x[N, 3, 12, 12] to y[N, 8, 6, 6]."""
        path = SMALL_MODELS["convolutions"].build(tmp_path / "model.onnx")
        with subject.open(path) as predictor:
            yield predictor

    @_BATCHES
    @_MODELS
    def test_computes_what_the_reference_computes(
        self, subject: Backend, tmp_path: Path, name: str, batch: int
    ) -> None:
        small = SMALL_MODELS[name]
        path = small.build(tmp_path / f"{name}.onnx")
        feeds = {"x": small.feed(batch)}
        with _reference().open(path) as oracle, subject.open(path) as predictor:
            wanted = oracle.predict(feeds)["y"]
            got = predictor.predict(feeds)["y"]
        largest = float(np.abs(wanted).max())
        difference = float(np.abs(got - wanted).max())
        assert difference <= subject.tolerance * largest, (
            f"{self.backend} differs from the reference by {difference:.3g} "
            f"where the largest value is {largest:.3g}"
        )

    @_BATCHES
    @_MODELS
    def test_outputs_are_as_declared(
        self, subject: Backend, tmp_path: Path, name: str, batch: int
    ) -> None:
        small = SMALL_MODELS[name]
        with subject.open(small.build(tmp_path / f"{name}.onnx")) as predictor:
            outputs = predictor.predict({"x": small.feed(batch)})
            (spec,) = predictor.outputs
        assert list(outputs) == ["y"]
        assert type(outputs["y"]) is np.ndarray
        assert outputs["y"].flags.c_contiguous
        assert outputs["y"].dtype == spec.numpy_dtype
        assert spec.accepts(outputs["y"].shape), f"{outputs['y'].shape} is not {spec}"
        assert outputs["y"].shape[0] == batch

    def test_declares_inputs_and_outputs_of_the_graph(self, opened: Predictor) -> None:
        assert [(spec.name, str(spec)) for spec in opened.inputs] == [
            ("x", "float32[?, 3, 12, 12]")
        ]
        assert [(spec.name, str(spec)) for spec in opened.outputs] == [("y", "float32[?, 8, 6, 6]")]

    def test_keeps_names_and_order_of_several_tensors(
        self, subject: Backend, tmp_path: Path
    ) -> None:
        with subject.open(sum_and_difference(tmp_path / "model.onnx")) as predictor:
            a, b = np.full((2, 3, 4, 4), 3, np.float32), np.ones((2, 3, 4, 4), np.float32)
            outputs = predictor.predict({"a:0": a, "b.1": b})
        assert list(outputs) == ["plus", "minus"]
        assert {name: float(array.flat[0]) for name, array in outputs.items()} == {
            "plus": 4,
            "minus": 2,
        }

    def test_whole_numbers_keep_their_64_bits(self, subject: Backend, tmp_path: Path) -> None:
        with subject.open(next_whole_number(tmp_path / "model.onnx")) as predictor:
            output = predictor.predict({"x": np.array([2**40])})["y"]
        assert output.dtype == np.int64
        assert output.tolist() == [2**40 + 1]

    def test_leaves_its_feeds_untouched(self, opened: Predictor) -> None:
        array = _images(2)
        before = array.copy()
        opened.predict({"x": array})
        np.testing.assert_array_equal(array, before)

    def test_takes_arrays_it_may_not_write_to(self, opened: Predictor) -> None:
        array = _images(2)
        wanted = opened.predict({"x": array})["y"]
        array.flags.writeable = False
        np.testing.assert_array_equal(opened.predict({"x": array})["y"], wanted)

    @pytest.mark.parametrize("step", [-1, 2])
    def test_takes_arrays_with_gaps_or_backward_steps(self, opened: Predictor, step: int) -> None:
        array = np.repeat(_images(2), 2, axis=3)[..., ::step][..., :12]
        wanted = opened.predict({"x": np.ascontiguousarray(array)})["y"]
        np.testing.assert_array_equal(opened.predict({"x": array})["y"], wanted)

    def test_outputs_belong_to_the_caller(self, opened: Predictor) -> None:
        first = opened.predict({"x": _images(2)})["y"]
        kept = first.copy()
        second = opened.predict({"x": _images(2) + 1})["y"]
        assert not np.shares_memory(first, second)
        np.testing.assert_array_equal(first, kept)
        first.fill(7)
        np.testing.assert_array_equal(opened.predict({"x": _images(2)})["y"], kept)

    def test_never_hands_out_the_memory_it_was_fed(self, subject: Backend, tmp_path: Path) -> None:
        array = normal(3, 4, 4)(2)
        with subject.open(identity(tmp_path / "identity.onnx")) as predictor:
            output = predictor.predict({"x": array})["y"]
        assert not np.shares_memory(array, output)

    def test_refuses_a_missing_input(self, opened: Predictor) -> None:
        with pytest.raises(FeedError) as refusal:
            opened.predict({})
        assert str(refusal.value) == (
            "FeedError: input 'x' is missing\n"
            f"  where  {type(opened).__name__}\n"
            "  fix    feed x: float32[?, 3, 12, 12]"
        )

    def test_refuses_an_unknown_input(self, opened: Predictor) -> None:
        with pytest.raises(FeedError) as refusal:
            opened.predict({"x": _images(1), "xx": _images(1)})
        assert str(refusal.value) == (
            "FeedError: there is no input 'xx'\n"
            f"  where  {type(opened).__name__}\n"
            "  fix    did you mean x?"
        )

    @pytest.mark.parametrize(
        ("array", "got"),
        [
            (np.zeros((1, 3, 12, 12), np.float64), "float64[1, 3, 12, 12]"),
            (np.zeros((1, 3, 12, 12), np.int64), "int64[1, 3, 12, 12]"),
            (np.zeros((1, 12, 12, 3), np.float32), "float32[1, 12, 12, 3]"),
            (np.zeros((3, 12, 12), np.float32), "float32[3, 12, 12]"),
        ],
        ids=["float64", "int64", "NHWC", "unbatched"],
    )
    def test_refuses_another_dtype_or_shape(self, opened: Predictor, array: Any, got: str) -> None:
        with pytest.raises(FeedError) as refusal:
            opened.predict({"x": array})
        assert str(refusal.value) == (
            f"FeedError: input 'x' is float32[?, 3, 12, 12], got {got}\n"
            f"  where  {type(opened).__name__}\n"
            "  fix    convert the array, or correct element_type and shape in the manifest"
        )

    def test_refuses_what_is_not_an_array(self, opened: Predictor) -> None:
        with pytest.raises(FeedError) as refusal:
            opened.predict({"x": [[1.0]]})  # type: ignore[dict-item]  # the point of the test
        assert str(refusal.value) == (
            "FeedError: input 'x' is float32[?, 3, 12, 12], got list, not a NumPy array\n"
            f"  where  {type(opened).__name__}\n"
            "  fix    feed a NumPy array of float32[?, 3, 12, 12]"
        )

    def test_predict_after_close_is_refused(self, opened: Predictor) -> None:
        opened.close()
        with pytest.raises(BackendError) as refusal:
            opened.predict({"x": _images(1)})
        assert str(refusal.value) == (
            "BackendError: predict was called after close\n"
            f"  where  {type(opened).__name__}\n"
            "  fix    open the model again"
        )

    def test_closing_twice_does_nothing(self, opened: Predictor) -> None:
        opened.close()
        opened.close()

    def test_two_predictors_live_side_by_side(self, subject: Backend, tmp_path: Path) -> None:
        path = SMALL_MODELS["convolutions"].build(tmp_path / "model.onnx")
        with subject.open(path) as first, subject.open(path, {"threads": 2}) as second:
            wanted = first.predict({"x": _images(2)})["y"]
            got = second.predict({"x": _images(2)})["y"]
            second.close()
            again = first.predict({"x": _images(2)})["y"]
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5)
        np.testing.assert_array_equal(again, wanted)

    def test_refuses_a_missing_file(self, subject: Backend, tmp_path: Path) -> None:
        path = tmp_path / "absent.onnx"
        with pytest.raises(LoadError) as refusal:
            subject.open(path)
        assert str(refusal.value) == (
            "LoadError: there is no such model file\n"
            f"  where  {path}\n"
            "  fix    check the path of the graph"
        )

    @pytest.mark.parametrize("content", [b"", b"not a model " * 20], ids=["empty", "garbage"])
    def test_refuses_a_file_that_is_no_model(
        self, subject: Backend, tmp_path: Path, content: bytes
    ) -> None:
        path = tmp_path / "bad.onnx"
        path.write_bytes(content)
        with pytest.raises(LoadError) as refusal:
            subject.open(path)
        assert refusal.value.where == str(path)
        assert refusal.value.what
        assert refusal.value.fix

    def test_refuses_an_unknown_option(self, subject: Backend) -> None:
        with pytest.raises(PlanError) as refusal:
            subject.check({"thread": 1})
        assert str(refusal.value) == (
            f"PlanError: backend {subject.name!r}: unknown option 'thread'\n"
            "  where  framework.options.thread\n"
            "  fix    did you mean threads?"
        )

    def test_refuses_no_threads(self, subject: Backend) -> None:
        with pytest.raises(PlanError) as refusal:
            subject.check({"threads": 0})
        assert str(refusal.value) == (
            f"PlanError: backend {subject.name!r}: option 'threads' is 0\n"
            "  where  framework.options.threads\n"
            "  fix    use a number greater than or equal to 1"
        )

    def test_options_are_written_out_with_their_defaults(self, subject: Backend) -> None:
        assert subject.check({}).to_json()["threads"] == 1
        assert subject.check(subject.check({}).to_json()) == subject.check({})

    def test_is_named_as_it_is_declared(self, subject: Backend) -> None:
        assert subject.name == self.backend
        assert subject.formats
        assert subject.devices
        assert "MODEL" in subject.levels

    def test_version_is_exact(self, subject: Backend) -> None:
        assert str(Version.parse(subject.version()))
        if self.distribution is not None:
            assert subject.version() == importlib.metadata.version(self.distribution)

    def test_report_is_plain_data(self, opened: Predictor) -> None:
        report = dict(opened.report())
        assert json.loads(json.dumps(report)) == report


def _reference() -> Backend:
    reference: Backend = registry.load("backends", "reference")()
    return reference


def _images(batch: int) -> Any:
    return SMALL_MODELS["convolutions"].feed(batch)
