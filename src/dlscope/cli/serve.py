"""`dlscope serve`."""

from __future__ import annotations

from importlib import import_module

import typer

from dlscope.cli.output import STORE


def serve(
    host: str = typer.Option("127.0.0.1", "--host", help="Address to listen on."),
    port: int = typer.Option(8765, "--port", min=0, max=65535, help="Port; 0 for any free one."),
    token: str = typer.Option(
        None,
        "--token",
        envvar="DLSCOPE_TOKEN",
        help="What requests must show; required for addresses beside this machine's own.",
    ),
    allow_hooks: list[str] = typer.Option(
        None, "--allow-hooks", help="SHA-256 of hooks that may run; repeat for several."
    ),
    store: str = STORE,
) -> None:
    """The store as pages in a browser and over REST.

    On this machine alone, unless told otherwise.

    \b
    dlscope serve
    dlscope serve --host 0.0.0.0 --token "$(openssl rand -hex 16)"
    """
    # The two faces do not know each other; only what was asked passes from one to the other.
    serving = import_module("dlscope.web.serving")
    serving.serve(host, port, token=token, store=store, allow_hooks=allow_hooks or ())
