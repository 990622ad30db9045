from __future__ import annotations

import gzip
import json
import random
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.errors import DataError
from dlscope.tracing.sources.json_events import EventReader, read_events

_FIX = (
    'give a trace in Chrome\'s event format, [events…] or {"traceEvents": [events…]}, plain or gzip'
)
_TEXTS = st.text(st.characters(codec=None, exclude_categories=()), max_size=8)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=8,
)
_EVENTS = st.lists(st.dictionaries(_TEXTS, _VALUES, max_size=4), min_size=1, max_size=6)


def test_reads_a_list() -> None:
    found = read_events(b'[{"name": "a", "ts": 1}, {"name": "b"}]')
    assert found.events == [{"name": "a", "ts": 1}, {"name": "b"}]
    assert (found.header, found.diagnostics) == ({}, ())


def test_reads_an_object_with_what_stands_around_its_events() -> None:
    found = read_events(b'{"first": [1, {}], "traceEvents": [{"ts": 1}], "last": 17}')
    assert found.events == [{"ts": 1}]
    assert found.header == {"first": [1, {}], "last": 17}


def test_reads_gzip_and_several_members_of_it(tmp_path: Path) -> None:
    path = tmp_path / "trace.json.gz"
    path.write_bytes(gzip.compress(b'[{"ts": 1},') + gzip.compress(b'{"ts": 2}]'))
    assert read_events(path).events == [{"ts": 1}, {"ts": 2}]


def test_fractions_are_exact() -> None:
    (event,) = read_events(b'[{"ts": 1790857026000123.457, "dur": 1e3, "pid": 7}]').events
    assert event == {"ts": Decimal("1790857026000123.457"), "dur": Decimal(1000), "pid": 7}
    assert isinstance(event["pid"], int)


@given(_EVENTS, st.data())
def test_every_complete_event_of_a_cut_file_is_read(
    events: list[dict[str, object]], data: st.DataObject
) -> None:
    texts = [json.dumps(event, ensure_ascii=False) for event in events]
    raw = [text.encode("utf-8", "surrogatepass") for text in texts]
    file = b'{"a": 1, "traceEvents": [' + b",\n".join(raw) + b'], "b": 2}'
    cut = data.draw(st.integers(1, len(file) - 1))
    ends = [len(b'{"a": 1, "traceEvents": [' + b",\n".join(raw[: n + 1])) for n in range(len(raw))]
    found = read_events(file[:cut])
    assert len(found.events) == sum(end <= cut for end in ends)
    assert [each.kind for each in found.diagnostics] == ["cut"]


@given(_EVENTS)
def test_events_come_back_as_they_were_written(events: list[dict[str, object]]) -> None:
    assert read_events(json.dumps(events).encode()).events == events


def test_tells_where_a_file_is_cut() -> None:
    (cut,) = read_events('[{"n": "é"}, {"n": "b"'.encode(), name="t.json").diagnostics
    assert cut.what == "t.json is cut at byte 14, after 1 complete events"


def test_a_number_at_the_cut_is_not_believed() -> None:
    found = read_events(b'{"traceEvents": [{"ts": 1}], "baseTimeNanoseconds": 179085')
    assert found.header == {}
    assert [each.kind for each in found.diagnostics] == ["cut"]


def test_a_cut_gzip_file_gives_what_can_be_unpacked() -> None:
    seed = random.Random(7)
    events = [{"name": seed.randbytes(20).hex(), "ts": n} for n in range(1000)]
    packed = gzip.compress(json.dumps(events).encode())
    found = read_events(packed[: len(packed) // 2])
    assert 300 < len(found.events) < 700
    assert found.events == events[: len(found.events)]
    assert [each.kind for each in found.diagnostics] == ["cut"]


def test_names_with_quotes_are_mended() -> None:
    text = '[{"ph": "X", "name": "a "b", \\d", "pid": 1}, {"ph": "X", "name": "c", "pid": 1}]'
    found = read_events(text.encode())
    assert [event["name"] for event in found.events] == ['a "b", \\d', "c"]
    assert found.diagnostics == ()


def test_the_name_of_the_last_event_is_mended_too() -> None:
    found = read_events(b'{"traceEvents": [{"name": "a"b", "pid": 1}], "traceName": "t"}')
    assert [event["name"] for event in found.events] == ['a"b']
    assert found.header == {"traceName": "t"}


def test_what_is_no_event_is_left_out_and_counted() -> None:
    found = read_events(b'[{"ts": 1}, {"ts": ?}, @@, {"ts": 2}]', name="t.json")
    assert found.events == [{"ts": 1}, {"ts": 2}]
    (damaged,) = found.diagnostics
    assert damaged.kind == "damaged"
    assert damaged.count == 2
    assert damaged.what == "t.json has parts that are no JSON, which were left out"


@pytest.mark.parametrize("depth", [65, 900, 5000])
def test_an_event_nested_too_deep_is_left_out(depth: int) -> None:
    deep = b'{"a":' + b"[" * depth + b"]" * depth + b"}"
    found = read_events(b"[" + deep + b', {"ts": 1}]')
    assert found.events == [{"ts": 1}]
    assert [each.kind for each in found.diagnostics] == ["damaged"]


def test_a_bomb_of_brackets_ends_the_reading() -> None:
    found = read_events(b"[" * 3_000_000)
    assert found.events == []
    assert [each.kind for each in found.diagnostics] == ["cut"]


def test_a_bomb_of_gzip_is_unpacked_a_chunk_at_a_time() -> None:
    packed = gzip.compress(b'[{"ts": 1}, {"name": "' + b"a" * (80 << 20))
    reader = EventReader(packed)
    assert [event["ts"] for event in reader] == [1]
    assert [each.kind for each in reader.diagnostics] == ["cut"]


def test_a_chunk_may_end_inside_an_event_and_inside_a_letter() -> None:
    events = [{"name": "é" * 1000, "ts": n} for n in range(2000)]
    data = json.dumps(events, ensure_ascii=False).encode()
    assert len(data) > 3 << 20
    assert read_events(data).events == events


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"hello", "is not JSON"),
        (b"{hello}", "is not JSON"),
        (b'{"a", 1}', "is not JSON"),
        (b"[]", "holds no events"),
        (b"{}", "holds no events"),
        (b'{"traceEvents": []}', "holds no events"),
        (b'{"traceEvents": {"ts": 1}}', "holds no events"),
    ],
)
def test_refuses_what_is_no_trace(data: bytes, why: str, tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    path.write_bytes(data)
    with pytest.raises(DataError) as caught:
        read_events(path)
    assert caught.value.what == f"trace.json {why}"
    assert caught.value.where == str(path)
    assert caught.value.fix == _FIX


def test_refuses_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_events(tmp_path / "trace.json")
    assert caught.value.what == "trace.json cannot be read: No such file or directory"


def test_strict_reading_refuses_a_cut_file() -> None:
    with pytest.raises(DataError) as caught:
        read_events(b'[{"ts": 1}', name="t.json", strict=True)
    assert caught.value.what == "t.json is cut at byte 10, after 1 complete events"
    assert caught.value.fix == ("trace again, or leave --strict out to keep what is whole")
