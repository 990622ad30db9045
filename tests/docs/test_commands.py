"""Every `dlscope …` that a page shows can be typed: its command and its options are there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from dlscope.cli.app import app

ROOT = Path(__file__).parents[2]
EVERY = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^( *)```(?:sh|bash|console)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
PAGES = [page for page in EVERY if FENCE.search(page.read_text(encoding="utf-8"))]
ENDS = {"|", ">", "&&", ";", "2>"}


def commands(page: Path) -> Iterator[list[str]]:
    """The arguments of each `dlscope …` in the blocks of shell of `page`."""
    for _, block in FENCE.findall(page.read_text(encoding="utf-8")):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            places = [i for i, word in enumerate(words) if Path(word).name == "dlscope"]
            for place in places[:1]:
                rest = words[place + 1 :]
                ends = [i for i, word in enumerate(rest) if word in ENDS]
                yield rest[: ends[0]] if ends else rest


def misspelt(arguments: list[str]) -> str | None:
    """What the command line has against `arguments`; it reads them and runs nothing."""
    command: Any = get_command(app)
    while hasattr(command, "commands"):
        name, *arguments = arguments or ["--help"]
        if name in ("--help", "--version"):
            return None
        if name not in command.commands:
            return f"there is no command {name!r}"
        command = command.commands[name]
    try:
        command.make_context(command.name, arguments)
    except Exception as error:
        return str(error)
    return None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_of_a_page_can_be_typed(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = {shlex.join(arguments): misspelt(arguments) for arguments in commands(page)}
    assert {command: why for command, why in told.items() if why is not None} == {}
