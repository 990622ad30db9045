"""Words from outside made safe to show, and column names made readable."""

from __future__ import annotations

import unicodedata

_REPLACEMENT = "\ufffd"
_KEPT = "\u200d\u202f\u00a0"  # the joiner of characters, and spaces that hold numbers together
_UNIT_SUFFIXES = {
    "ns": ("_ns",),
    "bytes": ("_bytes",),
    "share": ("_share",),
    "flop": ("_flop",),
    "bytes/s": ("_bytes_per_s",),
    "1/s": ("_per_s", "_qps"),
    "J": ("_j",),
    "1/J": ("_per_j",),
    "W": ("_w",),
    "ms": ("_ms",),
    "µs": ("_us",),
    "%": ("_pct",),
    "MiB": ("_mib",),
    "s": ("_s",),
    "bit": ("_bits",),
}
_QUANTITIES = {
    "bytes": "size",
    "flops": "work",
    "macs": "work",
    "gflops": "rate",
    "gbytes": "bandwidth",
    "fps": "rate",
    "percent": "share",
}
"""What a name that ends with nothing but its unit is a number of."""


def plain(text: str) -> str:
    """`text` on one line, without control characters and marks that turn the writing direction."""
    shown = "".join(_visible(character) for character in text)
    return " ".join(word for word in shown.split(" ") if word)


def header_of(name: str, unit: str | None) -> str:
    """A column's name for people, without the unit, which stands beside it.

    >>> header_of("p50_ns", "ns"), header_of("latency_ms_per_input", "ms"), header_of("macs", "MAC")
    ('p50', 'latency per input', 'work')
    """
    for suffix in _UNIT_SUFFIXES.get(unit or "", ()):
        if name.endswith(suffix) and name != suffix:
            name = name.removesuffix(suffix)
            break
        name = name.replace(f"{suffix}_per_", "_per_")
    *before, last = name.split("_")
    quantity = _QUANTITIES.get(last, last) if unit else last
    return plain(" ".join((*before, quantity)))


def cut(text: str, length: int) -> str:
    """`text` with its middle replaced by `…` where it is longer than `length` characters."""
    if len(text) <= length:
        return text
    kept = max(length - 1, 1)
    tail = kept // 2
    return f"{text[: kept - tail]}…{text[len(text) - tail :]}"


def plural(count: int, noun: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}".replace(",", "\u202f")


def _visible(character: str) -> str:
    if character in _KEPT:
        return character
    if character.isspace():
        return " "
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    return _REPLACEMENT if category in ("Cc", "Cs") else character
