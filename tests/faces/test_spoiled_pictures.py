"""A hundred pictures of which eight are not what they should be: all of them count."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from dlscope.testing.small_experiment import (
    COLORS,
    SmallExperiment,
    dataset_document,
    model_document,
    picture_name,
    scenario_document,
    write_graph,
    write_pictures,
    write_yaml,
)

PICTURES = 100
EMPTY = "the file is empty (step decode)"
TRUNCATED = "the picture is truncated (step decode)"
TEXT = "the file is not a picture in a known format (it begins with b'this is ') (step decode)"
BOMB = "the picture has more than 178956970 pixels (step decode)"
UNANSWERED = {
    "picture_010_2": TRUNCATED,
    "picture_020_0": EMPTY,
    "picture_030_2": TEXT,
    "picture_040_0": BOMB,
}
ANSWERED = ("picture_050_2", "picture_060_0", "picture_070_2", "picture_081_1")


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def truncated() -> bytes:
    whole = encoded(Image.effect_noise((64, 64), 90).convert("RGB"), "JPEG")
    return whole[: len(whole) // 2]


def bomb(side: int = 14_000) -> bytes:
    """A valid black PNG of one bit per pixel, `side` × `side`, in a few kilobytes."""
    rows = bytes(1 + (side + 7) // 8) * side
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def cmyk_red() -> bytes:
    return encoded(Image.new("CMYK", (32, 32), (0, 255, 255, 0)), "JPEG")


def rotated_blue() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(Image.new("RGB", (48, 32), COLORS["blue"]), "JPEG", exif=exif)


def sixteen_bit_blue() -> bytes:
    """A PNG of three channels of 16 bits, which Pillow cannot write."""
    rows = (b"\x00" + struct.pack(">HHH", 0, 0, 65535) * 32) * 32
    header = struct.pack(">IIBBBBB", 32, 32, 16, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def palette_green() -> bytes:
    return encoded(Image.new("RGB", (32, 32), COLORS["green"]).quantize(4), "PNG")


SPOILED = {
    10: truncated,
    20: lambda: b"",
    30: lambda: b"this is a text, whatever its name says",
    40: bomb,
    50: sixteen_bit_blue,
    60: cmyk_red,
    70: rotated_blue,
    81: palette_green,
}


@pytest.fixture(scope="session")
def spoiled(tmp_path_factory: pytest.TempPathFactory) -> SmallExperiment:
    folder = tmp_path_factory.mktemp("spoiled")
    write_pictures(folder / "pictures", PICTURES)
    for index, content in SPOILED.items():
        path = folder / "pictures" / picture_name(index)
        path.unlink()
        path.with_suffix(".jpg").write_bytes(content())
    return SmallExperiment(
        write_yaml(folder / "model.yaml", model_document(write_graph(folder / "colors.onnx"))),
        write_yaml(folder / "dataset.yaml", dataset_document(folder / "pictures", PICTURES)),
        write_yaml(folder / "scenario.yaml", scenario_document()),
    )


@pytest.mark.parametrize(
    "more",
    [
        pytest.param((), marks=pytest.mark.slow, id="one by one"),
        pytest.param(("--pipeline", "stream", "--batch-size", "8"), id="in batches"),
    ],
)
def test_every_picture_counts_and_every_failure_is_named(cli, spoiled, more) -> None:
    arguments = ("evaluate", spoiled.model, "-d", spoiled.dataset, "-s", spoiled.scenario)
    result = cli(*arguments, "--format", "json", *more)
    assert result.code == 0
    (accuracy,) = result.rows("accuracy")
    assert (accuracy["n"], accuracy["failed"]) == (100, 4)
    assert (accuracy["top_1_count"], accuracy["top_1"]) == (96, 0.96)
    failures = {row["item"]: row["reason"] for row in result.rows("failures")}
    assert failures == UNANSWERED
    assert result.rows("mistakes") == []
    condition = next(r for r in result.rows("validity") if r["condition"] == "failed items")
    assert (condition["measured"], condition["required"]) == ("4 of 100", "≤ 0.1 %")
    assert condition["holds"] is False
    assert result.rows("latency")[0]["valid"] is False
    claims = {finding["claim"] for finding in result.data["findings"]}
    assert "4 of 100 items gave no prediction on onnxruntime" in claims
    assert "The run of colors on onnxruntime does not count" in claims


def test_the_spoiled_pictures_are_what_their_names_say(spoiled: SmallExperiment) -> None:
    folder: Path = spoiled.dataset.parent / "pictures"
    assert len(list(folder.iterdir())) == PICTURES
    modes = {}
    for name in ANSWERED:
        with Image.open(folder / f"{name}.jpg") as picture:
            modes[name] = (picture.mode, picture.size, picture.getexif().get(0x0112))
    assert modes == {
        "picture_050_2": ("RGB", (32, 32), None),
        "picture_060_0": ("CMYK", (32, 32), None),
        "picture_070_2": ("RGB", (48, 32), 6),
        "picture_081_1": ("P", (32, 32), None),
    }
    assert (folder / "picture_050_2.jpg").read_bytes()[24] == 16
    assert len((folder / "picture_040_0.jpg").read_bytes()) < 100_000
