"""The command line's commands and options, pinned: a change here is a change for every user."""

from __future__ import annotations

import typer

from dlscope.cli.app import app

COMMON = {"--help"}
RESULT = {"--format", "--output"}
MEASURE = {
    "--backend",
    "--batch-size",
    "--dataset",
    "--items",
    "--min-duration-ms",
    "--pipeline",
    "--repeats",
    "--rerun",
    "--scenario",
    "--store",
    "--threads",
    "--all",
}
SURFACE = {
    "compare": MEASURE | RESULT,
    "datasets": RESULT | {"--all"},
    "demo": {"--format", "--output", "--store"},
    "doctor": RESULT,
    "evaluate": MEASURE | RESULT,
    "manifest check": RESULT,
    "manifest schema": set(),
    "models": RESULT | {"--all"},
    "report": RESULT | {"--all", "--store"},
    "store delete": {"--store"},
    "store export": {"--store"},
    "store import": {"--store"},
    "store info": RESULT | {"--store"},
    "store list": RESULT
    | {"--all", "--backend", "--dataset", "--limit", "--model", "--status", "--store"},
    "study preprocessing": RESULT
    | {"--all", "--backend", "--change", "--dataset", "--rerun", "--store"},
    "systems": RESULT | {"--all"},
}


def surface(command, name: str = "") -> dict[str, set[str]]:
    """Options of every command below `command`, by its words."""
    if hasattr(command, "commands"):
        found: dict[str, set[str]] = {}
        for word, inner in command.commands.items():
            found |= surface(inner, f"{name} {word}".strip())
        return found
    options = {
        option
        for parameter in command.params
        for option in parameter.opts
        if option.startswith("--")
    }
    return {name: options - COMMON}


def test_the_commands_and_their_options_are_these() -> None:
    assert surface(typer.main.get_command(app)) == SURFACE


def test_every_command_and_option_says_what_it_does() -> None:
    pending = [typer.main.get_command(app)]
    while pending:
        command = pending.pop()
        pending.extend(getattr(command, "commands", {}).values())
        assert command.help, command.name
        assert all(getattr(each, "help", "") for each in command.params), command.name
