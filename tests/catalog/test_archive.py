from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from dlscope.catalog.archive import extract_member
from dlscope.core.errors import DataError

WHERE = "m@1.0.0, assets.graph"


def zip_of(path: Path, *members: tuple[str, bytes], mode: int = 0) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return path


def tar_of(path: Path, *members: tuple[str, bytes], kind: bytes = tarfile.REGTYPE) -> Path:
    with tarfile.open(path, "w:gz") as tape:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.type = kind
            info.linkname = "/etc/passwd"
            info.size = len(content) if kind == tarfile.REGTYPE else 0
            tape.addfile(info, io.BytesIO(content))
    return path


@pytest.mark.parametrize("make", [zip_of, tar_of])
def test_takes_one_member_out(make: Callable[..., Path], tmp_path: Path) -> None:
    archive = make(tmp_path / "a", ("below/graph.onnx", b"graph"), ("other", b"x"))
    path = extract_member(archive, "below/graph.onnx", WHERE)
    assert path.read_bytes() == b"graph"
    assert path.name.endswith("-graph.onnx")
    assert extract_member(archive, "below/graph.onnx", WHERE) == path


def test_takes_a_member_out_again_when_its_copy_changed(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", ("graph.onnx", b"graph"))
    extract_member(archive, "graph.onnx", WHERE).write_bytes(b"spoiled")
    assert extract_member(archive, "graph.onnx", WHERE).read_bytes() == b"graph"


@pytest.mark.parametrize("make", [zip_of, tar_of])
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("/etc/passwd", "has an absolute path"),
        ("../outside", "leaves the archive with .."),
        ("a/../../outside", "leaves the archive with .."),
    ],
)
def test_refuses_members_that_escape(
    make: Callable[..., Path], name: str, reason: str, tmp_path: Path
) -> None:
    archive = make(tmp_path / "archive", ("graph.onnx", b"graph"), (name, b"x"))
    with pytest.raises(DataError) as refusal:
        extract_member(archive, "graph.onnx", WHERE)
    assert refusal.value.what == f"archive is refused: member {name!r} {reason}"
    assert refusal.value.where == WHERE
    assert refusal.value.fix == "use an archive of plain files with relative names"


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (tarfile.SYMTYPE, "is a link"),
        (tarfile.LNKTYPE, "is a link"),
        (tarfile.CHRTYPE, "is a device"),
        (tarfile.FIFOTYPE, "is a device"),
    ],
)
def test_refuses_links_and_devices_in_a_tar(kind: bytes, reason: str, tmp_path: Path) -> None:
    archive = tar_of(tmp_path / "a.tar.gz", ("graph.onnx", b""), kind=kind)
    with pytest.raises(DataError) as refusal:
        extract_member(archive, "graph.onnx", WHERE)
    assert refusal.value.what == f"a.tar.gz is refused: member 'graph.onnx' {reason}"


@pytest.mark.parametrize(
    ("mode", "reason"), [(stat.S_IFLNK, "is a link"), (stat.S_IFCHR, "is a device")]
)
def test_refuses_links_and_devices_in_a_zip(mode: int, reason: str, tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", ("graph.onnx", b"/etc/passwd"), mode=mode)
    with pytest.raises(DataError) as refusal:
        extract_member(archive, "graph.onnx", WHERE)
    assert refusal.value.what == f"a.zip is refused: member 'graph.onnx' {reason}"


@pytest.mark.parametrize("make", [zip_of, tar_of])
def test_refuses_an_archive_that_grows_too_much(make: Callable[..., Path], tmp_path: Path) -> None:
    archive = make(tmp_path / "bomb", ("graph.onnx", bytes(1_000_000)))
    limit = 20 * archive.stat().st_size
    with pytest.raises(DataError) as refusal:
        extract_member(archive, "graph.onnx", WHERE)
    assert refusal.value.what == (
        f"bomb is refused: it grows to 1000000 bytes or more, beyond {limit}"
    )
    assert refusal.value.fix == "use an archive that grows at most 20 times and to at most 20 GiB"


def test_refuses_a_member_that_is_not_there(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", ("b.onnx", b"x"), ("a.onnx", b"y"))
    with pytest.raises(DataError) as refusal:
        extract_member(archive, "graph.onnx", WHERE)
    assert refusal.value.what == "a.zip has no file 'graph.onnx'"
    assert refusal.value.fix == "correct archive_member; the archive holds a.onnx, b.onnx"


def test_refuses_a_zip_that_has_a_member_without_a_name(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", ("n", b"x"))
    content = bytearray(archive.read_bytes())
    central = content.index(b"PK\x01\x02")
    content[central + 28] = 0
    archive.write_bytes(content)
    with pytest.raises(DataError):
        extract_member(archive, "n", WHERE)


def test_refuses_a_zip_whose_name_of_a_member_is_no_text(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", ("é", b"x"))
    content = bytearray(archive.read_bytes())
    content[30] = 0xFF
    archive.write_bytes(content)
    with pytest.raises(
        DataError, match=r"a\.zip is not a readable zip or tar archive: 'utf-8' codec"
    ):
        extract_member(archive, "é", WHERE)


def test_refuses_what_is_no_archive(tmp_path: Path) -> None:
    path = tmp_path / "graph.onnx"
    path.write_bytes(b"not an archive at all")
    with pytest.raises(DataError) as refusal:
        extract_member(path, "graph.onnx", WHERE)
    assert refusal.value.what.startswith("graph.onnx is not a readable zip or tar archive: ")
    assert (
        refusal.value.fix == "correct the source, or leave archive_member out if it is no archive"
    )


def test_refuses_a_spoiled_member_and_keeps_nothing(tmp_path: Path, cache: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", ("graph.onnx", b"graph" * 10))
    content = bytearray(archive.read_bytes())
    content[45] ^= 0xFF
    archive.write_bytes(content)
    with pytest.raises(DataError):
        extract_member(archive, "graph.onnx", WHERE)
    assert [path for path in cache.rglob("*") if path.is_file()] == []
