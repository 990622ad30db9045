"""`mixed`: a weighted sum of paths of which only those with a weight are walked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch


def mixed(paths: Sequence[Callable[[], Any]], weights: Any) -> Any:
    """Σ_i w_i · path_i over the paths whose weight is not 0.

    With one-hot weights a single path is walked; the gradient of its weight is still right, those
    of the others are 0. A path whose weight needs no gradient and is 1 is handed on as it is.
    """
    values = weights.detach().tolist()[: len(paths)]
    walked = [place for place, value in enumerate(values) if value]
    if len(walked) == 1 and values[walked[0]] == 1 and not weights.requires_grad:
        return paths[walked[0]]()
    terms = [weights[place] * paths[place]() for place in walked]
    return torch.stack(terms).sum(0) if len(terms) > 2 else sum(terms[1:], start=terms[0])
