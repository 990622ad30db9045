"""`estimated`: a column of estimates, and behind it the ends of their 95 % interval."""

from __future__ import annotations

from dlscope.core.table import Column, Role

_LEAST_SHOWN = 3


def estimated(
    name: str, doc: str, unit: str | None = None, role: Role = "value", *, priority: int = 1
) -> tuple[Column, Column, Column]:
    """A column and its two ends: `regret`, `regret_lo`, `regret_hi`; `a_ns`, `a_lo_ns`, `a_hi_ns`.

    The ends have its unit, and are the first to give way where there is no room.
    """
    stem = name.removesuffix("_ns")
    ending = name[len(stem) :]
    lo, hi = f"{stem}_lo{ending}", f"{stem}_hi{ending}"
    return (
        Column(name, "float", doc, unit, role, priority, lo, hi),
        Column(lo, "float", "lower end of the 95 % interval", unit, "interval", _LEAST_SHOWN),
        Column(hi, "float", "upper end of the 95 % interval", unit, "interval", _LEAST_SHOWN),
    )
