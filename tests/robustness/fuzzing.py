"""Feeds a reader with bytes that find their way through its code, and stops at what it crashes on.

    python -m tests.robustness.fuzzing READER [seconds]

Needs `pip install atheris`. Readers are those of `tests/faces/test_spoiled_files.py`, and
`weights.pth`. It begins with a file that is right; what is refused in words is no crash. The bytes
of a crash are left in `crash-…`, to become a row of a test.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["dlscope"]):
    from tests.faces.test_spoiled_files import FILES
    from tests.graph.test_pth import VALID

    from dlscope.core.errors import DlscopeError
    from dlscope.graph.pth import read_pth

Read = Callable[[Path], object]


def reader(name: str, folder: Path) -> tuple[bytes, Read]:
    """A file that is right, and what reads it."""
    if name == "weights.pth":
        return VALID, read_pth
    write, read = FILES[name]
    write(folder / name)
    return (folder / name).read_bytes(), read


def main() -> None:
    """Read what is made up until the time is over."""
    name = sys.argv[1]
    seconds = sys.argv[2] if len(sys.argv) > 2 else "60"
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        os.environ["DLSCOPE_CACHE"] = str(folder / "cache")
        right, read = reader(name, folder)
        corpus, path = folder / "corpus", folder / name
        corpus.mkdir()
        (corpus / "right").write_bytes(right)

        def one(content: bytes) -> None:
            path.write_bytes(content)
            try:
                read(path)
            except DlscopeError as refusal:
                assert all(each.what and each.where and each.fix for each in refusal.problems)

        options = [f"-max_total_time={seconds}", "-rss_limit_mb=4096", "-timeout=20"]
        atheris.Setup([sys.argv[0], str(corpus), *options], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
