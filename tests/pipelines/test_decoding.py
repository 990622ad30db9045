from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from dlscope.core.errors import DataError
from dlscope.pipelines.base import StepContext, Value
from dlscope.pipelines.image import Decode

CONTEXT = StepContext()


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def decoded(data: bytes, **options: object) -> Value:
    return Decode.model_validate(options).apply(Value(data), CONTEXT)


def png_of(width: int, height: int) -> bytes:
    """A PNG whose header claims `width` × `height` pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def test_gives_the_pixels_of_pillow(photograph: Image.Image) -> None:
    jpeg = encoded(photograph, "JPEG", quality=90)
    value = decoded(jpeg)
    expected = np.asarray(Image.open(BytesIO(jpeg)).convert("RGB"))
    assert np.array_equal(value.data, expected)
    assert value.original_size == (97, 71)
    assert value.axes == "HWC"


def test_reverses_the_channels_for_bgr(png: bytes) -> None:
    assert np.array_equal(decoded(png, color="BGR").data, decoded(png).data[:, :, ::-1])


def test_gives_one_channel_for_gray(png: bytes, photograph: Image.Image) -> None:
    value = decoded(png, color="GRAY")
    assert np.array_equal(value.data[:, :, 0], np.asarray(photograph.convert("L")))
    assert value.color == "GRAY"


def test_decodes_cmyk(photograph: Image.Image) -> None:
    data = encoded(photograph.convert("CMYK"), "JPEG", quality=95)
    picture = Image.open(BytesIO(data))
    assert picture.mode == "CMYK"
    pixels = decoded(data).data
    assert np.array_equal(pixels, np.asarray(picture.convert("RGB")))
    assert np.abs(pixels.astype(int) - np.asarray(photograph)).mean() < 4


def test_takes_the_high_byte_of_sixteen_bits() -> None:
    samples = np.array([[0, 255, 256], [40000, 65280, 65535]], dtype=np.uint16)
    pixels = decoded(encoded(Image.fromarray(samples), "PNG")).data
    expected = np.array([[0, 0, 1], [156, 255, 255]], dtype=np.uint8)
    assert np.array_equal(pixels, np.repeat(expected[:, :, np.newaxis], 3, axis=2))


def test_looks_up_the_palette(photograph: Image.Image) -> None:
    palette = photograph.quantize(16)
    pixels = decoded(encoded(palette, "PNG")).data
    assert np.array_equal(pixels, np.asarray(palette.convert("RGB")))


def test_drops_the_transparency_of_a_palette_without_a_warning(photograph: Image.Image) -> None:
    palette = photograph.quantize(16)
    data = encoded(palette, "PNG", transparency=bytes([0, 128] + [255] * 14))
    assert np.array_equal(decoded(data).data, np.asarray(palette.convert("RGB")))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turns_a_picture_as_its_exif_says(photograph: Image.Image, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(photograph, "PNG", exif=exif)
    upright = ImageOps.exif_transpose(Image.open(BytesIO(data)))
    value = decoded(data)
    assert np.array_equal(value.data, np.asarray(upright))
    assert value.original_size == upright.size
    assert np.array_equal(decoded(data, exif="ignore").data, np.asarray(photograph))


def test_drops_alpha_or_lays_it_over_white() -> None:
    picture = Image.fromarray(np.full((2, 2, 4), (200, 100, 0, 51), dtype=np.uint8), "RGBA")
    data = encoded(picture, "PNG")
    assert decoded(data).data[0, 0].tolist() == [200, 100, 0]
    # 255 + (c − 255) · 51/255
    assert decoded(data, alpha="composite_white").data[0, 0].tolist() == [244, 224, 204]


def test_takes_the_first_frame_of_an_animation() -> None:
    frames = [Image.new("RGB", (4, 4), color) for color in ("red", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert decoded(data).data[0, 0].tolist() == [255, 0, 0]


def test_ignores_spoiled_exif_without_a_warning(photograph: Image.Image) -> None:
    data = encoded(photograph, "JPEG", exif=b"Exif\0\0MM\0*\0\0\xff\xffspoiled")
    assert decoded(data).data.shape == (71, 97, 3)


LEAVE_OUT = "replace the file, or leave the item out"
TOO_LARGE = "raise max_pixels of decode if the file can be trusted, or leave the item out"

REFUSED = [
    ("empty", b"", "the file is empty", LEAVE_OUT),
    (
        "text",
        b"hello, I am no picture",
        "the file is not a picture in a known format (it begins with b'hello, I')",
        LEAVE_OUT,
    ),
    (
        "header only",
        b"\xff\xd8\xff\xe0",
        "the file begins like JPEG, but its header is cut off or spoiled",
        LEAVE_OUT,
    ),
    # 20 000 × 20 000: Pillow itself refuses; 15 000 × 15 000: Pillow only warns.
    ("bomb", png_of(20000, 20000), "the picture has more than 178956970 pixels", TOO_LARGE),
    ("small bomb", png_of(15000, 15000), "the picture has more than 178956970 pixels", TOO_LARGE),
    ("short data", png_of(500, 500), "the picture is truncated", LEAVE_OUT),
]


@pytest.mark.parametrize(
    ("data", "what", "fix"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_refuses_a_spoiled_file(data: bytes, what: str, fix: str) -> None:
    with pytest.raises(DataError) as caught:
        decoded(data)
    assert str(caught.value) == f"DataError: {what}\n  where  step decode\n  fix    {fix}"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP"])
def test_refuses_a_truncated_file(kind: str, photograph: Image.Image) -> None:
    data = encoded(photograph, kind)
    with pytest.raises(DataError) as caught:
        decoded(data[: len(data) // 2])
    assert caught.value.what == "the picture is truncated"


def test_refuses_more_pixels_than_allowed(png: bytes) -> None:
    with pytest.raises(DataError) as caught:
        decoded(png, max_pixels=97 * 71 - 1)
    assert caught.value.what == "the picture has more than 6886 pixels"
    assert decoded(png, max_pixels=97 * 71).data.shape == (71, 97, 3)


def test_refuses_samples_without_a_range() -> None:
    data = encoded(Image.fromarray(np.zeros((2, 2), dtype=np.float32)), "TIFF")
    with pytest.raises(DataError) as caught:
        decoded(data)
    what = "the picture has samples of 32 bits (mode F), which have no agreed range"
    assert caught.value.what == what


def test_refuses_what_is_not_bytes() -> None:
    with pytest.raises(DataError) as caught:
        Decode().apply(Value(np.zeros(3)), CONTEXT)
    assert caught.value.what == "decode takes encoded bytes, the item is ndarray"
