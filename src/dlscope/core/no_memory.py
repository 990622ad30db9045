"""Errors that say that there was no memory left, whoever raised them."""

from __future__ import annotations

import re

# Each framework has an exception of its own for it; what they share are the words.
_WORDS = re.compile(
    r"out of memory|bad_alloc|(failed|unable|can ?not|can't|could not) (to )?allocate"
    r"|RESOURCE_EXHAUSTED|OOM when allocating|failed to map segment from shared object",
    re.IGNORECASE,
)


def says_no_memory(error: BaseException) -> bool:
    """Whether `error` is there because memory could not be had."""
    return isinstance(error, MemoryError) or _WORDS.search(str(error)) is not None
