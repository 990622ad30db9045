from __future__ import annotations

from typing import Any

import pytest

from dlscope.core.errors import DlscopeError, PlanError
from dlscope.core.manifest import ModelManifest, StepSpec, parse_manifest
from dlscope.pipelines.base import Spec
from dlscope.pipelines.chain import build_chain, check_inputs, check_outputs

WHERE = "inputs[0].preprocess"
GOOD: list[dict[str, Any]] = [
    {"decode": {}},
    {"resize": {"size": 8}},
    {"cast": {"to": "float32"}},
    {"transpose": {"to": "NCHW"}},
]


def specs(*steps: dict[str, Any]) -> list[StepSpec]:
    return [StepSpec(name=name, parameters=step[name]) for step in steps for name in step]


def model(
    preprocess: list[dict[str, Any]] = GOOD,
    postprocess: tuple[dict[str, Any], ...] = (),
    **changes: Any,
) -> ModelManifest:
    declared = {
        "name": "image",
        "tensor": "x",
        "type": "image",
        "element_type": "float32",
        "layout": "NCHW",
        "shape": ["N", 3, 8, 8],
        "color_mode": "RGB",
        "preprocess": preprocess,
    }
    answer = {
        "name": "y",
        "tensor": "y",
        "type": "classification",
        "element_type": "float32",
        "layout": "NK",
        "shape": ["N", 10],
        "postprocess": list(postprocess),
    }
    data = {
        "kind": "model",
        "schema_version": 1,
        "name": "m",
        "version": "1.0.0",
        "task": "image_classification",
        "license": "MIT",
        "assets": {"graph": {"source": "file:m.onnx"}},
        "inputs": [declared | changes],
        "outputs": [answer],
    }
    return parse_manifest(ModelManifest, data, str)


def refusal(error: DlscopeError) -> tuple[str, str, str]:
    return error.what, error.where, error.fix


def test_writes_every_default_out() -> None:
    (spec,) = build_chain(specs({"top_k": {}}), WHERE).specs
    assert spec == StepSpec(name="top_k", parameters={"k": 5})
    (spec,) = build_chain(specs({"crop": {"size": 4}}), WHERE).specs
    assert spec.parameters == {
        "method": "center",
        "size": [4, 4],
        "ratio": None,
        "region": "square",
        "offset_rounding": "floor",
        "pad_if_smaller": False,
    }


def test_specs_written_out_build_the_same_chain() -> None:
    chain = build_chain(specs(*GOOD), WHERE)
    assert build_chain(chain.specs, WHERE) == chain


def test_tells_every_problem_at_once() -> None:
    steps = specs(
        {"decode": {"colour": "RGB"}},
        {"resise": {}},
        {"resize": {"size": 8, "method": "bilinar"}},
        {"crop": {}},
        {"normalize": {"scale": 0}},
        {"crop": {"size": [4, 0]}},
    )
    with pytest.raises(DlscopeError) as caught:
        build_chain(steps, WHERE)
    assert [refusal(problem) for problem in caught.value.problems] == [
        ("unknown field 'colour'", f"{WHERE}[0].decode.colour", "did you mean color?"),
        ("there is no step 'resise'", f"{WHERE}[1]", "did you mean resize?"),
        (
            "'bilinar' is not a value of 'method'",
            f"{WHERE}[2].resize.method",
            "use bilinear or nearest or bicubic or area or lanczos3 (did you mean bilinear?)",
        ),
        ("crop takes either size or ratio", f"{WHERE}[3].crop", "write crop: {size: 224}"),
        (
            "scale is 0, by which nothing can be divided",
            f"{WHERE}[4].normalize",
            "give another scale",
        ),
        (
            "0 is not a value of 'size[1]'",
            f"{WHERE}[5].crop.size[1]",
            "use a number greater than 0",
        ),
    ]


REFUSED: list[tuple[list[dict[str, Any]], tuple[str, str, str]]] = [
    (
        [{"resize": {"size": 8}}],
        ("resize takes image, got encoded bytes", "[0].resize", "put decode before it"),
    ),
    (
        [{"decode": {}}, {"normalize": {}}],
        (
            "normalize takes float values, got image uint8[?, ?, 3] HWC",
            "[1].normalize",
            "put cast: {to: float32} before it",
        ),
    ),
    (
        [{"decode": {}}, {"cast": {"to": "float32"}}, {"color": {"to": "GRAY"}}],
        (
            "color takes pixels (uint8, HWC), got image float32[?, ?, 3] HWC",
            "[2].color",
            "put it before cast, normalize and transpose",
        ),
    ),
    (
        [{"decode": {}}, {"crop": {"ratio": 0.5, "offset_rounding": "none"}}],
        (
            "a crop without rounding must be followed by resize, but nothing follows",
            "[1].crop",
            "put resize right after it, or set offset_rounding to floor or round",
        ),
    ),
    (
        [
            {"decode": {}},
            {"crop": {"ratio": 0.5, "offset_rounding": "none"}},
            {"cast": {"to": "float32"}},
        ],
        (
            "a crop without rounding must be followed by resize, but cast follows",
            "[1].crop",
            "put resize right after it, or set offset_rounding to floor or round",
        ),
    ),
    (
        [{"decode": {}}, {"transpose": {"to": "CHWK"}}],
        (
            "CHWK does not reorder the axes HWC",
            "[1].transpose",
            "use the letters C, H, W once each",
        ),
    ),
    (
        [{"decode": {}}, {"cast": {"to": "float32"}}, {"normalize": {"mean": [1, 2]}}],
        ("mean has 2 numbers for 3 channels", "[2].normalize", "give one number or 3"),
    ),
    (
        [{"decode": {}}, {"cast": {"to": "float32"}}, {"cast": {"to": "uint8"}}],
        (
            "cast from float32 to uint8 needs a rounding",
            "[2].cast",
            "set rounding to nearest or truncate",
        ),
    ),
    (
        [{"decode": {}}, {"cast": {"to": "float32"}}, {"normalize": {"arithmetic": "uint8"}}],
        (
            "normalize with arithmetic uint8 takes uint8, got float32",
            "[2].normalize",
            "leave out the cast before it",
        ),
    ),
    (
        [{"decode": {}}, {"flip": {"axis": "T"}}],
        (
            "flip works along axis T, got image uint8[?, ?, 3] HWC",
            "[1].flip",
            "use one of the axes H, W, C",
        ),
    ),
]


