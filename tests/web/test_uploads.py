from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tests.web.conftest import archive, picture

from dlscope.catalog.assets import open_dataset
from dlscope.catalog.finder import find
from dlscope.core.errors import RequestError
from dlscope.web.uploads import MOST_FILE_BYTES, MOST_FILES, Uploads

TASK = "image_classification"


@pytest.fixture
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Uploads:
    monkeypatch.setenv("DLSCOPE_CATALOG", "")
    made = Uploads(tmp_path / "uploads")
    made.publish()
    return made


def test_a_picture_becomes_a_data_set_of_the_catalog(uploads: Uploads) -> None:
    name = uploads.add("my cat.PNG", io.BytesIO(picture()), TASK)
    data = open_dataset(find("datasets", name))
    assert [item.id for item in data] == ["0000-my_cat"]
    assert next(iter(data)).input == picture()
    assert next(iter(data)).target is None


def test_the_same_files_are_the_same_data_set(uploads: Uploads) -> None:
    first = uploads.add("a.png", io.BytesIO(picture()), TASK)
    assert uploads.add("a.png", io.BytesIO(picture()), TASK) == first
    assert uploads.add("a.png", io.BytesIO(picture("blue")), TASK) != first
    assert len(list(uploads.folder.iterdir())) == 2


def test_folders_of_an_archive_are_labels(uploads: Uploads) -> None:
    files = {"0/a.png": picture(), "2/b.png": picture("blue")}
    manifest = find("datasets", uploads.add("all.zip", archive(files), TASK))
    assert [item.target for item in open_dataset(manifest)] == [{"label": 0}, {"label": 2}]
    assert manifest.classes is None  # more may be known to the model than are shown here


def test_a_text_is_read_as_text(uploads: Uploads) -> None:
    name = uploads.add("a.txt", io.BytesIO("grüße".encode()), "text_embedding")
    (item,) = open_dataset(find("datasets", name))
    assert item.input == "grüße"


def test_what_the_server_ends_with_is_not_in_the_catalog(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    assert str(uploads.folder) in os.environ["DLSCOPE_CATALOG"]
    uploads.withdraw()
    assert "DLSCOPE_CATALOG" not in os.environ


def one(name: str, content: bytes = b"x") -> io.BytesIO:
    return archive({name: content})


def link() -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        info = zipfile.ZipInfo("a.png")
        info.external_attr = 0o120777 << 16
        made.writestr(info, "/etc/passwd")
    out.seek(0)
    return out


def lying() -> io.BytesIO:
    """An archive whose directory promises less than there is."""
    content = archive({"a.txt": b"a" * 1000}).getvalue()
    size = (1000).to_bytes(4, "little")
    place = content.rindex(b"PK\x01\x02") + 24
    assert content[place : place + 4] == size
    return io.BytesIO(content[:place] + (10).to_bytes(4, "little") + content[place + 4 :])


@pytest.mark.parametrize(
    ("name", "file", "what", "fix"),
    [
        (
            "a.zip",
            one("../a.png"),
            "'../a.png' leaves the archive",
            "send plain files with relative names",
        ),
        (
            "a.zip",
            one("x/..\\..\\a.png"),
            "'x/..\\\\..\\\\a.png' leaves the archive",
            "send plain files with relative names",
        ),
        (
            "a.zip",
            one("/etc/a.png"),
            "'/etc/a.png' leaves the archive",
            "send plain files with relative names",
        ),
        ("a.zip", link(), "'a.png' is not a plain file", "send plain files"),
        (
            "a.zip",
            archive({"a.txt": b"a" * 1_000_000}, zipfile.ZIP_DEFLATED),
            "it grows to 1000000 bytes, too many for what was sent",
            "send files that grow at most 20 times and to 256 MiB",
        ),
        (
            "a.zip",
            archive({f"{number}.txt": b"" for number in range(MOST_FILES + 1)}),
            "it holds 2001 files",
            "send at most 2000",
        ),
        (
            "a.zip",
            one("a.py"),
            "'a.py' is of a kind that cannot be read",
            "send .png, .jpg, .jpeg, .bmp, .webp, .wav, .txt, or a .zip of them",
        ),
        (
            "a.zip",
            archive({}),
            "there is nothing in it to measure",
            "send .png, .jpg, .jpeg, .bmp, .webp, .wav, .txt",
        ),
        (
            "a.png",
            io.BytesIO(b"\x89PNG no"),
            "'a.png' is not a picture in a known format",
            "save it as PNG or JPEG",
        ),
        ("a.txt", io.BytesIO(b"\xff\xfe"), "'a.txt' is not UTF-8 text", "save it as UTF-8"),
        (
            "a.txt",
            io.BytesIO(b"a" * (MOST_FILE_BYTES + 1)),
            "'a.txt' is too large",
            "send files of at most 20 MiB",
        ),
        (
            "model.onnx",
            io.BytesIO(b"x"),
            "'model.onnx' is of a kind that cannot be read",
            "send .png, .jpg, .jpeg, .bmp, .webp, .wav, .txt, or a .zip of them",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refuses(uploads: Uploads, name: str, file: io.BytesIO, what: str, fix: str) -> None:
    file.seek(0)
    with pytest.raises(RequestError) as caught:
        uploads.add(name, file, TASK)
    assert str(caught.value) == f"RequestError: {what}\n  where  upload\n  fix    {fix}"
    assert list(uploads.folder.iterdir()) == []


def test_an_archive_that_promises_less_than_there_is_gets_nowhere(uploads: Uploads) -> None:
    with pytest.raises(RequestError):
        uploads.add("a.zip", lying(), TASK)
    assert list(uploads.folder.iterdir()) == []


def test_a_picture_of_too_many_pixels_is_refused_by_its_header(uploads: Uploads) -> None:
    out = io.BytesIO()
    Image.new("1", (60_000, 1_000)).save(out, "PNG")
    out.seek(0)
    with pytest.raises(RequestError, match=r"has 60000 × 1000 pixels"):
        uploads.add("wide.png", out, TASK)


@given(name=st.text(min_size=1, max_size=40))
def test_whatever_a_file_is_called_it_lies_inside(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    made = Uploads(folder)
    try:
        data_set = made.add(f"{name}.txt", io.BytesIO(b"hello"), TASK)
    except RequestError:
        return
    (manifest,) = folder.glob("*/dataset.yaml")
    assert manifest.parent.name == data_set
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) == 2
    (item,) = yaml.safe_load(manifest.read_text(encoding="utf-8"))["options"]["items"]
    assert item["input"] == {"text": "hello"}
