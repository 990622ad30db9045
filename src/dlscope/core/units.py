"""Numbers as people read them: one unit per column, three significant digits, real minus signs."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import NamedTuple

MINUS = "\u2212"
THIN_SPACE = "\u202f"
POWER_OF_TEN = re.compile("(?P<times>·)?10(?P<exponent>[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_FROM_SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
_SMALLEST_PLAIN = 1e-3
_SMALLEST_LARGE = 1e6


class Scale(NamedTuple):
    """A display unit: multiply the stored number by `factor`, print it under `unit`."""

    unit: str
    factor: float


def _decimal_ladder(unit: str) -> tuple[Scale, ...]:
    prefixes = {"T": 1e-12, "G": 1e-9, "M": 1e-6}
    scales = (Scale(f"{prefix}{unit}", factor) for prefix, factor in prefixes.items())
    return (*scales, Scale(unit, 1.0))


_LADDERS: dict[str, tuple[Scale, ...]] = {
    "ns": (Scale("s", 1e-9), Scale("ms", 1e-6), Scale("µs", 1e-3), Scale("ns", 1.0)),
    "bytes": (
        Scale("GiB", 2.0**-30),
        Scale("MiB", 2.0**-20),
        Scale("KiB", 2.0**-10),
        Scale("bytes", 1.0),
    ),
    "share": (Scale("%", 100.0),),
    "flop": _decimal_ladder("FLOP"),
    "flop/s": _decimal_ladder("FLOP/s"),
    "bytes/s": _decimal_ladder("B/s"),
}


def scale_for(unit: str | None, values: Iterable[float]) -> Scale:
    """The display unit for a whole column: the largest in which its median is at least 1.

    Zeros and what is not finite have no say. A unit without multiples stays as it is.
    """
    ladder = _LADDERS.get(unit or "")
    if ladder is None:
        return Scale(unit or "", 1.0)
    sizes = sorted(abs(value) for value in values if value and math.isfinite(value))
    middle = sizes[len(sizes) // 2] if sizes else 0.0
    for scale in ladder:
        if middle * scale.factor >= 1:
            return scale
    return ladder[-1]


def format_number(value: float, digits: int = 3, *, width: float | None = None) -> str:
    """`value` to `digits` significant digits; `1.2·10⁻³` outside 10⁻³ … 10⁶.

    Digits before the point are never rounded away: 1 497. With the `width` of its
    interval, digits below the second significant one of that width are left away.
    """
    special = _special(value)
    if special is not None:
        return special
    if isinstance(value, int):
        return _signed(f"{abs(value):,}".replace(",", THIN_SPACE), value)
    if not _is_plain(value):
        return _signed(_power_of_ten(abs(value), digits), value)
    return _fixed(value, _places(value, digits, width))


def format_interval(lo: float | None, hi: float | None, *, value: float | None) -> str:
    """`[lo, hi]` with as many decimals as `format_number` gives `value`; an open end is `–`."""
    ends = [end for end in (lo, hi, value) if end is not None and math.isfinite(end)]
    width = hi - lo if lo is not None and hi is not None else None
    if not all(_is_plain(end) for end in ends):
        texts = ["–" if end is None else format_number(float(end)) for end in (lo, hi)]
        return f"[{texts[0]}, {texts[1]}]"
    anchor = value if value in ends and value is not None else max(ends, key=abs, default=0.0)
    places = _places(anchor, 3, width)
    return f"[{_end(lo, places)}, {_end(hi, places)}]"


def exponent_of(match: re.Match[str]) -> str:
    """The exponent in a match of `POWER_OF_TEN`, in plain digits: `-3`."""
    return match["exponent"].translate(_FROM_SUPERSCRIPTS)


def format_percent(share: float, decimals: int = 0) -> str:
    """`share` of 1 as percent in running text: 0.125 with one decimal is `12.5 %`."""
    return _signed(f"{abs(share) * 100:.{decimals}f} %", share)


def parse_bytes(text: str) -> int:
    """Bytes of `2GiB`, `512 MiB`, `1.5GB` or a plain number. Raises ValueError otherwise."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kKMGT]?i?B?)\s*", text)
    if match is None:
        raise ValueError(f"{text!r} is not a size in bytes")
    number, unit = match.groups()
    base = 1024 if "i" in unit else 1000
    power = "KMGT".find(unit[:1].upper()) + 1 if unit[:1] not in ("", "B") else 0
    return int(float(number) * base**power)


def format_bytes(size: float) -> str:
    """A size such as `1.5 GiB`, in the largest unit of 1024ⁿ bytes that it fills."""
    units = ("B", "KiB", "MiB", "GiB", "TiB")
    power = min(int(math.log2(size) // 10), len(units) - 1) if size >= 1 else 0
    value = size / 1024**power
    return f"{value:.0f} {units[power]}" if value >= 999.5 else f"{value:.3g} {units[power]}"


def _special(value: float) -> str | None:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    return None


def _is_plain(value: float) -> bool:
    return value == 0 or _SMALLEST_PLAIN <= abs(value) < _SMALLEST_LARGE


def _places(value: float, digits: int, width: float | None) -> int:
    """Decimals for `digits` significant digits, fewer where an interval of `width` allows less.

    At least one significant digit of `value` remains. Negative means rounding to tens.
    """
    rounded = float(f"{abs(value):.{digits}g}")
    exponent = math.floor(math.log10(rounded)) if rounded else 0
    places = max(0, digits - 1 - exponent)
    if not width or not math.isfinite(width):
        return places
    supported = 1 - math.floor(math.log10(abs(width)))
    return min(places, max(supported, -exponent))


def _fixed(value: float, places: int) -> str:
    text = f"{abs(round(value, places)):,.{max(0, places)}f}".replace(",", THIN_SPACE)
    return _signed(text, value if float(text.replace(THIN_SPACE, "")) else 0)


def _end(end: float | None, places: int) -> str:
    if end is None:
        return "–"
    return _special(end) or _fixed(float(end), places)


def _power_of_ten(size: float, digits: int) -> str:
    mantissa, exponent = f"{size:.{max(1, digits - 2)}e}".split("e")
    return f"{mantissa}·10{str(int(exponent)).translate(_SUPERSCRIPTS)}"


def _signed(text: str, value: float) -> str:
    return f"{MINUS}{text}" if value < 0 else text
