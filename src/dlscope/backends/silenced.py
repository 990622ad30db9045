"""`silenced`: what a framework says while it works, kept off the terminal."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_OUTPUT, _ERROR = 1, 2
_log = logging.getLogger(__name__)


@contextmanager
def silenced() -> Iterator[None]:
    """Within it nothing reaches standard output or error, of native code neither, and no warning.

    It holds for the whole process. What was said is logged at level DEBUG.
    """
    kept = {stream: os.dup(stream) for stream in (_OUTPUT, _ERROR)}
    with tempfile.TemporaryFile() as said, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            _flush()
            for stream in kept:
                os.dup2(said.fileno(), stream)
            yield
        finally:
            _flush()
            for stream, before in kept.items():
                os.dup2(before, stream)
                os.close(before)
            said.seek(0)
            _log.debug("%s", said.read().decode(errors="replace"))


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
