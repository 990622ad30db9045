from __future__ import annotations

from typing import Any

import pytest

from dlscope.core.errors import ManifestError


def steps(converted: Any) -> list[tuple[str, dict[str, Any]]]:
    return [(step.name, dict(step.parameters)) for step in converted.model.inputs[0].preprocess]


def notes(converted: Any) -> list[str]:
    return [note.removeprefix("inputs[0]: ") for note in converted.notes if "inputs[0]" in note]


def test_parameters_become_steps(convert) -> None:
    assert steps(convert()) == [
        ("decode", {"color": "RGB"}),
        ("resize", {"size": [8, 6], "mode": "exact"}),
        ("cast", {"to": "float32"}),
        ("normalize", {"mean": [1.0, 2.0, 3.0], "scale": [4.0, 4.0, 4.0]}),
        ("transpose", {"to": "NCHW"}),
    ]


def test_the_tensor_has_a_batch_that_dimensions_leave_out(convert) -> None:
    (image,) = convert().model.inputs
    assert (image.tensor, image.layout, image.shape) == ("data", "NCHW", ("N", 3, 8, 6))
    (image,) = convert({"layout": "HWC"}).model.inputs
    assert (image.layout, image.shape) == ("NHWC", ("N", 8, 6, 3))
    assert "transpose" not in [step.name for step in image.preprocess]


@pytest.mark.parametrize("dimensions", [7, [7]])
def test_one_number_is_a_square(convert, dimensions) -> None:
    assert convert({"dimensions": dimensions}).model.inputs[0].shape == ("N", 3, 7, 7)


def test_without_dimensions_any_size_is_taken(convert) -> None:
    found = convert({"dimensions": None})
    assert found.model.inputs[0].shape == ("N", 3, None, None)
    assert "resize" not in dict(steps(found))


@pytest.mark.parametrize(
    ("image", "mean", "scale"),
    [
        ({"mean": None}, [0, 0, 0], [4, 4, 4]),
        ({"scale": None}, [1, 2, 3], [1, 1, 1]),
        ({"mean": 5}, [5, 5, 5], [4, 4, 4]),
        # Written in the order red, green, blue, whatever the network takes.
        ({"color_mode": "BGR"}, [3, 2, 1], [4, 4, 4]),
        ({"color_mode": "BGR", "scale": [7, 8, 9]}, [3, 2, 1], [9, 8, 7]),
    ],
)
def test_mean_and_scale_are_of_each_channel(convert, image, mean, scale) -> None:
    assert dict(steps(convert(image)))["normalize"] == {"mean": mean, "scale": scale}


def test_neither_mean_nor_scale_is_no_step(convert) -> None:
    assert "normalize" not in dict(steps(convert({"mean": None, "scale": None})))


def test_bytes_are_neither_cast_nor_normalised(convert) -> None:
    found = convert({"element_type": "uint8"})
    assert {"cast", "normalize"}.isdisjoint(dict(steps(found)))
    assert "mean and scale are left out, since the input takes bytes" in notes(found)


def test_the_longest_side_and_a_crop_are_kept(convert) -> None:
    found = convert({"max_dimension": 513, "keep_aspect_ratio": True, "dimensions": None})
    assert dict(steps(found))["resize"] == {"size": [513, 513], "mode": "max_dimension"}
    found = convert({"crop_method": "center", "crop_ratio": 0.875})
    assert dict(steps(found))["crop"] == {"method": "center", "ratio": 0.875}
    assert [name for name, _ in steps(found)][1:3] == ["crop", "resize"]


@pytest.mark.parametrize(
    ("image", "note"),
    [
        ({}, "the method of resizing is not recorded; bilinear is assumed"),
        ({"input_layer": 0}, "layer 0 is a position; correct tensor"),
        ({"input_layer": None}, "no layer is named; correct tensor"),
        ({"layout": None}, "no layout is given; CHW is assumed"),
        ({"gamma": 2.2}, "parameter gamma has no place: 2.2"),
    ],
)
def test_what_is_not_recorded_is_told(convert, image, note: str) -> None:
    assert note in notes(convert(image))


def test_the_older_name_of_a_layer_is_read(convert) -> None:
    found = convert({"input_layer": None, "layer_name": "old"})
    assert found.model.inputs[0].tensor == "old"


@pytest.mark.parametrize(
    ("parameters", "what", "fix"),
    [
        ({"layout": "tight"}, "'tight' is not a layout of pictures", "use CHW or HWC"),
        (
            {"dimensions": [3, "8", 6]},
            "dimensions are [3, '8', 6]",
            "give channels, height and width",
        ),
        ({"dimensions": []}, "dimensions are []", "give channels, height and width"),
        (
            {"mean": [1, "2-", 3]},
            "mean is [1, '2-', 3]",
            "give one number, or one for each channel",
        ),
        ({"scale": {"r": 1}}, "scale is {'r': 1}", "give one number, or one for each channel"),
    ],
)
def test_parameters_that_are_none_are_refused(convert, parameters, what: str, fix: str) -> None:
    with pytest.raises(ManifestError) as refusal:
        convert(parameters)
    assert str(refusal.value) == f"ManifestError: {what}\n  where  inputs[0]\n  fix    {fix}"
