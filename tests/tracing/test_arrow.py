from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.trace import Level, Span, Trace
from dlscope.tracing.arrow import SPANS, read_text, spans_table, trace_of, written_texts

_TEXTS = st.text(st.characters(codec=None, exclude_categories=()) | st.just("\ufdd0"), max_size=8)


@given(st.lists(_TEXTS))
def test_every_text_comes_back_from_utf8(texts: list[str]) -> None:
    written = written_texts(texts)
    written.validate(full=True)
    assert [read_text(text) for text in written.to_pylist()] == texts


def test_texts_that_are_utf8_are_written_as_they_are() -> None:
    assert written_texts(['a\n"b", \u00e9\x00']).to_pylist() == ['a\n"b", \u00e9\x00']


@given(st.lists(st.tuples(_TEXTS, _TEXTS, st.dictionaries(_TEXTS, _TEXTS, max_size=2)), max_size=4))
def test_a_trace_comes_back_from_its_table(rows: list[tuple[str, str, dict[str, str]]]) -> None:
    trace = Trace(
        Span(n, 0, Level.LAYER, name, n, n + 1, attributes=attributes, tracer=tracer)
        for n, (name, tracer, attributes) in enumerate(rows, 1)
    )
    table = spans_table(trace)
    assert table.schema == SPANS
    assert trace_of(table).spans == trace.spans
