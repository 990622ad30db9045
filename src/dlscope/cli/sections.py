"""The commands of `dlscope`, listed by what they are for."""

from __future__ import annotations

from typing import Any, final

from typer.core import TyperGroup

SECTIONS = {
    "Measure": ("demo", "evaluate", "compare", "study"),
    "Explain": ("profile", "trace"),
    "Predict and bound": ("bricks", "bound"),
    "Redesign": ("codesign", "skynet", "adapt"),
    "Look at what is stored": ("report", "serve", "store"),
    "Look up": ("models", "datasets", "manifest", "papers"),
    "Machines and software": ("doctor", "systems", "stack", "agent"),
}


@final
class Sectioned(TyperGroup):
    """A group whose help has a heading for each of the `SECTIONS`."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - of click
        """Write each section with its commands, in one column."""
        width = max(map(len, self.commands))
        limit = formatter.width - 6 - width
        for title, names in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl(
                    [
                        (name.ljust(width), self.commands[name].get_short_help_str(limit))
                        for name in names
                    ]
                )
