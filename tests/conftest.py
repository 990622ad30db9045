"""No network beyond this machine, no hub look-ups, and a store that is thrown away."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile

import pytest

LOOPBACK = "127.0.0.0/8,::1,localhost"
_STORE = pytest.StashKey[str]()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    # These are pytest-socket's own options; set here they hold however pytest is started.
    config.option.allow_hosts = config.option.allow_hosts or LOOPBACK
    config.option.allow_unix_socket = True
    os.environ["HF_HUB_OFFLINE"] = "1"
    # Where a shell started the tests in the background, Ctrl-C is ignored: by what they start, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    config.stash[_STORE] = tempfile.mkdtemp(prefix="dlscope-store-")
    os.environ["DLSCOPE_STORE"] = config.stash[_STORE]


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(config.stash[_STORE], ignore_errors=True)
