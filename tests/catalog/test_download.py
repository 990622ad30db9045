from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dlscope.catalog.cache import Expected
from dlscope.catalog.download import download
from dlscope.core.errors import DataError

CONTENT = bytes(range(256)) * 64
SHA = hashlib.sha256(CONTENT).hexdigest()
WHERE = "m@1.0.0, assets.weights"


class Server:
    """A server on this machine whose manners each test chooses."""

    def __init__(self) -> None:
        self.content = CONTENT
        self.stop_after: list[int] = []
        self.ranges = True
        self.requests: list[str] = []
        self.redirect = ""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.answer(self)

            def log_message(self, format: str, *args: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/net.bin"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        asked = handler.headers.get("Range", "")
        self.requests.append(asked)
        if self.redirect:
            handler.send_response(302)
            handler.send_header("Location", self.redirect)
            handler.end_headers()
            return
        if "missing" in handler.path:
            handler.send_error(404)
            return
        match = re.fullmatch(r"bytes=(\d+)-", asked) if self.ranges else None
        start = int(match[1]) if match else 0
        if match and start >= len(self.content):
            handler.send_error(416)
            return
        handler.send_response(206 if match else 200)
        if match:
            total = len(self.content)
            handler.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        body = self.content[start:]
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[: self.stop_after.pop(0)] if self.stop_after else body)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def get(server: Server, expected: Expected | None = None, **changes: int) -> Path:
    expected = expected or Expected(SHA, len(CONTENT))
    return download(server.url, expected, WHERE, loopback_http=True, **changes)


def files(cache: Path, part: str) -> list[Path]:
    return sorted((cache / part).iterdir()) if (cache / part).exists() else []


def test_downloads_once(server: Server, cache: Path) -> None:
    path = get(server)
    assert path == cache / "downloads" / f"{SHA}.bin"
    assert path.read_bytes() == CONTENT
    assert get(server) == path
    assert len(server.requests) == 1


def test_goes_on_where_the_connection_ended(server: Server) -> None:
    server.stop_after = [1000]
    assert get(server).read_bytes() == CONTENT
    assert server.requests == ["", "bytes=1000-"]


def test_begins_again_where_the_server_knows_no_ranges(server: Server) -> None:
    server.ranges = False
    server.stop_after = [1000]
    assert get(server).read_bytes() == CONTENT
    assert server.requests == ["", "bytes=1000-"]


def test_keeps_what_arrived_for_the_next_time(server: Server, cache: Path) -> None:
    server.stop_after = [100, 100, 100]
    with pytest.raises(DataError) as refusal:
        get(server)
    assert refusal.value.what == (
        f"{server.url} cannot be downloaded: the connection ended after 300 of {len(CONTENT)} bytes"
    )
    assert refusal.value.where == WHERE
    assert refusal.value.fix == (
        "check the address and the connection, then try again: what arrived is kept"
    )
    assert [path.name for path in files(cache, "downloads")] == [f"{SHA}.bin.part"]
    assert get(server).read_bytes() == CONTENT
    assert server.requests[-1] == "bytes=300-"


def test_begins_again_after_a_part_longer_than_the_file(server: Server, cache: Path) -> None:
    part = cache / "downloads" / f"{SHA}.bin.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(bytes(len(CONTENT)))
    assert get(server).read_bytes() == CONTENT


def test_fetches_a_spoiled_file_once_more(server: Server, cache: Path) -> None:
    get(server).write_bytes(b"x" * len(CONTENT))
    assert get(server).read_bytes() == CONTENT
    assert len(server.requests) == 2
    assert [path.read_bytes() for path in files(cache, "quarantine")] == [b"x" * len(CONTENT)]


def test_refuses_another_content_with_both_digests(server: Server, cache: Path) -> None:
    server.content = other = b"y" * len(CONTENT)
    with pytest.raises(DataError) as refusal:
        get(server)
    actual = hashlib.sha256(other).hexdigest()
    assert refusal.value.what == f"{server.url} has the SHA-256 {actual}, expected {SHA}"
    assert refusal.value.where == WHERE
    assert refusal.value.fix == (
        "the file at this address is another: correct the manifest, or use another source"
    )
    assert len(server.requests) == 2
    assert files(cache, "downloads") == []
    assert len(files(cache, "quarantine")) == 1


def test_refuses_another_size(server: Server) -> None:
    server.content = CONTENT[:-1]
    with pytest.raises(DataError) as refusal:
        get(server)
    assert refusal.value.what == f"{server.url} has 16383 bytes, expected 16384"


def test_refuses_a_file_larger_than_declared_before_reading_it(server: Server) -> None:
    with pytest.raises(DataError) as refusal:
        get(server, Expected(SHA, 10))
    assert refusal.value.what == f"{server.url} is larger than 10 bytes"
    assert refusal.value.fix == "correct size_bytes in the manifest, or use another source"


def test_refuses_a_file_over_the_limit(server: Server) -> None:
    with pytest.raises(DataError, match="is larger than 100 bytes"):
        get(server, Expected(SHA), limit=100)


def test_refuses_what_is_not_there(server: Server) -> None:
    server.url += "?missing"
    with pytest.raises(DataError) as refusal:
        get(server)
    assert refusal.value.what == f"{server.url} cannot be downloaded: HTTP 404 Not Found"


def test_refuses_a_server_that_is_not_there(server: Server) -> None:
    server.close()
    with pytest.raises(DataError, match=r"cannot be downloaded: .*[Rr]efused"):
        get(server)


def test_follows_a_redirect_to_the_same_machine(server: Server) -> None:
    other = Server()
    server.redirect = other.url
    assert get(server).read_bytes() == CONTENT
    other.close()


@pytest.mark.parametrize("url", ["http://example.org/net.bin", "file:///etc/passwd", "ftp://x/y"])
def test_refuses_addresses_without_https(url: str) -> None:
    with pytest.raises(DataError) as refusal:
        download(url, Expected(SHA), WHERE)
    assert refusal.value.what == f"{url} is not an https address"
    assert refusal.value.where == WHERE
    assert refusal.value.fix == "use an address with https://"


@pytest.mark.parametrize("url", ["http://example.org/net.bin", "ftp://x/y"])
def test_refuses_a_redirect_away_from_https(server: Server, url: str) -> None:
    server.redirect = url
    with pytest.raises(DataError) as refusal:
        get(server)
    assert refusal.value.what == f"{url} is not an https address"


def test_refuses_a_redirect_to_a_file(server: Server) -> None:
    server.redirect = "file:///etc/passwd"
    with pytest.raises(DataError, match="cannot be downloaded: HTTP 302 Found"):
        get(server)


def test_speaks_plain_http_to_this_machine_only_when_told(server: Server) -> None:
    with pytest.raises(DataError, match="is not an https address"):
        download(server.url, Expected(SHA), WHERE)
    assert server.requests == []
