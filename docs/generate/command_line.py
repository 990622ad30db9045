"""The commands with their help."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typer.main import get_command
from typer.testing import CliRunner

from dlscope.cli.app import app
from generate.fields import table

_EXIT_CODES = (
    (0, "done"),
    (1, "a stated error, bad input included"),
    (2, "wrong usage of the command line"),
    (3, "a Run failed, a point was refused, or nothing can be done here"),
    (130, "interrupted; what was measured is kept"),
)


def help_text(*command: str) -> str:
    """What `dlscope COMMAND --help` prints on a terminal 80 characters wide."""
    result = CliRunner().invoke(
        app, [*command, "--help"], prog_name="dlscope", terminal_width=80, max_content_width=80
    )
    if result.exit_code:
        raise RuntimeError(f"dlscope {' '.join(command)} --help ended with {result.exit_code}")
    lines = [line.rstrip() for line in result.output.rstrip().splitlines()]
    return "```text\n" + "\n".join(lines) + "\n```\n"


def commands() -> Iterator[tuple[str, ...]]:
    """Every command that does something, groups left out, in the order of the help."""
    yield from _commands(get_command(app), ())


def cli() -> str:
    """Every command with its help, then the exit codes."""
    parts = [help_text()]
    parts.extend(f"## dlscope {' '.join(name)}\n\n{help_text(*name)}" for name in commands())
    codes = table(("code", "meaning"), _EXIT_CODES)
    return "\n".join([*parts, f"## Exit codes\n\n{codes}"])


def _commands(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if hasattr(command, "commands"):
        for name, inner in command.commands.items():
            yield from _commands(inner, (*path, name))
    else:
        yield path
