"""`dlscope agent …`: machines that carry out plans for others, joined by Ray."""

from __future__ import annotations

import signal
from pathlib import Path

import typer

from dlscope.cli.asking import ADDRESS, labels
from dlscope.cli.output import FORMAT, OUTPUT, Format, show

app = typer.Typer(
    help="Machines that carry out plans for others, joined by Ray.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def start(
    address: str = typer.Option(
        None, "--address", help="HOST:PORT of the cluster to join; auto for the node here."
    ),
    head: bool = typer.Option(False, "--head", help="Be the head of a new cluster."),
    name: str = typer.Option(None, "--name", help="Name of the agent; default: the machine's."),
    label: list[str] = typer.Option(None, "--label", help="name=value; repeat for several."),
    slots: int = typer.Option(1, "--slots", min=1, help="Plans at once that only count accuracy."),
    backend: list[str] = typer.Option(
        None, "--backend", "-b", help="Offer only this backend; repeat for several."
    ),
) -> None:
    """Make this machine an agent, until Ctrl-C.

    \b
    dlscope agent start --head
    dlscope agent start --address 10.0.0.7:6379 --label lab=a
    """
    from dlscope import api

    try:
        api.start_agent(
            address,
            head=head,
            name=name,
            labels=labels(label),
            slots=slots,
            backends=backend or (),
            ready=_tell,
        )
    except KeyboardInterrupt:
        typer.echo("the agent has ended", err=True)
        return
    typer.echo("the Ray node of this agent has ended", err=True)
    raise typer.Exit(1)


@app.command("list")
def list_agents(address: str = ADDRESS, format: Format = FORMAT, output: Path = OUTPUT) -> None:
    """The agents of a cluster, what they offer, who is busy.

    \b
    dlscope agent list --address 10.0.0.7:6379 --format json
    """
    from dlscope import api

    show(api.agents(address), format, output)


def _tell(name: str, address: str) -> None:
    # A service manager asks to end so; Ray has a handler of its own until now.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    typer.echo(f"agent {name} is ready; measure with --scheduler ray --address {address}", err=True)
