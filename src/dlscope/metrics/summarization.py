"""Summaries against reference summaries.

prediction  {"text": summary}
target      {"text": reference} or {"texts": [reference, …]}
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dlscope.core.run import ItemResult, Metric
from dlscope.metrics.edit_distance import common_length
from dlscope.metrics.estimate import average
from dlscope.metrics.reading import malformed, prediction_field, target_field, text

_WORD = re.compile(r"[^\W_]+")


def summarization(items: Sequence[ItemResult]) -> tuple[Metric, ...]:
    """`rouge_l`: mean of the best `rouge_l_f` over the references; a failed item has 0."""
    return (average("rouge_l", [_score(item) for item in items]),)


def rouge_l_f(reference: str, summary: str) -> float:
    """F-measure of the longest common subsequence of words (Lin 2004, sentence level, β = 1).

        R = LCS / |reference|,   P = LCS / |summary|,   F = 2RP / (R + P)

    Words are runs of letters and digits in lower case, without stemming. 0 where either has none.
    """
    wanted, got = _words(reference), _words(summary)
    if not wanted or not got:
        return 0.0
    return 2 * common_length(wanted, got) / (len(wanted) + len(got))


def _score(item: ItemResult) -> float:
    references = _references(item)
    value = prediction_field(item, "text")
    if item.prediction is None:
        return 0.0
    summary = text(item, value, "the text of the prediction")
    return max(rouge_l_f(each, summary) for each in references)


def _references(item: ItemResult) -> list[str]:
    if "texts" not in item.target:
        return [text(item, target_field(item, "text"), "the text of the target")]
    texts = item.target["texts"]
    if isinstance(texts, str) or not isinstance(texts, Sequence) or not texts:
        raise malformed(item, "the texts of the target are not a list of references")
    return [text(item, each, "a text of the target") for each in texts]


def _words(value: str) -> list[str]:
    return _WORD.findall(value.lower())
