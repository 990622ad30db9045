"""Spans of every kind, to be written and read back."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from dlscope.core.trace import PARENT_KINDS, SPAN_KINDS, Level, Span

TEXTS = st.text(st.characters(codec=None, exclude_categories=()), max_size=6)
INTS = st.integers(-(2**31), 2**31 - 1)
LONGS = st.integers(-(2**61), 2**61)


def spans(whole_numbers: st.SearchStrategy[int]) -> st.SearchStrategy[Span]:
    """Spans whose id is to be given, with attributes that are such whole numbers, among others."""
    values: st.SearchStrategy[Any] = (
        TEXTS | whole_numbers | st.floats(allow_nan=False) | st.booleans()
    )
    return st.builds(
        Span,
        id=st.just(0),
        parent_id=LONGS,
        level=st.sampled_from(Level),
        name=TEXTS,
        start_ns=LONGS,
        end_ns=LONGS,
        kind=st.sampled_from(SPAN_KINDS),
        correlation_id=LONGS,
        attributes=st.dictionaries(TEXTS, values, max_size=3),
        type=TEXTS,
        tracer=TEXTS,
        run=INTS,
        iteration=INTS,
        index=INTS,
        process=INTS,
        thread=LONGS,
        device=INTS,
        stream=INTS,
        cpu_ns=LONGS,
        link_id=LONGS,
        parent_kind=st.sampled_from(PARENT_KINDS),
    )
