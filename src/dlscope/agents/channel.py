"""A line to the parent that no framework writes on: what a child process tells, and its orders."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, TextIO

from dlscope.core.errors import DlscopeError

Message = Mapping[str, Any]
Tell = Callable[[Message], None]
"""Tells the parent one message; it is on its way when this returns."""


def private_channel() -> TextIO:
    """What was standard output; from now on all that is printed goes where errors go."""
    sys.stdout.flush()
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return channel


def told_to_parent() -> Tell:
    """Tells the parent each message as a line of JSON on a private channel."""
    channel = private_channel()

    def tell(message: Message) -> None:
        channel.write(json.dumps(message) + "\n")
        channel.flush()

    return tell


def carry_out(order: Callable[[], str], work: Callable[[Message, Tell], None]) -> None:
    """Do the `work` that an `order` in JSON asks for; the parent is told a stated error."""
    tell = told_to_parent()
    try:
        work(json.loads(order()), tell)
    except DlscopeError as error:
        tell({"error": error.to_json()})
