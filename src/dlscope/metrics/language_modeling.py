"""How well a language model foresees the tokens of a text.

prediction  {"log_probabilities": [ln p of each target token]} or {"logits": [T][V]}
target      {"tokens": [the T tokens that were to be foreseen]}

Row t of `logits` is the answer given before token t is seen: shifting is the reader's work.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlscope.core.run import ItemResult, Metric
from dlscope.metrics.estimate import ratio, share
from dlscope.metrics.reading import Array, malformed, numbers, prediction_field, target_field

_ROUNDING = 1e-4
_Tokens = NDArray[np.int64]


def language_modeling(items: Sequence[ItemResult]) -> tuple[Metric, ...]:
    """`perplexity`, `scored_tokens` and, where every answer has logits, `token_accuracy`.

        perplexity = exp(−(1/N) Σ ln p(token))        over the N tokens of all items

    A token that is given probability 0 makes it infinite. The tokens of a failed item have no
    probability at all, and any number put in its place would be invented: then `perplexity` is
    left out, and `scored_tokens`, the share of tokens that have a probability, says how many lack
    one. In `token_accuracy`, the share of tokens given the highest logit, they count as wrong.
    """
    tokens = [_tokens(item) for item in items]
    total = sum(each.size for each in tokens)
    if not total:
        return ()
    scores = [_log_probabilities(*each) for each in zip(items, tokens, strict=True)]
    answered = [each for each in scores if each is not None]
    scored = share("scored_tokens", sum(each.size for each in answered), total)
    is_complete = len(answered) == len(items)
    return (
        *((_perplexity(answered),) if is_complete else ()),
        scored,
        *_token_accuracy(items, tokens, total),
    )


def _perplexity(scores: Sequence[Array]) -> Metric:
    surprise = [-float(each.sum()) for each in scores]
    return ratio("perplexity", surprise, [each.size for each in scores], scale=_exp)


def _exp(values: NDArray[Any]) -> NDArray[Any]:
    with np.errstate(over="ignore"):  # beyond the largest number it is infinite, as it should be
        return np.asarray(np.exp(values))


def _token_accuracy(
    items: Sequence[ItemResult], tokens: Sequence[_Tokens], total: int
) -> tuple[Metric, ...]:
    answered = [item for item in items if item.prediction is not None]
    if not answered or any("logits" not in (item.prediction or {}) for item in answered):
        return ()
    right = sum(
        int((_logits(item, each).argmax(axis=1) == each).sum())
        for item, each in zip(items, tokens, strict=True)
        if item.prediction is not None and each.size
    )
    return (share("token_accuracy", right, total),)


def _log_probabilities(item: ItemResult, tokens: _Tokens) -> Array | None:
    """Natural log-probability of each token, None for a failed item."""
    if item.prediction is None:
        return None
    if "logits" in item.prediction:
        logits_tv = _logits(item, tokens)
        shifted_tv = logits_tv - logits_tv.max(axis=1, keepdims=True)
        log_sum_t = np.log(np.exp(shifted_tv).sum(axis=1))
        return np.asarray(shifted_tv[np.arange(tokens.size), tokens] - log_sum_t)
    given = numbers(item, prediction_field(item, "log_probabilities"), "log_probabilities")
    if given.shape != tokens.shape:
        raise malformed(item, f"predicted {given.size} log-probabilities for {tokens.size} tokens")
    if np.isnan(given).any() or (given > _ROUNDING).any():
        raise malformed(item, "a log-probability is above 0, or no number")
    return np.minimum(given, 0.0)


def _logits(item: ItemResult, tokens: _Tokens) -> Array:
    logits_tv = numbers(item, prediction_field(item, "logits"), "logits")
    if tokens.size == 0:
        return logits_tv.reshape(0, 1)
    if logits_tv.ndim != 2 or logits_tv.shape[0] != tokens.size:
        size = "×".join(map(str, logits_tv.shape))
        raise malformed(item, f"the logits are {size} for {tokens.size} tokens")
    if not np.isfinite(logits_tv.max(axis=1, initial=-np.inf)).all():
        raise malformed(item, "a row of the logits holds NaN or infinity, or nothing above it")
    if int(tokens.max()) >= logits_tv.shape[1]:
        what = f"token {int(tokens.max())} is outside a vocabulary of {logits_tv.shape[1]}"
        raise malformed(item, what)
    return logits_tv


def _tokens(item: ItemResult) -> _Tokens:
    try:
        tokens = np.asarray(target_field(item, "tokens"))
    except ValueError:
        raise malformed(item, "the tokens of the target are not a list of indices") from None
    if tokens.size == 0:
        return np.empty(0, dtype=np.int64)
    if tokens.ndim != 1 or tokens.dtype.kind not in "iu" or (tokens < 0).any():
        raise malformed(item, "the tokens of the target are not a list of indices")
    return tokens.astype(np.int64)
