"""The twelve rows of the golden table, as steps and as plain Pillow and NumPy."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from dlscope.core.manifest import StepSpec
from dlscope.pipelines.base import Spec, StepContext, Value
from dlscope.pipelines.chain import build_chain

Step = dict[str, Any]

CROP: Step = {"crop": {"ratio": 0.875, "offset_rounding": "none"}}
CAST: Step = {"cast": {"to": "float32"}}
REFERENCE_SCALE: list[Step] = [{"normalize": {"mean": 127, "scale": 128}}]
IMAGENET: list[Step] = [
    {"normalize": {"scale": 255}},
    {"normalize": {"mean": [0.485, 0.456, 0.406], "scale": [0.229, 0.224, 0.225]}},
]


def resize(method: str) -> Step:
    return {"resize": {"size": 224, "method": method}}


def row(
    cut: list[Step],
    scaling: list[Step] = REFERENCE_SCALE,
    *,
    color: str = "RGB",
    reinterpret: bool = False,
) -> list[Step]:
    decode: Step = {"decode": {"color": color}}
    transpose: Step = {"transpose": {"to": "NCHW", "reinterpret": reinterpret}}
    return [decode, *cut, CAST, *scaling, transpose]


def box(picture: Image.Image, side: float) -> tuple[float, float, float, float]:
    w, h = picture.size
    return ((w - side) / 2, (h - side) / 2, (w + side) / 2, (h + side) / 2)


def pixels(picture: Image.Image, method: Image.Resampling, share: float) -> NDArray[np.uint8]:
    side = min(picture.size) * share
    return np.asarray(picture.resize((224, 224), method, box=box(picture, side)))


def scaled(x: NDArray[np.uint8]) -> NDArray[np.float32]:
    return (x.astype(np.float32) - np.float32(127)) / np.float32(128)


def imagenet(x: NDArray[np.uint8]) -> NDArray[np.float32]:
    mean = np.array([0.485, 0.456, 0.406], dtype=np.float32)
    std = np.array([0.229, 0.224, 0.225], dtype=np.float32)
    return (x.astype(np.float32) / np.float32(255) - mean) / std


def reference_pixels(picture: Image.Image) -> NDArray[np.uint8]:
    return pixels(picture, Image.Resampling.BICUBIC, 224 / 256)


def chw(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return x.transpose(2, 0, 1)


BICUBIC = [CROP, resize("bicubic")]

ROWS: dict[str, tuple[list[Step], Any]] = {
    "reference": (row(BICUBIC), lambda p: chw(scaled(reference_pixels(p)))),
    "bilinear": (
        row([CROP, resize("bilinear")]),
        lambda p: chw(scaled(pixels(p, Image.Resampling.BILINEAR, 224 / 256))),
    ),
    "nearest": (
        row([CROP, resize("nearest")]),
        lambda p: chw(scaled(pixels(p, Image.Resampling.NEAREST, 224 / 256))),
    ),
    "squash": (
        row([resize("bicubic")]),
        lambda p: chw(
            scaled(np.asarray(p.resize((224, 224), Image.Resampling.BICUBIC, box=(0, 0, *p.size))))
        ),
    ),
    "whole centre square": (
        row([{"crop": {"ratio": 1, "offset_rounding": "none"}}, resize("bicubic")]),
        lambda p: chw(scaled(pixels(p, Image.Resampling.BICUBIC, 1))),
    ),
    "top-left": (
        row([{"crop": {"method": "top_left", "size": 224}}]),
        lambda p: chw(scaled(np.asarray(p)[:224, :224])),
    ),
    "BGR": (row(BICUBIC, color="BGR"), lambda p: chw(scaled(reference_pixels(p)[:, :, ::-1]))),
    "ImageNet mean/std": (row(BICUBIC, IMAGENET), lambda p: chw(imagenet(reference_pixels(p)))),
    "x/255": (
        row(BICUBIC, [{"normalize": {"scale": 255}}]),
        lambda p: chw(reference_pixels(p).astype(np.float32) / np.float32(255)),
    ),
    "raw": (row(BICUBIC, []), lambda p: chw(reference_pixels(p).astype(np.float32))),
    "NHWC bytes": (
        row(BICUBIC, reinterpret=True),
        lambda p: scaled(reference_pixels(p)).reshape(3, 224, 224),
    ),
    "half the side": (
        row([{"crop": {"ratio": 0.5, "offset_rounding": "none"}}, resize("bicubic")]),
        lambda p: chw(scaled(pixels(p, Image.Resampling.BICUBIC, 1 / 2))),
    ),
}


@pytest.fixture(scope="module", params=[(300, 260), (683, 1024)], ids=["small", "fractional box"])
def photograph(request: pytest.FixtureRequest) -> bytes:
    """The second size has a crop of side 597.625, as one of the real photographs."""
    height, width = request.param
    coarse = np.random.default_rng(1).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    picture = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


@pytest.mark.parametrize("name", ROWS)
def test_steps_equal_plain_pillow_and_numpy(name: str, photograph: bytes) -> None:
    steps, plain = ROWS[name]
    specs = [StepSpec(name=key, parameters=step[key]) for step in steps for key in step]
    chain = build_chain(specs, "inputs[0].preprocess")
    declared = chain.infer(Spec("encoded"))
    made = chain.apply(Value(photograph), StepContext())
    expected = plain(Image.open(BytesIO(photograph)).convert("RGB"))
    assert declared.shape == made.data.shape == (3, 224, 224)
    assert declared.color == made.color == ("BGR" if name == "BGR" else "RGB")
    assert made.data.dtype == expected.dtype == np.float32
    assert np.array_equal(made.data, expected)
