"""`Guard`: who may ask, how much they may send, and what a browser may do with an answer."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dlscope.core.errors import DlscopeError, RequestError

COOKIE = "dlscope-token"
MOST_UPLOADED_BYTES = 256 << 20
MOST_ASKED_BYTES = 1 << 20
POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_SAFE = ("GET", "HEAD", "OPTIONS")
_OPEN = ("/static/", "/sign-in")
_LOCAL = ("localhost", "127.0.0.1", "::1")
Refuse = Callable[[Scope, int, DlscopeError], ASGIApp]


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server that is bound to `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def mark_of(token: str) -> str:
    """What a browser keeps in place of the token, which it does not give away."""
    return hashlib.sha256(b"dlscope cookie\0" + token.encode()).hexdigest()


@final
class Guard:
    """Stands before the application: hosts, token, origin and size of each request are checked.

    `uploads` are the beginnings of paths that may be sent files. With `hosts` the header `Host`
    must name one of them, so that no page of another site reaches a server on loopback by a name
    of its own.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        refuse: Refuse,
        token: str | None = None,
        hosts: Iterable[str] = (),
        uploads: tuple[str, ...] = (),
    ) -> None:
        self._app = app
        self._refuse = refuse
        self._token = token
        self._hosts = frozenset((*hosts, *_LOCAL)) if hosts else frozenset()
        self._uploads = uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is refused; let the application answer the rest."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        guarded = _with_headers(send)
        if (found := self._problem(scope)) is not None:
            status, error = found
            await self._refuse(scope, status, error)(scope, receive, guarded)
            return
        body = _Body(receive, self._most_bytes(scope))
        await self._app(scope, body.next_part, body.unless_too_large(guarded))
        if body.is_too_large:
            await self._refuse(scope, 413, _too_large(body.most))(scope, receive, guarded)

    def _problem(self, scope: Scope) -> tuple[int, RequestError] | None:
        headers = Headers(scope=scope)
        if self._hosts and _host_name(headers.get("host", "")) not in self._hosts:
            return 403, _error(
                "this server does not go by that name", "header Host", "ask for 127.0.0.1"
            )
        if not self._is_known(scope, headers):
            fix = "sign in, or send `Authorization: Bearer` and the token of `dlscope serve`"
            return 401, _error("a token is required", "header Authorization", fix)
        if scope["method"] not in _SAFE and not _is_own(headers):
            fix = "send it from a page of this server, or from no page at all"
            return 403, _error("the request comes from another site", "header Origin", fix)
        declared = headers.get("content-length", "0")
        if not declared.isdecimal() or int(declared) > self._most_bytes(scope):
            return 413, _too_large(self._most_bytes(scope))
        return None

    def _is_known(self, scope: Scope, headers: Headers) -> bool:
        if self._token is None or scope["path"].startswith(_OPEN):
            return True
        kind, _, given = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and _same(given.strip(), self._token):
            return True
        return _same(cookie_parser(headers.get("cookie", "")).get(COOKIE, ""), mark_of(self._token))

    def _most_bytes(self, scope: Scope) -> int:
        return MOST_UPLOADED_BYTES if scope["path"].startswith(self._uploads) else MOST_ASKED_BYTES


def _error(what: str, where: str, fix: str) -> RequestError:
    return RequestError(what, where=where, fix=fix)


def _too_large(most: int) -> RequestError:
    size = f"{most >> 20} MiB"
    return _error(f"more than {size} were sent", "body of the request", f"send at most {size}")


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


def _host_name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_own(headers: Headers) -> bool:
    """Whether a page of this server, or no page, sends the request."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


class _Body:
    """The body of one request, read until it has more bytes than it may."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._taken = 0
        self.most = most

    @property
    def is_too_large(self) -> bool:
        """Whether more was sent than may be."""
        return self._taken > self.most

    async def next_part(self) -> Message:
        """The next part; what follows too much counts as the end of the connection."""
        if self.is_too_large:
            return {"type": "http.disconnect"}
        message = await self._receive()
        self._taken += len(message.get("body", b""))
        return {"type": "http.disconnect"} if self.is_too_large else message

    def unless_too_large(self, send: Send) -> Callable[[Message], Awaitable[None]]:
        """Sends what the application answers, unless it has seen only a part of the body."""

        async def sent(message: Message) -> None:
            if not self.is_too_large:
                await send(message)

        return sent


def _with_headers(send: Send) -> Callable[[Any], Awaitable[None]]:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("cache-control", "no-cache")
        await send(message)

    return sent
