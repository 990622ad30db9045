from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.errors import StoreError
from dlscope.store.benchmark_key import KEY_FIELDS, BenchmarkFilter, BenchmarkKey

_LINES = st.text(st.characters(categories=("L", "N", "P", "S")), max_size=8)
_NUMBERS = st.integers(-2, 2)
_KEYS = st.builds(
    BenchmarkKey,
    brick_id=st.sampled_from(["b1", "b2"]),
    fingerprint=st.sampled_from(["f", "0"]),
    implementation=_LINES,
    implementation_version=st.sampled_from(["", "1"]),
    dtype=_LINES,
    batch=_NUMBERS,
    threads=_NUMBERS,
    state=st.sampled_from(["hot", "walk", "cold", "touch"]),
    tool_version=_LINES,
    scope=st.sampled_from(["", "model", "suite"]),
    in_place=_LINES,
    process=_NUMBERS,
)
_OTHER: dict[str, Any] = {
    "batch": -1,
    "threads": 0,
    "process": 7,
    "state": "cold",
    "scope": "suite",
}


@given(_KEYS, _KEYS)
def test_digests_and_orders_are_equal_exactly_when_keys_are(
    one: BenchmarkKey, other: BenchmarkKey
) -> None:
    assert (one.digest == other.digest) == (one == other) == (one.order == other.order)
    assert BenchmarkKey(**asdict(one)).digest == one.digest


@pytest.mark.parametrize("name", KEY_FIELDS)
def test_every_field_makes_another_key(name: str, key: Callable[..., BenchmarkKey]) -> None:
    changed = replace(key(), **{name: _OTHER.get(name, "other")})
    assert changed != key()
    assert changed.digest != key().digest


def test_a_filter_has_every_field_of_the_key() -> None:
    assert {each.name for each in fields(BenchmarkFilter)} == {*KEY_FIELDS, "kind", "status"}


@pytest.mark.parametrize(
    ("given", "what", "fix"),
    [
        ({"batch": True}, "batch is True, not a whole number", "use an int of at most 32 bits"),
        ({"batch": 1.0}, "batch is 1.0, not a whole number", "use an int of at most 32 bits"),
        (
            {"threads": 2**31},
            "threads is 2147483648, not a whole number",
            "use an int of at most 32 bits",
        ),
        (
            {"process": None},
            "process is None, not a whole number",
            "use an int of at most 32 bits",
        ),
        ({"dtype": None}, "dtype is None, not a line of text", "use printable characters"),
        (
            {"in_place": "a\nb"},
            "in_place is 'a\\nb', not a line of text",
            "use printable characters",
        ),
        (
            {"protocol": "\0"},
            "protocol is '\\x00', not a line of text",
            "use printable characters",
        ),
        ({"state": "warm"}, "'warm' is not a state", "use one of hot, walk, cold, touch"),
        ({"scope": "world"}, "'world' is not a scope", 'use one of model, suite, ""'),
        ({"scope": ["model"]}, "['model'] is not a scope", 'use one of model, suite, ""'),
    ],
)
def test_refuses_a_malformed_value(
    given: dict[str, Any], what: str, fix: str, key: Callable[..., BenchmarkKey]
) -> None:
    with pytest.raises(StoreError) as caught:
        key(**given)
    assert str(caught.value) == f"StoreError: {what}\n  where  benchmark 'b1'\n  fix    {fix}"


@pytest.mark.parametrize("length", [0, 513])
def test_refuses_an_id_of_that_length(length: int, key: Callable[..., BenchmarkKey]) -> None:
    with pytest.raises(StoreError) as caught:
        key(brick_id="x" * length)
    assert str(caught.value) == (
        f"StoreError: brick_id has {length} characters\n  where  benchmark\n  fix    use 1 to 512"
    )
