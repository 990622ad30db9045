"""The command line: one file for each group of commands, nothing heavy until one is chosen."""

from __future__ import annotations

from dlscope.cli.app import main

__all__ = ["main"]
