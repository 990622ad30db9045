"""The built-in readers keep what every reader promises."""

from __future__ import annotations

from pathlib import Path

from dlscope.testing.datasets import DatasetSuite


class TestClassImages(DatasetSuite):
    reader = "class_images"
    options = {"pattern": "picture_{index}_{label}.png"}  # noqa: RUF012
    items = 3

    def make_root(self, folder: Path) -> Path:
        for index, label in enumerate((7, 0, 7)):
            (folder / f"picture_{index:02}_{label}.png").write_bytes(bytes([index, label]))
        return folder


class TestClassImagesInFolders(DatasetSuite):
    reader = "class_images"
    options = {"pattern": "{label}/*.png", "labels": ["dog", "cat"]}  # noqa: RUF012
    items = 4

    def make_root(self, folder: Path) -> Path:
        for number, label in enumerate(("cat", "dog")):
            (folder / label).mkdir()
            (folder / label / "a.png").write_bytes(bytes([number]))
            (folder / label / "b.png").write_bytes(b"b")
        return folder


class TestDrawnText(DatasetSuite):
    reader = "drawn_text"
    options = {"count": 5, "seed": 3, "words": 2}  # noqa: RUF012
    items = 5


class TestPixelRows(DatasetSuite):
    reader = "pixel_rows"
    options = {"shape": [1, 2, 1]}  # noqa: RUF012
    items = 3

    def make_root(self, folder: Path) -> Path:
        path = folder / "rows.csv"
        path.write_text("0,255,7\n1,2,0\n1,2,1\n")
        return path


class TestPlayedNotes(DatasetSuite):
    reader = "played_notes"
    options = {  # noqa: RUF012
        "seconds": 0.1,
        "items": [
            {"id": "silence", "notes": []},
            {"id": "a4", "notes": [69]},
            {"id": "rich-a4", "notes": [69], "harmonics": 6},
        ],
    }
    items = 3


class TestRecords(DatasetSuite):
    reader = "records"
    options = {  # noqa: RUF012
        "items": [
            {"id": "sound", "input": {"zeros": [576]}, "target": {"value": 0.5}},
            {"id": "shorter", "input": {"zeros": [575]}, "target": {"value": 0.5}},
            {"id": "array", "input": {"array": [[1, 2], [3, 4]], "dtype": "int64"}},
            {"id": "text", "input": {"text": "Grüße"}, "target": ["a", 1, None]},
            {"id": "bytes", "input": {"bytes_hex": "00ff"}, "target": 1},
            {"id": "file", "input": {"file": "below/a.bin"}, "target": 1},
        ]
    }
    items = 6

    def make_root(self, folder: Path) -> Path:
        (folder / "below").mkdir()
        (folder / "below" / "a.bin").write_bytes(b"\x00\xff\x00")
        return folder


class TestLabelledScenes(DatasetSuite):
    reader = "labelled_scenes"
    options = {"format": "folder"}  # noqa: RUF012
    items = 2

    def make_root(self, folder: Path) -> Path:
        from PIL import Image

        for number in range(2):
            for name, mode in (("images", "RGB"), ("labels", "L")):
                (folder / name).mkdir(exist_ok=True)
                Image.new(mode, (3, 2), 0).save(folder / name / f"{number}.png")
        return folder
