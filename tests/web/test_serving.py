from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dlscope.core.errors import PlanError, RequestError, StoreError
from dlscope.web.serving import check_bind, check_hooks, listen, serve


def test_loopback_needs_no_token() -> None:
    check_bind("127.0.0.1", None)
    check_bind("::1", None)


@pytest.mark.parametrize(
    ("host", "token", "message"),
    [
        (
            "0.0.0.0",
            None,
            "RequestError: 0.0.0.0 can be reached from other machines, and no token is set\n"
            "  where  --host\n"
            "  fix    give --token, or leave --host out to serve this machine alone",
        ),
        (
            "127.0.0.1",
            "short",
            "RequestError: the token has 5 characters\n"
            "  where  --token\n"
            "  fix    give at least 16, such as those of `openssl rand -hex 16`",
        ),
    ],
)
def test_refuses_to_be_reached_by_anybody(host: str, token: str | None, message: str) -> None:
    with pytest.raises(RequestError) as caught:
        check_bind(host, token)
    assert str(caught.value) == message


def test_with_a_token_others_may_ask() -> None:
    check_bind("0.0.0.0", "0123456789abcdef")


def test_hooks_run_only_by_digest() -> None:
    assert check_hooks(["a" * 64]) == ("a" * 64,)
    with pytest.raises(RequestError, match="runs no hooks that it does not know"):
        check_hooks(["ALL"])
    with pytest.raises(PlanError, match="is not the SHA-256 of a file"):
        check_hooks(["abc"])


def test_nobody_is_served_before_that_is_checked(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="no token is set"):
        serve("0.0.0.0", 1, store=str(tmp_path / "store"))
    assert not (tmp_path / "store").exists()


def test_a_store_that_cannot_be_used_is_told_before_serving(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StoreError) as caught:
        serve("127.0.0.1", 0, store=str(tmp_path / "file"))
    assert str(caught.value) == (
        "StoreError: the store cannot be used: Not a directory\n"
        f"  where  {tmp_path / 'file'}\n"
        "  fix    check that place, or choose another place with $DLSCOPE_STORE"
    )


def test_a_port_that_is_taken_is_told() -> None:
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(RequestError) as caught:
            listen("127.0.0.1", port)
    assert str(caught.value) == (
        f"RequestError: nothing can listen on port {port} of 127.0.0.1: Address already in use\n"
        "  where  --port\n"
        "  fix    end what listens there, or give --port 0 for any free one"
    )


def test_an_address_of_another_machine_is_told() -> None:
    with pytest.raises(RequestError) as caught:
        listen("192.0.2.1", 0)
    assert str(caught.value) == (
        "RequestError: nothing can listen on port 0 of 192.0.2.1: Cannot assign requested address\n"
        "  where  --host, --port\n"
        "  fix    give an address of this machine, and a port from 1024"
    )


PRIORITIES = """
import os, threading
from dlscope.web.serving import lower_priority
told = {}
begin = threading.Event()
def priority(name, wait=False):
    if wait:
        begin.wait()
    told[name] = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
jobs = threading.Thread(target=priority, args=("jobs", True))
jobs.start()
lower_priority()
answers = threading.Thread(target=priority, args=("answers",))
answers.start()
begin.set()
jobs.join(), answers.join()
print(told["answers"] - told["jobs"])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a thread has no priority")
def test_answers_step_back_behind_what_jobs_measure() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PRIORITIES], capture_output=True, text=True, timeout=60, check=True
    )
    started_at = os.getpriority(os.PRIO_PROCESS, 0)
    # One that was raised steps back as far; nothing steps back behind the last place.
    assert int(done.stdout) == 19 - max(started_at, 0)


@pytest.mark.slow
def test_the_command_serves_until_ctrl_c(tmp_path: Path) -> None:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "dlscope.cli", "serve", "--port", str(port)]
    server = subprocess.Popen(
        [*command, "--store", str(tmp_path)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "DLSCOPE_CATALOG": ""},
    )
    assert server.stderr is not None
    try:
        line = server.stderr.readline()
        assert re.fullmatch(rf"dlscope serves http://127.0.0.1:{port}; Ctrl-C ends it\n", line)
        assert _status(port) == 200
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=30)
    assert server.returncode in (0, 130, -signal.SIGINT)


def _status(port: int) -> int:
    import time

    for _ in range(100):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", "/api/v1/runs")
            return connection.getresponse().status
        except ConnectionRefusedError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise AssertionError("nobody answers")
