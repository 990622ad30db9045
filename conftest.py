"""Runs the Python of README.md and docs/ in page order, against a store that is thrown away."""

from __future__ import annotations

import atexit
import os
import tempfile
from collections.abc import Iterator
from typing import Any

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser
from xdist.scheduler import LoadScopeScheduling

_STORE = tempfile.TemporaryDirectory(prefix="dlscope-docs-", ignore_cleanup_errors=True)
atexit.register(_STORE.cleanup)


@pytest.fixture(scope="module")
def docs_store() -> Iterator[None]:
    """A store for the pages; all of them share it, so that a plan is measured once."""
    before = os.environ.get("DLSCOPE_STORE")
    os.environ["DLSCOPE_STORE"] = _STORE.name
    yield
    if before is None:
        del os.environ["DLSCOPE_STORE"]
    else:
        os.environ["DLSCOPE_STORE"] = before


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser()],
    patterns=["README.md", "docs/*.md", "docs/*/*.md"],
    fixtures=["docs_store"],
).pytest()


class _PagesWhole(LoadScopeScheduling):
    """Gives a page to one worker, whose examples build on one another; tests one by one."""

    def _split_scope(self, nodeid: str) -> str:
        page, _, _ = nodeid.partition("::")
        return page if page.endswith(".md") else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Keep the examples of a page together under `pytest -n`."""
    return _PagesWhole(config, log)
