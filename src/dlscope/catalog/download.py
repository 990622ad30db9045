"""Files from the web: streamed, resumed where the server allows, never half there."""

from __future__ import annotations

import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException, HTTPMessage, HTTPResponse
from pathlib import Path
from typing import IO, final

from dlscope.catalog.cache import Expected, cache_folder, quarantine
from dlscope.core.digest import bytes_digest
from dlscope.core.errors import DataError

LIMIT_BYTES = 20 << 30
_CHUNK_BYTES = 1 << 18
_TRIES = 3
_TIMEOUT_S = 30


def download(
    url: str,
    expected: Expected,
    where: str,
    *,
    loopback_http: bool = False,
    limit: int = LIMIT_BYTES,
) -> Path:
    """The cached file of `url`, downloaded unless it is there already, checked either way.

    A file that is not as expected goes to quarantine and is fetched once more. Only https is
    spoken; `loopback_http` also allows plain http to this machine. `limit` is in bytes.
    Raises `DataError` when the file cannot be had, or differs again.
    """
    _check_address(url, where, loopback_http)
    suffix = Path(urllib.parse.urlsplit(url).path).suffix
    key = expected.sha256 or bytes_digest(url.encode())
    target = cache_folder("downloads") / f"{key}{suffix}"
    if target.exists():
        if expected.difference(target) is None:
            return target
        quarantine(target)
    difference = None
    for _ in range(2):
        with _owned_part(target) as part:
            _receive(url, part, expected.size_bytes or limit, where, loopback_http)
            difference = expected.difference(part)
            if difference is None:
                part.replace(target)
                return target
            quarantine(part)
    raise DataError(
        f"{url} {difference}",
        where=where,
        fix="the file at this address is another: correct the manifest, or use another source",
    )


@contextmanager
def _owned_part(target: Path) -> Iterator[Path]:
    """A partial file that only this process writes; what is left of it can be resumed later."""
    shared = target.with_name(target.name + ".part")
    own = target.with_name(f"{target.name}.{os.getpid()}.part")
    if shared.exists():
        shared.replace(own)
    try:
        yield own
    finally:
        if own.exists():
            own.replace(shared)


def _receive(url: str, part: Path, limit: int, where: str, loopback_http: bool) -> None:
    """Complete the file at `part`, going on after an interruption a few times."""
    failure = ""
    for _ in range(_TRIES):
        try:
            failure = _receive_once(url, part, limit, where, loopback_http)
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 416:  # nothing after what is there: it is not this file's start
                    part.unlink(missing_ok=True)
                    continue
                raise _failed(url, f"HTTP {error.code} {error.reason}", where) from None
        except (OSError, HTTPException) as error:
            failure = str(getattr(error, "reason", error)) or type(error).__name__
        if not failure:
            return
    raise _failed(url, failure or "the server refuses every range", where)


def _receive_once(url: str, part: Path, limit: int, where: str, loopback_http: bool) -> str:
    """Ask for what `part` lacks and append it; what was missing at the end, if anything."""
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Accept-Encoding": "identity"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    with _opener(where, loopback_http).open(request, timeout=_TIMEOUT_S) as response:
        resumed = _continues(response, have)
        announced = response.headers.get("Content-Length")
        total = int(announced) + (have if resumed else 0) if announced else None
        _refuse_large(url, total or 0, limit, where)
        with part.open("ab" if resumed else "wb") as file:
            while chunk := response.read(_CHUNK_BYTES):
                file.write(chunk)
                _refuse_large(url, file.tell(), limit, where)
            size = file.tell()
    return "" if total in (None, size) else f"the connection ended after {size} of {total} bytes"


def _continues(response: HTTPResponse, have: int) -> bool:
    start = response.headers.get("Content-Range", "")
    return response.status == 206 and start.startswith(f"bytes {have}-")


def _refuse_large(url: str, size: int, limit: int, where: str) -> None:
    if size > limit:
        raise DataError(
            f"{url} is larger than {limit} bytes",
            where=where,
            fix="correct size_bytes in the manifest, or use another source",
        )


def _failed(url: str, reason: str, where: str) -> DataError:
    return DataError(
        f"{url} cannot be downloaded: {reason}",
        where=where,
        fix="check the address and the connection, then try again: what arrived is kept",
    )


def _check_address(url: str, where: str, loopback_http: bool) -> None:
    parts = urllib.parse.urlsplit(url)
    local = loopback_http and parts.hostname in ("127.0.0.1", "::1", "localhost")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise DataError(
            f"{url} is not an https address", where=where, fix="use an address with https://"
        )


def _opener(where: str, loopback_http: bool) -> urllib.request.OpenerDirector:
    redirects = _CheckedRedirects(where, loopback_http)
    if loopback_http:
        return urllib.request.build_opener(redirects, urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(redirects)


@final
class _CheckedRedirects(urllib.request.HTTPRedirectHandler):
    """Follows a redirect only to an address that could have been given in the first place."""

    def __init__(self, where: str, loopback_http: bool) -> None:
        self._where = where
        self._loopback_http = loopback_http

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request:
        del code, msg, headers
        try:
            _check_address(newurl, self._where, self._loopback_http)
        except DataError:
            fp.close()  # urllib closes the answer only of a redirect that it follows
            raise
        kept = {key: value for key, value in req.header_items() if key.lower() != "host"}
        return urllib.request.Request(newurl, headers=kept)
