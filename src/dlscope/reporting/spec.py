"""The frame of every Vega-Lite specification that dlscope makes, and its limit of 2000 marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dlscope.reporting.words import plural

MOST_MARKS = 2000
Spec = dict[str, Any]


def marks_in(spec: Mapping[str, Any]) -> int:
    """How many records the data of `spec` holds, counted through all its layers."""
    own = spec.get("data", {}).get("values", ())
    parts = [*spec.get("layer", ()), *([spec["spec"]] if "spec" in spec else [])]
    return len(own) + sum(marks_in(part) for part in parts)


def spec_of(
    records: Sequence[Mapping[str, Any]],
    body: Mapping[str, Any],
    *,
    left_out: int,
    legend: Sequence[Mapping[str, str]] = (),
    panels: int = 1,
    noun: str = "row",
) -> Spec:
    """A specification with `records` as its data, and in `usermeta` what a face says in words.

    `left_out` counts what is not drawn, in units of `noun`.
    """
    said = f"{plural(left_out, noun)} not drawn" if left_out > 0 else ""
    meta = {"legend": list(legend), "left_out": said, "panels": panels}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "data": {"values": list(records)},
        **body,
        "usermeta": {"dlscope": meta},
    }
