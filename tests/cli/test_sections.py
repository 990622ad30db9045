from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from dlscope.cli.app import app
from dlscope.cli.sections import SECTIONS

WIDTH = 78


def commands(group: Any, path: str) -> Iterator[tuple[str, str]]:
    """Each command below `group` with the line that the help of its group has for it."""
    limit = WIDTH - 6 - max(map(len, group.commands))
    for name, command in group.commands.items():
        yield f"{path} {name}", command.get_short_help_str(limit)
        if hasattr(command, "commands"):
            yield from commands(command, f"{path} {name}")


def test_each_command_stands_in_one_section() -> None:
    listed = [name for names in SECTIONS.values() for name in names]
    group: Any = get_command(app)
    assert sorted(listed) == sorted(group.commands)


def test_no_line_of_a_help_is_cut() -> None:
    told = dict(commands(get_command(app), "dlscope"))
    assert {name: line for name, line in told.items() if line.endswith("...")} == {}


def test_every_command_says_what_it_does() -> None:
    told = dict(commands(get_command(app), "dlscope"))
    assert [name for name, line in told.items() if not line] == []
