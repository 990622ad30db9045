from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.digest import bytes_digest, canonical_json, digest, file_digest, file_md5

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=3)
    ),
)


def test_canonical_json_exactly() -> None:
    assert canonical_json({"b": [1, 2.5, None, True], "a": "é"}) == (
        '{"a":"é","b":[1,2.5,null,true]}'.encode()
    )


def test_known_digest() -> None:
    assert digest({}) == hashlib.sha256(b"{}").hexdigest()
    assert bytes_digest(b"abc") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )


@given(st.dictionaries(st.text("abcdef", max_size=3), json_values, max_size=5))
def test_the_order_of_keys_does_not_count(value) -> None:
    assert digest(dict(reversed(value.items()))) == digest(value)


def test_the_order_of_lists_counts() -> None:
    assert digest([1, 2]) != digest([2, 1])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_refuses_what_json_cannot_hold(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        digest({"a": value})


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1])
def test_a_file_has_the_digest_of_its_bytes(tmp_path, size: int) -> None:
    data = bytes(i % 251 for i in range(size))
    path = tmp_path / "file"
    path.write_bytes(data)
    assert file_digest(path) == bytes_digest(data)


def test_the_md5_of_a_file_is_what_others_publish(tmp_path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    assert file_md5(path) == "900150983cd24fb0d6963f7d28e17f72"
