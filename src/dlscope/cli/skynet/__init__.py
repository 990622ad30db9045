"""`dlscope skynet …`: the tiny detector of the DAC System Design Contest, and its tracker."""

from __future__ import annotations

import typer

from dlscope.cli.skynet import (
    build,
    count,
    data,
    evaluate,
    export,
    pipeline,
    quantize,
    score,
    search,
    track,
    train,
)

__all__ = [
    "app",
    "build",
    "count",
    "data",
    "evaluate",
    "export",
    "pipeline",
    "quantize",
    "score",
    "search",
    "skynet",
    "track",
    "train",
]

app = typer.Typer(
    help="SkyNet, a tiny detector: search, train, shrink, track, score.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.callback()
def skynet() -> None:
    """SkyNet, a tiny detector: search, train, shrink, track, score."""


app.command()(count.count)
app.command()(score.score)
app.command()(export.export)
app.command()(data.data)
app.command()(track.track)
app.command()(search.search)
app.command()(build.build)
app.command()(train.train)
app.command("eval")(evaluate.evaluate)
app.command()(quantize.quantize)
app.command()(pipeline.pipeline)
