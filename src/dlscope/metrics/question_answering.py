"""Answers to questions, as SQuAD compares them.

prediction  {"text": answer; empty for "there is none"}
target      {"answers": [accepted answer, …]; empty where the question has no answer}
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence

from dlscope.core.run import ItemResult, Metric
from dlscope.metrics.estimate import average, share
from dlscope.metrics.reading import malformed, prediction_field, target_field, text

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def question_answering(items: Sequence[ItemResult]) -> tuple[Metric, ...]:
    """`exact_match` and mean `f1` (Rajpurkar et al. 2016, 2018), the best over accepted answers.

    Compared after `normalised`. A failed item is no match and has F1 0.
    """
    scores = [_scores(item) for item in items]
    matches = sum(is_match for is_match, _ in scores)
    return (
        share("exact_match", matches, len(items)),
        average("f1", [score for _, score in scores]),
    )


def normalised(answer: str) -> str:
    """`answer` in lower case, without ASCII punctuation, English articles and extra white space."""
    bare = answer.lower().translate(_NO_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def token_f1(truth: str, got: str) -> float:
    """Harmonic mean of precision and recall of the normalised words, each as often as it occurs.

    With no word on either side it is 1 when both have none, else 0 (SQuAD 2.0).
    """
    wanted, words = normalised(truth).split(), normalised(got).split()
    if not wanted or not words:
        return float(wanted == words)
    common = sum((Counter(wanted) & Counter(words)).values())
    return 2 * common / (len(wanted) + len(words))


def _scores(item: ItemResult) -> tuple[bool, float]:
    accepted = _accepted(item)
    value = prediction_field(item, "text")
    if item.prediction is None:
        return False, 0.0
    got = text(item, value, "the text of the prediction")
    is_match = any(normalised(each) == normalised(got) for each in accepted)
    return is_match, max(token_f1(each, got) for each in accepted)


def _accepted(item: ItemResult) -> list[str]:
    answers = target_field(item, "answers")
    if isinstance(answers, str) or not isinstance(answers, Sequence):
        raise malformed(item, "the answers of the target are not a list")
    accepted = [text(item, each, "an answer of the target") for each in answers]
    # An answer that normalises to nothing would accept silence (SQuAD leaves it out).
    return [each for each in accepted if normalised(each)] or [""]
