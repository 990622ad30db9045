from __future__ import annotations

import pytest
from single_layers import LAYERS

from dlscope.core.errors import BackendError, LoadError
from dlscope.methods.bounds.implementations.refusals import refusals

BRICK = LAYERS["relu"]


def test_whatever_a_library_raises_becomes_one_line() -> None:
    with pytest.raises(BackendError) as caught, refusals("The library", BRICK):
        raise RuntimeError("[ONNXRuntimeError] : 1 : FAIL : \n no kernel\nat line 7")
    assert str(caught.value) == (
        "BackendError: The library refuses Relu: no kernel\n"
        f"  where  brick {BRICK.id}\n"
        "  fix    measure it with another implementation"
    )


def test_an_error_without_words_is_named() -> None:
    with pytest.raises(BackendError, match="refuses Relu: ZeroDivisionError"), refusals("A", BRICK):
        raise ZeroDivisionError


def test_long_words_are_cut() -> None:
    with pytest.raises(BackendError) as caught, refusals("A", BRICK):
        raise RuntimeError("x" * 1000)
    assert len(caught.value.what) < 350


def test_stated_errors_and_interruptions_pass() -> None:
    stated = LoadError("no", where="here", fix="yes")
    for error in (stated, KeyboardInterrupt()):
        with pytest.raises(type(error)) as caught, refusals("A", BRICK):
            raise error
        assert caught.value is error
