"""`refusals`: what a library raises, whatever it is, as one stated error."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from dlscope.core.errors import BackendError, DlscopeError
from dlscope.graph.brick import Brick

_NOISE = re.compile(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ")
_LENGTH = 300


@contextmanager
def refusals(library: str, brick: Brick) -> Iterator[None]:
    """Turn all that `library` raises inside into a `BackendError` of one line."""
    try:
        yield
    except DlscopeError:
        raise
    # Extension modules raise whatever they like.
    except Exception as error:
        raise BackendError(
            f"{library} refuses {brick.label}: {_first_line(error)}",
            where=f"brick {brick.id}",
            fix="measure it with another implementation",
        ) from error


def _first_line(error: Exception) -> str:
    words = _NOISE.sub("", str(error)).strip()
    return words.splitlines()[0].rstrip()[:_LENGTH] if words else type(error).__name__
