"""Which metrics are errors: less of them is better."""

from __future__ import annotations

_ERRORS = frozenset(
    ("wer", "cer", "perplexity", "substitutions", "deletions", "insertions", "extra_boxes")
)


def is_error(metric: str) -> bool:
    """Whether less of `metric` is better."""
    return metric in _ERRORS or metric.endswith("_error")
