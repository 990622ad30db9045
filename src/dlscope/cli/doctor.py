"""`dlscope doctor`: what works here, what is missing, and how to get it."""

from __future__ import annotations

from pathlib import Path

from dlscope.cli.output import FORMAT, OUTPUT, Format, show


def doctor(format: Format = FORMAT, output: Path = OUTPUT) -> None:
    """What is installed, what is missing, and how to get it.

    \b
    dlscope doctor
    """
    from dlscope import api

    show(api.doctor(), format, output, all=True)
