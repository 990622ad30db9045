"""How long do stacks take: from empty caches, found again, and anew from the caches?

Makes six stacks as one call in a folder that is thrown away: `--cold` times from nothing, each
time with the wheels fetched and compiled; then with all of them there; then `--warm` times anew
after they were removed, offline, from the wheels and the bytecode that were kept. Prints the wall
time of each call and the CPU time beside it, and the spread. Stacks whose Python is not on this
machine are named and left out.

    python benchmarks/stacks.py [--cold 1] [--warm 5] [--only onnxruntime]
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
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
    """Print a line for each kind of round, and the stacks of its last one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cold", type=int, default=1)
    parser.add_argument("--warm", type=int, default=5)
    parser.add_argument("--only", default="", help="stacks that begin so")
    given = parser.parse_args()
    asked = [text for text in ASKED if text.startswith(given.only) and _has_python(text)]
    with tempfile.TemporaryDirectory(prefix="dlscope-stacks-") as place:
        _rounds("from nothing", given.cold, asked, lambda number: _begin(Path(place, str(number))))
        _rounds("found again", given.warm, asked, lambda _number: None)
        _rounds("anew, offline", given.warm, asked, lambda _number: _remove(), offline=True)
        _remove()


def _begin(place: Path) -> None:
    """Empty caches for the installer and for dlscope."""
    if "DLSCOPE_CACHE" in os.environ:
        _remove()
    os.environ["UV_CACHE_DIR"] = str(place / "uv")
    os.environ["DLSCOPE_CACHE"] = str(place / "cache")


def _remove() -> None:
    api.remove_stacks([str(each) for each in api.stacks().table("isolated_stacks").column("stack")])


def _has_python(text: str) -> bool:
    try:
        suitable(StackRequest.parse(text).python, text)
    except StackError as error:
        print(f"left out: {text}: {error.what}")
        return False
    return True


def _rounds(
    title: str,
    count: int,
    asked: Sequence[str],
    before: Callable[[int], None],
    *,
    offline: bool = False,
) -> None:
    walls, processors = [], []
    for number in range(count):
        before(number)
        wall, processor = time.perf_counter(), _cpu_s()
        table = api.create_stacks(asked, offline=offline).table("isolated_stacks")
        walls.append(time.perf_counter() - wall)
        processors.append(_cpu_s() - processor)
    print(f"{title}: wall {_spread(walls)}, CPU {_spread(processors)}")
    for row in table:
        print(f"    {row['wait_s']:7.2f} s  {row['stack']}")


def _cpu_s() -> float:
    """CPU time of this process and of all that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _spread(seconds: Sequence[float]) -> str:
    middle = statistics.median(seconds)
    return f"{middle:.2f} s ({min(seconds):.2f} to {max(seconds):.2f}, n = {len(seconds)})"


if __name__ == "__main__":
    main()
