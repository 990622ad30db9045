"""`serve`: the application on a port of this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

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

    Raises `RequestError` where others could reach the server without a token, and `PluginError`
    without the distributions that a server needs.
    """
    try:
        import uvicorn

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
    hosts = (host,) if is_loopback(host) else ()
    app = create_app(store=store, token=token, allow_hooks=hooks, hosts=hosts)
    lower_priority()
    shown = f"[{host}]" if ":" in host else host
    sys.stderr.write(f"dlscope serves http://{shown}:{port}; Ctrl-C ends it\n")
    uvicorn.run(app, host=host, port=port, log_level="warning", timeout_graceful_shutdown=5)


def lower_priority() -> None:
    """Step back behind what is measured on this machine.

    On Linux that is of this thread and those it begins; the one that begins the jobs exists
    already, so that what it measures keeps its priority.
    """
    if sys.platform == "linux":
        os.nice(_LOWEST)
