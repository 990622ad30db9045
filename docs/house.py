"""Draws `house.svg`: the rooms of dlscope on their floors, and who imports whom, from the code.

    python docs/house.py          writes docs/house.svg
    python docs/house.py --check  ends with 1 where it is not what the code says

Floors are those of `.importlinter`; what a room is for is the first sentence of its package.
"""

from __future__ import annotations

import ast
import configparser
import re
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final
from xml.sax.saxutils import escape

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "dlscope"
PICTURE = ROOT / "docs" / "house.svg"
_WIDTH, _LEFT, _TOP, _GAP = 1200, 14, 12, 14
_ROOM_HEIGHT, _FLOOR_HEIGHT, _SMALL_HEIGHT = 70, 106, 34
_LETTER = 6.1


@final
@dataclass(frozen=True)
class Room:
    """A package on its floor, what it is for, and its place in the picture, in pixels."""

    name: str
    purpose: str
    x: float
    y: float
    width: float

    @property
    def top(self) -> tuple[float, float]:
        """Where lines of those above end."""
        return self.x + self.width / 2, self.y

    @property
    def bottom(self) -> tuple[float, float]:
        """Where lines to those below begin."""
        return self.x + self.width / 2, self.y + _ROOM_HEIGHT


def floors() -> list[list[str]]:
    """Names of packages, floor by floor from the top; only those that are folders."""
    linter = configparser.ConfigParser()
    linter.read(ROOT / ".importlinter", encoding="utf-8")
    lines = linter["importlinter:contract:floors"]["layers"].strip().splitlines()
    named = [re.findall(r"\w+", line) for line in lines]
    return [[name for name in floor if (SOURCE / name).is_dir()] for floor in named]


def purpose(package: Path) -> str:
    """The first sentence of a package's own words, or of its first module's."""
    for file in (package / "__init__.py", *sorted(package.glob("*.py"))):
        if file.is_file() and (words := ast.get_docstring(ast.parse(file.read_text("utf-8")))):
            first = " ".join(words.split("\n\n")[0].split())
            return re.sub(r"`", "", first.partition(". ")[0]).rstrip(".")
    return ""


def imported(room: str) -> set[str]:
    """Other rooms that modules of `room` name in an import, wherever it stands."""
    found = set()
    for file in (SOURCE / room).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dlscope"):
                path = f"{node.module}.{node.names[0].name}".split(".")
                found.add(path[1])
    return found - {room}


def rooms() -> list[list[Room]]:
    """Every floor with its rooms laid side by side."""
    laid = []
    y = float(_TOP)
    for floor in floors():
        width = (_WIDTH - 2 * _LEFT - _GAP * (len(floor) - 1)) / len(floor)
        laid.append(
            [
                Room(name, purpose(SOURCE / name), _LEFT + index * (width + _GAP), y, width)
                for index, name in enumerate(floor)
            ]
        )
        y += _FLOOR_HEIGHT + (_SMALL_HEIGHT if floor == ["methods"] else 0)
    return laid


def picture() -> str:
    """The whole as SVG."""
    laid = rooms()
    named = {room.name: room for floor in laid for room in floor}
    height = max(room.y for room in named.values()) + _ROOM_HEIGHT + _TOP
    title = "dlscope: rooms on their floors; a line leads from a room to one that it imports"
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:g}" role="img" '
            "font-family=\"system-ui, 'Segoe UI', Helvetica, Arial, sans-serif\">",
            f"  <title>{escape(title)}</title>",
            f'  <rect width="{_WIDTH}" height="{height:g}" fill="#ffffff"/>',
            *_lines(named),
            *(text for room in named.values() for text in _box(room)),
            "</svg>\n",
        )
    )


def _lines(named: Mapping[str, Room]) -> Iterator[str]:
    for room in named.values():
        for other in sorted(imported(room.name) & named.keys()):
            (x, y), (to_x, to_y) = room.bottom, named[other].top
            bend = (to_y - y) / 2
            yield (
                f'  <path d="M{x:.0f} {y:.0f} C{x:.0f} {y + bend:.0f} {to_x:.0f} {to_y - bend:.0f} '
                f'{to_x:.0f} {to_y:.0f}" fill="none" stroke="#7f95ad" stroke-opacity="0.35"/>'
            )


def _box(room: Room) -> Iterator[str]:
    inner = _inner(room) if room.name == "methods" else []
    height = _ROOM_HEIGHT + (_SMALL_HEIGHT if inner else 0)
    yield (
        f'  <rect x="{room.x:.0f}" y="{room.y:.0f}" width="{room.width:.0f}" height="{height}" '
        'rx="5" fill="#f5f7f9" stroke="#c9d1da"/>'
    )
    x, y = room.x + room.width / 2, room.y + 19
    yield _text(x, y, room.name, 'font-size="14" font-weight="600" fill="#1d2730"')
    for index, line in enumerate(_wrapped(room)):
        yield _text(x, y + 16 + 14 * index, line, 'font-size="11" fill="#46505b"')
    yield from inner


def _wrapped(room: Room) -> Sequence[str]:
    letters = max(int((room.width - 12) / _LETTER), 8)
    return textwrap.wrap(room.purpose, letters, max_lines=3, placeholder=" …")


def _inner(room: Room) -> list[str]:
    """One small room for each method."""
    names = sorted(each.name for each in (SOURCE / "methods").iterdir() if each.is_dir())
    names = [name for name in names if not name.startswith("_")]
    width = (room.width - _GAP * (len(names) + 1)) / len(names)
    drawn = []
    for index, name in enumerate(names):
        x = room.x + _GAP + index * (width + _GAP)
        drawn.append(
            f'  <rect x="{x:.0f}" y="{room.y + 58:.0f}" width="{width:.0f}" height="30" rx="4" '
            'fill="#e6eef6" stroke="#b8c9da"/>'
        )
        drawn.append(_text(x + width / 2, room.y + 78, name, 'font-size="13" fill="#1d2730"'))
    return drawn


def _text(x: float, y: float, words: str, style: str) -> str:
    return f'  <text x="{x:.0f}" y="{y:.0f}" text-anchor="middle" {style}>{escape(words)}</text>'


def main() -> int:
    """Write the picture, or check it."""
    drawn = picture()
    if "--check" in sys.argv[1:]:
        if PICTURE.is_file() and PICTURE.read_text("utf-8") == drawn:
            return 0
        sys.stderr.write("docs/house.svg is not what the code says: python docs/house.py\n")
        return 1
    PICTURE.write_text(drawn, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
