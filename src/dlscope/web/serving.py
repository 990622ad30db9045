"""`serve`: the application on a port of this machine."""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress

from dlscope.core.errors import PluginError, RequestError
from dlscope.core.hook_permission import HookPermission

LEAST_TOKEN = 16
_LOWEST = 19


def check_bind(host: str, token: str | None) -> None:
    """Raise `RequestError` for an address that others reach without a token, and a short token."""
    from dlscope.web.guard import is_loopback

    if token is not None and len(token) < LEAST_TOKEN:
        raise RequestError(
            f"the token has {len(token)} characters",
            where="--token",
            fix=f"give at least {LEAST_TOKEN}, such as those of `openssl rand -hex 16`",
        )
    if token is None and not is_loopback(host):
        raise RequestError(
            f"{host} can be reached from other machines, and no token is set",
            where="--host",
            fix="give --token, or leave --host out to serve this machine alone",
        )


def check_hooks(digests: Sequence[str]) -> tuple[str, ...]:
    """`digests` of hooks that may run. Raises `RequestError` for `all`: a server needs names."""
    for digest in digests:
        if digest.strip().lower() == "all":
            raise RequestError(
                "a server runs no hooks that it does not know",
                where="--allow-hooks",
                fix="give the SHA-256 of each file that may run",
            )
    HookPermission.of(*digests)
    return tuple(digests)


def serve(
    host: str,
    port: int,
    *,
    token: str | None = None,
    store: str | None = None,
    allow_hooks: Sequence[str] = (),
) -> None:
    """Serve until Ctrl-C; a job at work finishes its query and keeps its Run.

    Raises `RequestError` where others could reach the server without a token and where nothing
    can listen, `StoreError` for a store that cannot be used, and `PluginError` without the
    distributions that a server needs.
    """
    try:
        import uvicorn

        from dlscope.store import Store
        from dlscope.web.app import create_app
        from dlscope.web.guard import is_loopback
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("dlscope"):
            raise
        raise PluginError(
            f"a server needs {error.name!r}, which is not installed",
            where="dlscope serve",
            fix="pip install 'dlscope[server]'",
        ) from error
    check_bind(host, token)
    hooks = check_hooks(allow_hooks)
    with Store.open(store):  # what cannot be used is said now, not on every page
        pass
    hosts = (host,) if is_loopback(host) else ()
    app = create_app(store=store, token=token, allow_hooks=hooks, hosts=hosts)
    listener = listen(host, port)
    lower_priority()
    shown = f"[{host}]" if ":" in host else host
    told = listener.getsockname()[1]
    sys.stderr.write(f"dlscope serves http://{shown}:{told}; Ctrl-C ends it\n")
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=5)
    with listener, suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises `RequestError` where there can be none."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            where, fix = "--port", "end what listens there, or give --port 0 for any free one"
        else:
            where, fix = "--host, --port", "give an address of this machine, and a port from 1024"
        # The system's words alone: what follows them is Python's.
        why = str(error.strerror or error).partition(" (while")[0]
        raise RequestError(
            f"nothing can listen on port {port} of {host}: {why}",
            where=where,
            fix=fix,
        ) from error


def lower_priority() -> None:
    """Step back behind what is measured on this machine.

    On Linux that is of this thread and those it begins; the one that begins the jobs exists
    already, so that what it measures keeps its priority.
    """
    if sys.platform == "linux":
        os.nice(_LOWEST)
