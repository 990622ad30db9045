from __future__ import annotations

import pickle
import pickletools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlscope.core.errors import DataError
from dlscope.graph.inert_pickle import Name, Vocabulary, read_pickle

ALLOWED = """
    PROTO GLOBAL BINPUT LONG_BINPUT BINGET LONG_BINGET MARK EMPTY_DICT EMPTY_LIST EMPTY_TUPLE
    TUPLE TUPLE1 TUPLE2 TUPLE3 BINUNICODE BININT BININT1 BININT2 LONG1 NONE NEWTRUE NEWFALSE
    REDUCE BINPERSID SETITEM SETITEMS APPEND APPENDS BUILD STOP
"""

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


def read(content: bytes, vocabulary: Vocabulary | None = None) -> object:
    return read_pickle(memoryview(content), 0, vocabulary or Vocabulary(), "w.pth")[0]


@settings(deadline=None)
@given(value=plain)
def test_plain_values_come_back_as_pickle_wrote_them(value):
    assert read(pickle.dumps(value, protocol=2)) == value


def test_says_where_the_pickle_ends():
    content = b"before" + pickle.dumps([1, 2], protocol=2) + b"after"
    value, end = read_pickle(memoryview(content), 6, Vocabulary(), "w.pth")
    assert value == [1, 2]
    assert content[end:] == b"after"


@pytest.mark.parametrize("opcode", pickletools.opcodes, ids=lambda opcode: opcode.name)
def test_only_the_instructions_of_the_list_are_known(opcode):
    with pytest.raises(DataError) as caught:
        read(b"\x80\x02" + opcode.code.encode("latin-1"))
    refused = caught.value.what == f"pickle instruction {opcode.name} is not allowed"
    assert refused == (opcode.name not in ALLOWED.split())


def test_names_and_calls_are_those_of_the_vocabulary():
    vocabulary = Vocabulary(
        calls={"a.pair": lambda arguments: ("made", *arguments)},
        names=frozenset({"a.word"}),
        persistent=lambda identifier: f"kept {identifier}",
    )
    assert read(b"\x80\x02ca\npair\nK\x01K\x02\x86R.", vocabulary) == ("made", 1, 2)
    assert read(b"\x80\x02ca\nword\n.", vocabulary) == Name("a.word")
    assert read(b"\x80\x02K\x07Q.", vocabulary) == "kept 7"


def test_a_state_is_dropped():
    assert read(b"\x80\x02}}X\x01\0\0\0kK\x01sb.") == {}
    with pytest.raises(DataError, match="it needs a dict and finds a int"):
        read(b"\x80\x02K\x01}b.")


def test_a_value_that_contains_itself_is_read():
    value = read(b"\x80\x02]q\x00h\x00a.")
    assert isinstance(value, list)
    assert value[0] is value


def test_says_at_which_byte_it_stopped():
    with pytest.raises(DataError) as caught:
        read_pickle(memoryview(b"....\x80\x02NN(i"), 4, Vocabulary(), "w.pth")
    assert caught.value.what == "pickle instruction INST is not allowed"
    assert caught.value.where == "w.pth, byte 9"
