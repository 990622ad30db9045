"""What a store says when its database or its disk refuses."""

from __future__ import annotations

import errno
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from dlscope.core.errors import StoreError

_ELSEWHERE = "or choose another place with $DLSCOPE_STORE"
# Parts of messages of SQLite and PostgreSQL → what happened, how to mend it, where `{name}` is what
# the message names, `{database}` and `{user}` what the URL does.
_KNOWN: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("database is locked", "lock timeout", "could not obtain lock"),
        "the store is locked by another process",
        "wait until that process has finished and try again",
    ),
    (
        ("database or disk is full", "no space left", "file too large", "could not extend file"),
        "the disk of the store is full",
        f"free some space, {_ELSEWHERE}",
    ),
    (
        ("file is not a database", "malformed", "invalid page"),
        "the database of the store is damaged",
        "restore it from a copy or an export, or move the file away to begin a new store",
    ),
    (
        ("permission denied for schema",),
        "the user may not make the tables of the store",
        f"make the user own the database (ALTER DATABASE {{database}} OWNER TO {{user}}), "
        f"{_ELSEWHERE}",
    ),
    (
        ("readonly database", "unable to open", "read-only", "permission denied"),
        "the store cannot be written",
        f"make it writable, {_ELSEWHERE}",
    ),
    (
        ("authentication failed", "no password supplied", 'fatal:  role "'),
        "the database server does not let this user in",
        f"check the user and the password in the URL, {_ELSEWHERE}",
    ),
    (
        ('fatal:  database "',),
        "the database of the store is not on its server",
        f"create it on the server with `createdb {{name}}`, or check the URL, {_ELSEWHERE}",
    ),
    (
        ("too many clients", "too many connections", "remaining connection slots"),
        "the database server of the store has no connection free and cannot be reached",
        "end what is not needed, or raise max_connections of the server",
    ),
    (
        (
            *("connection failed", "connection refused", "could not connect", "server closed"),
            *("terminating connection", "connection is closed", "connection timeout"),
            *("starting up", "shutting down", "consuming input failed"),
            *("failed to resolve host", "connection is bad"),
        ),
        "the database server of the store cannot be reached",
        f"start the server and check the URL, {_ELSEWHERE}",
    ),
)
_NAMED = re.compile(r'"([^"]+)" does not exist')
_ERRNO_WORDS = {
    errno.ENOSPC: "no space left",
    errno.EDQUOT: "no space left",
    errno.EFBIG: "file too large",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EROFS: "read-only",
}


_UNTOLD = "disk i/o error"
"""What SQLite says, besides, where the file that several processes share has no room to grow."""
_ROOM_BYTES = 128 * 1024
_PASSING = ("is locked by another process", "is full", "cannot be reached")


def is_passing(error: StoreError) -> bool:
    """Whether the store may take later what it refuses now."""
    return error.what.endswith(_PASSING)


@contextmanager
def refusals(where: str) -> Iterator[None]:
    """Turns what the database or the file system raises inside into `StoreError`s at `where`."""
    try:
        yield
    except OSError as error:
        words = _ERRNO_WORDS.get(error.errno or 0, error.strerror or str(error))
        raise _stated(words, where) from error
    except Exception as error:
        # A worker writes files alone: it need not wait for the whole of SQLAlchemy.
        from sqlalchemy.exc import DBAPIError

        if not isinstance(error, DBAPIError):
            raise
        raise _stated(str(error.orig), where) from error


def _is_full(where: str) -> bool:
    """Whether the disk of a file has no room left for what a database writes at once."""
    try:
        return shutil.disk_usage(Path(where).parent).free < _ROOM_BYTES
    except OSError:
        return False


def _url_names(where: str) -> Mapping[str, str]:
    """The user and the database of a URL as SQL writes them, `…` for one that it leaves out."""
    from sqlalchemy.engine import make_url

    url = make_url(where)
    quote = url.get_dialect()().identifier_preparer.quote
    told = {"user": url.username, "database": url.database}
    return {name: quote(value) if value else "…" for name, value in told.items()}


def _stated(message: str, where: str) -> StoreError:
    lower = message.lower()
    if _UNTOLD in lower and _is_full(where):
        lower = "no space left"
    for signs, what, fix in _KNOWN:
        if any(sign in lower for sign in signs):
            named = _NAMED.search(message)
            names = {"name": named.group(1) if named else ""}
            # Worker processes need not wait for SQLAlchemy.
            names |= _url_names(where) if "{user}" in fix else {}
            return StoreError(what, where=where, fix=fix.format(**names))
    first = message.strip().splitlines()[0] if message.strip() else "no reason given"
    return StoreError(
        f"the store cannot be used: {first}", where=where, fix=f"check that place, {_ELSEWHERE}"
    )
