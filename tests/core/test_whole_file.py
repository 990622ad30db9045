from __future__ import annotations

import errno
from pathlib import Path

import pytest

from dlscope.core.errors import FileError
from dlscope.core.whole_file import require_writable, unwritable, whole_file, write_whole


def test_a_file_is_there_when_all_went_well(tmp_path: Path) -> None:
    with whole_file(tmp_path / "a") as part:
        part.write_text("first", encoding="utf-8")
        assert not (tmp_path / "a").exists()
    assert (tmp_path / "a").read_text(encoding="utf-8") == "first"
    assert [each.name for each in tmp_path.iterdir()] == ["a"]


def test_what_fails_leaves_what_was_there(tmp_path: Path) -> None:
    write_whole(tmp_path / "a", b"first")
    with pytest.raises(KeyError), whole_file(tmp_path / "a") as part:
        part.write_text("half of it", encoding="utf-8")
        raise KeyError("interrupted")
    assert (tmp_path / "a").read_bytes() == b"first"
    assert [each.name for each in tmp_path.iterdir()] == ["a"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        write_whole(tmp_path / "no" / "a", "text")
    assert caught.value.describe() == (
        "FileError: the file cannot be written: No such file or directory\n"
        f"  where  {tmp_path}/no/a\n"
        "  fix    name a file in a folder that exists and that you may write to"
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here is always full")
def test_a_full_disk_is_named_and_a_device_is_written_to_as_it_is() -> None:
    with pytest.raises(FileError) as caught:
        write_whole(Path("/dev/full"), "text")
    assert caught.value.describe() == (
        "FileError: the disk is full\n"
        "  where  /dev/full\n"
        "  fix    free some space, or choose another place"
    )
    assert Path("/dev/full").is_char_device()


def test_a_quota_is_a_full_disk_too() -> None:
    assert unwritable(OSError(errno.EDQUOT, "Disk quota exceeded"), "a").what == "the disk is full"


def test_what_can_be_written_is_left_as_it_is(tmp_path: Path) -> None:
    write_whole(tmp_path / "old", "first")
    for path in (tmp_path / "old", tmp_path / "new"):
        assert require_writable(path) == path
    assert [each.name for each in tmp_path.iterdir()] == ["old"]


def test_what_cannot_be_written_is_told_before_anything_is_done(tmp_path: Path) -> None:
    fix = "  fix    name a file in a folder that exists and that you may write to"
    with pytest.raises(FileError) as caught:
        require_writable(tmp_path / "no" / "a")
    assert caught.value.describe() == (
        "FileError: the file cannot be written: No such file or directory\n"
        f"  where  {tmp_path}/no/a\n{fix}"
    )
    with pytest.raises(FileError) as caught:
        require_writable(tmp_path)
    assert caught.value.describe() == (
        f"FileError: the file cannot be written: Is a directory\n  where  {tmp_path}\n{fix}"
    )
