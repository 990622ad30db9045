from __future__ import annotations

import os
import socket

import pytest


def test_tests_cannot_leave_this_machine() -> None:
    # 192.0.2.0/24 is reserved for documentation: nothing answers there.
    with pytest.warns(UserWarning, match="192.0.2.1"), pytest.raises(RuntimeError):
        socket.socket().connect(("192.0.2.1", 80))


def test_loopback_is_open() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        with socket.create_connection(server.getsockname()):
            pass


def test_tests_keep_their_runs_apart_from_the_users() -> None:
    assert "dlscope-store-" in os.environ["DLSCOPE_STORE"]
    assert os.environ["HF_HUB_OFFLINE"] == "1"