@pytest.mark.parametrize(("steps", "expected"), REFUSED)
def test_names_the_step_that_cannot_go_on(
    steps: list[dict[str, Any]], expected: tuple[str, str, str]
) -> None:
    chain = build_chain(specs(*steps), WHERE)
    with pytest.raises(PlanError) as caught:
        chain.infer(Spec("encoded"))
    what, place, fix = expected
    assert refusal(caught.value) == (what, WHERE + place, fix)


def test_accepts_steps_that_fit() -> None:
    check_inputs(model())
    check_outputs(model(postprocess=({"softmax": {}}, {"top_k": {}})))


def test_an_unknown_size_fits_a_free_one_only() -> None:
    free = [{"decode": {}}, {"cast": {"to": "float32"}}, {"transpose": {"to": "CHW"}}]
    check_inputs(model(free, shape=["N", 3, None, None]))
    with pytest.raises(PlanError) as caught:
        check_inputs(model(free))
    assert refusal(caught.value) == (
        "the steps end in [3, ?, ?], but shape is [N, 3, 8, 8]",
        f"{WHERE}[2].transpose",
        "change the steps, or correct inputs[0].shape",
    )


LAST = f"{WHERE}[3].transpose"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"element_type": "uint8"}, ("float32, but element_type is uint8", "element_type")),
        ({"layout": "NHWC", "shape": ["N", 8, 8, 3]}, ("CHW, but layout is NHWC", "layout")),
        ({"color_mode": "BGR"}, ("RGB, but color_mode is BGR", "color_mode")),
        (
            {"shape": ["N", 3, 9, 9]},
            ("[3, 8, 8], but shape is [N, 3, 9, 9]", "shape"),
        ),
    ],
)
def test_refuses_steps_that_end_elsewhere(
    changes: dict[str, Any], expected: tuple[str, str]
) -> None:
    with pytest.raises(PlanError) as caught:
        check_inputs(model(**changes))
    what, name = expected
    fix = f"change the steps, or correct inputs[0].{name}"
    assert refusal(caught.value) == (f"the steps end in {what}", LAST, fix)


def test_tells_every_field_that_differs() -> None:
    with pytest.raises(DlscopeError) as caught:
        check_inputs(model(element_type="uint8", color_mode="BGR"))
    assert len(caught.value.problems) == 2


def test_refuses_a_layout_that_does_not_name_the_shape() -> None:
    with pytest.raises(PlanError) as caught:
        check_inputs(model(layout="NCHW", shape=["N", 3, 8]))
    assert refusal(caught.value) == (
        "layout 'NCHW' has 4 axes, shape has 3",
        "inputs[0].layout",
        "give one letter for each size",
    )


def test_refuses_steps_that_cannot_take_the_output() -> None:
    with pytest.raises(PlanError) as caught:
        check_outputs(model(postprocess=({"drop_class": {"index": 10}},)))
    assert refusal(caught.value) == (
        "there is no class 10 among 10",
        "outputs[0].postprocess[0].drop_class",
        "use an index below 10",
    )


HOOKS = {"module": "file:mine.py", "sha256": "0" * 64}


def hooked(declared: ModelManifest, **functions: str) -> ModelManifest:
    return ModelManifest.model_validate({**declared.to_json(), "hooks": {**HOOKS, **functions}})


def test_steps_in_whose_place_a_hook_runs_are_not_followed() -> None:
    check_inputs(hooked(model([{"cast": {"to": "float32"}}]), preprocess="f"))
    after = ({"drop_class": {"index": 10}},)
    check_outputs(hooked(model(postprocess=after), postprocess="f"))
    with pytest.raises(PlanError):
        check_outputs(hooked(model(postprocess=after), before_postprocess="f"))


def test_a_hook_may_follow_steps_that_end_elsewhere_but_not_steps_that_break() -> None:
    check_inputs(hooked(model([{"decode": {}}]), after_preprocess="f"))
    with pytest.raises(PlanError) as caught:
        check_inputs(hooked(model([{"cast": {"to": "float32"}}]), after_preprocess="f"))
    assert caught.value.where == f"{WHERE}[0].cast"
