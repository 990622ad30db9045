"""How long does a stack take: from an empty cache, again, and anew from the installer's cache?

Makes six stacks three times in a folder that is thrown away, each time as one call, and prints the
seconds of each. Bytecode is compiled whenever one is made. Stacks whose Python is not on this
machine are named and left out.

    python benchmarks/stacks.py
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

from dlscope import api
from dlscope.core.errors import StackError
from dlscope.stacks.asking import StackRequest
from dlscope.stacks.interpreters import suitable

ASKED = (
    "onnxruntime==1.18.0,python==3.10",
    "onnxruntime==1.31.1,python==3.12",
    "onnxruntime==1.22.1,python==3.13",
    "mxnet==1.9.1,python==3.8",
    "openvino==2026.4.1,python==3.11",
    "torch==2.13.0,python==3.11",
)


def main() -> None:
    """Print a line for each round and stack."""
    asked = [text for text in ASKED if _has_python(text)]
    with tempfile.TemporaryDirectory(prefix="dlscope-stacks-") as place:
        os.environ["UV_CACHE_DIR"] = str(Path(place) / "uv")
        os.environ["DLSCOPE_CACHE"] = str(Path(place) / "cache")
        _round("from nothing", asked)
        _round("again", asked)
        for each in api.stacks().table("isolated_stacks").column("stack"):
            api.remove_stacks(str(each))
        _round("made anew from the installer's cache, offline", asked, offline=True)
        shutil.rmtree(Path(place) / "uv")


def _has_python(text: str) -> bool:
    try:
        suitable(StackRequest.parse(text).python, text)
    except StackError as error:
        print(f"left out: {text}: {error.what}")
        return False
    return True


def _round(title: str, asked: list[str], *, offline: bool = False) -> None:
    began = time.perf_counter()
    table = api.create_stacks(asked, offline=offline).table("isolated_stacks")
    print(f"{title}: {time.perf_counter() - began:.1f} s")
    for row in table:
        print(f"    {row['wait_s']:7.2f} s  {row['stack']}")


if __name__ == "__main__":
    main()
