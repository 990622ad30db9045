"""`JsonRenderer`: a Report as the JSON contract of every command."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, final

from dlscope.core.report import Report


@final
class JsonRenderer:
    """`{"tables", "findings", "runs", "warnings"}`, with nothing rounded or left out."""

    def report(self, report: Report) -> str:
        """The contract, indented by 2; ends with a newline."""
        document = finite(report.to_json())
        return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def finite(value: Any) -> Any:
    """`value` with NaN and infinities as their names, since JSON has none: `"NaN"`."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    if isinstance(value, Mapping):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value
