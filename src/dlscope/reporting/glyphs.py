"""`Glyphs`: the signs, strips and bars of the terminal, in Unicode or in plain ASCII."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from dlscope.core.report import Sign
from dlscope.core.units import POWER_OF_TEN, exponent_of
from dlscope.reporting.axis import Axis
from dlscope.reporting.cells import Shown

Encoding = Literal["utf-8", "ascii"]

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_ASCII = str.maketrans(
    {
        "\u2212": "-",
        "\u202f": "",
        "–": "-",
        "—": "-",
        "…": "...",
        "µ": "u",
        "×": "x",
        "÷": "/",
        "·": "*",
        "±": "+-",
        "≤": "<=",
        "≥": ">=",
        "→": "->",
        "←": "<-",
        "∞": "inf",
        "Δ": "d",
        "“": '"',
        "”": '"',
        "‘": "'",
        "’": "'",
    }
)


@dataclass(frozen=True)
class Glyphs:
    """One way to write signs and drawings; `encoding` says which characters may appear."""

    encoding: Encoding

    def sign(self, sign: Sign) -> str:
        """`✓ ● ▲ ✕`, or `ok * ! x`."""
        signs: dict[Sign, str] = {"good": "✓", "note": "●", "warn": "▲", "bad": "✕"}
        plain: dict[Sign, str] = {"good": "ok", "note": "*", "warn": "!", "bad": "x"}
        return plain[sign] if self.encoding == "ascii" else signs[sign]

    def text(self, text: str) -> str:
        """`text`, put into ASCII where that is asked; what has no likeness becomes `?`."""
        if self.encoding != "ascii":
            return text
        text = POWER_OF_TEN.sub(_in_e_notation, text)
        text = unicodedata.normalize("NFKD", text.translate(_ASCII))
        kept = "".join(c for c in text if not unicodedata.combining(c))
        return kept.encode("ascii", "replace").decode("ascii")

    def strip(self, cell: Shown, axis: Axis, length: int) -> str:
        """The interval of `cell` on `axis`: `···━┃━··`, or why there is none."""
        if cell.number is None:
            return ""
        if axis.is_off(cell):
            return self.text("off scale →")
        ground, band, tick = ".-|" if self.encoding == "ascii" else "·━┃"
        marks = [ground] * length
        if cell.lo is not None and cell.hi is not None:
            first, last = sorted(_slot(axis, end, length) for end in (cell.lo, cell.hi))
            marks[first : last + 1] = [band] * (last + 1 - first)
        marks[_slot(axis, cell.number, length)] = tick
        return "".join(marks)

    def bar(self, share: float, length: int) -> str:
        """A bar filled to `share` (0 to 1) of `length` characters, by eighths of one."""
        if self.encoding == "ascii":
            return "#" * round(share * length)
        whole, eighths = divmod(round(share * length * 8), 8)
        return ("█" * whole + _EIGHTHS[eighths]).rstrip()


def _in_e_notation(match: re.Match[str]) -> str:
    return f"{'' if match['times'] else '1'}e{exponent_of(match)}"


def _slot(axis: Axis, number: float, length: int) -> int:
    return min(length - 1, int(axis.place(number) * length))


def columns_of(text: str) -> int:
    """How many terminal columns `text` takes: wide characters two, combining marks none."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    silent = sum(
        unicodedata.combining(character) != 0 or unicodedata.category(character) == "Cf"
        for character in text
    )
    return len(text) + wide - silent
