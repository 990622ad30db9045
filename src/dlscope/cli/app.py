"""The `dlscope` command: its groups, its errors and its exit codes.

0 done · 1 a stated error · 2 wrong usage · 3 a Run failed or nothing can be done here · 130 Ctrl-C
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

import typer

from dlscope.cli import (
    adapt,
    agent,
    bound,
    bricks,
    catalog,
    codesign,
    demo,
    doctor,
    evaluate,
    manifest,
    papers,
    profile,
    report,
    serve,
    skynet,
    stack,
    store,
    study,
    trace,
)
from dlscope.cli.kept import add_kept
from dlscope.cli.sections import Sectioned
from dlscope.core.errors import DlscopeError, OutOfMemory, TrainingError, Unsatisfiable
from dlscope.core.no_memory import says_no_memory
from dlscope.core.whole_file import REFUSED, unwritable

FAILED = 3

app = typer.Typer(
    name="dlscope",
    cls=Sectioned,
    help="Measure, explain, predict, bound and redesign what a deep-learning model costs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("demo")(demo.demo)
app.command("doctor")(doctor.doctor)
app.command("evaluate")(evaluate.evaluate)
app.command("compare")(evaluate.compare)
app.add_typer(study.app, name="study")
app.command("profile")(profile.profile)
app.add_typer(bricks.app, name="bricks")
app.add_typer(codesign.app, name="codesign")
app.add_typer(adapt.app, name="adapt")
app.add_typer(skynet.app, name="skynet")
add_kept(adapt.app, "adapt")
add_kept(skynet.app, "skynet")
app.add_typer(bound.app, name="bound")
app.command("report")(report.report)
app.command("serve")(serve.serve)
app.command("models")(catalog.models)
app.command("datasets")(catalog.datasets)
app.command("systems")(catalog.systems)
app.command("papers")(papers.papers)
app.add_typer(manifest.app, name="manifest")
app.add_typer(agent.app, name="agent")
app.add_typer(stack.app, name="stack")
app.add_typer(store.app, name="store")
app.add_typer(trace.app, name="trace")


@app.callback(invoke_without_command=True)
def options(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version and exit."),
) -> None:
    """Measure, explain, predict, bound and redesign what a deep-learning model costs."""
    if version:
        from importlib.metadata import version as version_of

        typer.echo(f"dlscope {version_of('dlscope')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> None:
    """Run the command line; stated errors become their three fields and an exit code."""
    _keep_output()
    try:
        try:
            app()
        finally:
            # What does not go out now would fail when the interpreter ends, past all that tells.
            with suppress(BrokenPipeError):
                sys.stdout.flush()
    except DlscopeError as error:
        sys.exit(_told(error))
    # What computes in this process, such as a training, ends with an error of its framework.
    except (OSError, MemoryError, RuntimeError, ImportError) as error:
        if (stated := _stated(error)) is None:
            raise
        code = _told(stated)
        _drop_output()
        sys.exit(code)


def _keep_output() -> None:
    """Let standard output be what this program writes; what libraries print goes to the other one.

    Some greet on the descriptor itself, at their import or when the process ends, and what reads
    JSON from it would stumble over that.
    """
    own, other = sys.stdout, sys.stderr
    if own is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
        return
    is_replaced = own is not sys.__stdout__
    if other is None or is_replaced:
        return  # whoever calls this has put something in its place
    try:
        kept = os.dup(own.fileno())
        os.dup2(other.fileno(), own.fileno())
    except OSError:
        return  # one of the two is no file
    buffering = 1 if own.isatty() or own.line_buffering else -1
    sys.stdout = os.fdopen(kept, "w", buffering, encoding=own.encoding, errors=own.errors)


def _drop_output() -> None:
    """Let what is still to be written go nowhere: the interpreter tries it again at its end."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _told(error: DlscopeError) -> int:
    from dlscope.cli.output import tell_error

    is_failed = isinstance(error, Unsatisfiable | TrainingError | OutOfMemory)
    code = FAILED if is_failed else 1
    tell_error(error, code)
    return code


def _stated(error: Exception) -> DlscopeError | None:
    """What the system refused, as an error that says how to mend it; None for other errors."""
    if says_no_memory(error):
        lines = str(error).strip().splitlines()
        return OutOfMemory(
            ": ".join(["out of memory", *lines[:1]]),
            where="the process of the command",
            fix="ask for less at a time, such as smaller images or batches, or free memory",
        )
    if isinstance(error, OSError) and error.errno in REFUSED:
        return unwritable(error, error.filename or "standard output")
    return None
