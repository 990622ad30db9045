from __future__ import annotations

from pathlib import Path

import pytest

from dlscope.core.errors import FileError
from dlscope.methods.codesign.output_folder import output_folder


def test_a_folder_is_made_with_those_above_it(tmp_path: Path) -> None:
    wanted = tmp_path / "one" / "two"
    assert output_folder(wanted) == output_folder(wanted) == wanted
    assert wanted.is_dir()


def test_a_folder_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError) as refused:
        output_folder(tmp_path / "file" / "two")
    assert refused.value.what == "the folder cannot be made: Not a directory"
    assert refused.value.where == str(tmp_path / "file" / "two")
    assert refused.value.fix == (
        "name a folder that exists, or one inside a folder that you may write to"
    )
