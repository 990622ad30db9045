"""`dlscope codesign …`: networks and their implementations, searched for together."""

from __future__ import annotations

import typer

from dlscope.cli.codesign import baseline, emit, profile, report, search, space, targets, validate

__all__ = [
    "app",
    "baseline",
    "codesign",
    "emit",
    "profile",
    "report",
    "search",
    "space",
    "targets",
    "validate",
]

app = typer.Typer(
    help="A network and its implementation, designed together.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.callback()
def codesign() -> None:
    """A network and its implementation, designed together."""


app.command()(validate.validate)
app.add_typer(space.app, name="space")
app.command()(baseline.baseline)
app.command()(profile.profile)
app.command()(report.report)
app.command("list")(report.list_searches)
app.command("show")(report.show_search)
app.command()(report.measure)
app.command()(search.search)
app.command()(search.derive)
app.command()(search.train)
app.command()(search.compare)
app.command()(emit.emit)
app.command()(emit.simulate)
app.command()(targets.targets)
app.command()(targets.split)
app.command()(targets.templates)
