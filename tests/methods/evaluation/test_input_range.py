from __future__ import annotations

import pytest

from dlscope.methods.evaluation.input_range import (
    RANGES,
    Affine,
    InputRange,
    declared_range,
    with_range,
)
from dlscope.methods.evaluation.step_changes import step

DECODE, CAST, TRANSPOSE = step("decode"), step("cast", to="float32"), step("transpose", to="NCHW")
RAW, UNIT, SIGNED, IMAGENET = RANGES


def steps(*middle):
    return (DECODE, CAST, *middle, TRANSPOSE)


@pytest.mark.parametrize(
    ("told", "name", "black", "white"),
    [
        ((), "raw 0–255", (0.0,), (255.0,)),
        ((step("rescale", factor=1 / 255),), "x · 0.003922", (0.0,), (1.0,)),
        ((step("normalize", scale=255),), "x/255", (0.0,), (1.0,)),
        (
            (step("normalize", mean=127.5, scale=127.5),),
            "(x − 127.5)/127.5",
            (-1.0,),
            (1.0,),
        ),
        (
            (step("normalize", mean=1, scale=255, order="divide_then_subtract"),),
            "(x − 1)/255",
            (-1.0,),
            (0.0,),
        ),
        (
            (step("normalize", mean=[0, 51, 102], scale=51),),
            "(x − [0, 51, 102])/51",
            (0.0, -1.0, -2.0),
            (5.0, 4.0, 3.0),
        ),
    ],
)
def test_reads_what_becomes_of_black_and_white(told, name, black, white) -> None:
    found = declared_range(steps(*told))
    assert found is not None
    assert found.name == name
    assert found.affine.black == pytest.approx(black)
    assert found.affine.white == pytest.approx(white)


def test_two_steps_are_one_range() -> None:
    found = declared_range(
        steps(step("rescale", factor=1 / 255), step("normalize", mean=0.5, scale=0.5))
    )
    assert found is not None
    assert found.name == "x · 0.003922 then (x − 0.5)/0.5"
    assert found.affine.is_close(SIGNED.affine)


def test_bytes_have_no_range() -> None:
    assert declared_range((DECODE, TRANSPOSE)) is None
    assert declared_range((DECODE, step("cast", to="uint8"))) is None
    wrapping = step("normalize", mean=127, scale=128, arithmetic="uint8")
    assert declared_range(steps(wrapping)) is None


def test_ranges_within_1_percent_are_the_same() -> None:
    assert Affine((-127 / 128,), (1.0,)).is_close(SIGNED.affine)
    assert not Affine((-0.97,), (1.0,)).is_close(SIGNED.affine)
    assert not UNIT.affine.is_close(SIGNED.affine)
    assert UNIT.affine.is_close(Affine((0.0,) * 3, (1.0,) * 3))


def test_the_usual_ranges_differ_from_one_another() -> None:
    close = [(a.name, b.name) for a in RANGES for b in RANGES if a.affine.is_close(b.affine)]
    assert close == [(each.name, each.name) for each in RANGES]


def test_puts_a_range_in_the_place_of_the_declared_one() -> None:
    declared = steps(step("rescale", factor=1 / 255), step("normalize", mean=0.5, scale=0.5))
    changed = with_range(declared, SIGNED)
    assert changed == steps(step("normalize", mean=127.5, scale=127.5))
    assert with_range(declared, RAW) == steps()


def test_puts_a_range_after_the_cast_where_none_is_declared() -> None:
    assert with_range(steps(), UNIT) == steps(step("normalize", mean=0.0, scale=255.0))
    assert with_range((DECODE, TRANSPOSE), UNIT) is None


def test_constants_of_channels_turn_round_with_their_order() -> None:
    turned = IMAGENET.reversed()
    assert turned.mean == (103.53, 116.28, 123.675)
    assert turned.scale == (57.375, 57.12, 58.395)
    assert turned.name == IMAGENET.name


def test_is_written_as_a_manifest_writes_it() -> None:
    assert (UNIT.mean_text, UNIT.scale_text) == ("0", "255")
    assert IMAGENET.mean_text == "[123.675, 116.28, 103.53]"
    assert InputRange("x").step is None
