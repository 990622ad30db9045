"""Numbers as people read them: one unit per column, three significant digits, real minus signs."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import NamedTuple

MINUS = "\u2212"
THIN_SPACE = "\u202f"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Scale(NamedTuple):
    """A display unit: multiply the stored number by `factor`, print it under `unit`."""

    unit: str
    factor: float


_LADDERS: dict[str, tuple[Scale, ...]] = {
    "ns": (Scale("s", 1e-9), Scale("ms", 1e-6), Scale("µs", 1e-3), Scale("ns", 1.0)),
    "bytes": (
        Scale("GiB", 2.0**-30),
        Scale("MiB", 2.0**-20),
        Scale("KiB", 2.0**-10),
        Scale("bytes", 1.0),
    ),
    "share": (Scale("%", 100.0),),
}


def scale_for(unit: str | None, values: Iterable[float]) -> Scale:
    """The display unit for a whole column: the largest in which its median is at least 1."""
    ladder = _LADDERS.get(unit or "")
    if ladder is None:
        return Scale(unit or "", 1.0)
    finite = sorted(abs(value) for value in values if math.isfinite(value))
    middle = finite[len(finite) // 2] if finite else 0.0
    for scale in ladder:
        if middle * scale.factor >= 1:
            return scale
    return ladder[-1]


def format_number(value: float, digits: int = 3) -> str:
    """`value` to `digits` significant digits; `1.2·10⁻³` outside 10⁻³ … 10⁶.

    Whole numbers keep all their digits, in groups of three: 1 497.
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    if isinstance(value, int):
        return _signed(f"{abs(value):,}".replace(",", THIN_SPACE), value)
    size = abs(value)
    if size != 0 and (size < 1e-3 or size >= 1e6):
        return _signed(_power_of_ten(size, digits), value)
    rounded = 0.0 if size == 0 else float(f"{size:.{digits}g}")
    exponent = math.floor(math.log10(rounded)) if rounded else 0
    decimals = max(0, digits - 1 - exponent)
    return _signed(f"{rounded:,.{decimals}f}".replace(",", THIN_SPACE), value)


def parse_bytes(text: str) -> int:
    """Bytes of `2GiB`, `512 MiB`, `1.5GB` or a plain number. Raises ValueError otherwise."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kKMGT]?i?B?)\s*", text)
    if match is None:
        raise ValueError(f"{text!r} is not a size in bytes")
    number, unit = match.groups()
    base = 1024 if "i" in unit else 1000
    power = "KMGT".find(unit[:1].upper()) + 1 if unit[:1] not in ("", "B") else 0
    return int(float(number) * base**power)


def _power_of_ten(size: float, digits: int) -> str:
    mantissa, exponent = f"{size:.{max(1, digits - 2)}e}".split("e")
    return f"{mantissa}·10{str(int(exponent)).translate(_SUPERSCRIPTS)}"


def _signed(text: str, value: float) -> str:
    return f"{MINUS}{text}" if value < 0 else text
