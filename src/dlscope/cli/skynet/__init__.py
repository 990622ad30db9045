"""`dlscope skynet …`: the tiny detector of the DAC System Design Contest, and its tracker."""

from __future__ import annotations

import typer

from dlscope.cli.skynet import count, export, score

__all__ = ["app", "count", "export", "score", "skynet"]

app = typer.Typer(
    help="SkyNet: a tiny detector, from its counts and weights to its score in the contest.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.callback()
def skynet() -> None:
    """SkyNet: a tiny detector, from its counts and weights to its score in the contest."""


app.command()(count.count)
app.command()(score.score)
app.command()(export.export)
