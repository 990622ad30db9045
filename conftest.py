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

_ARCHITECTURE = "tests/architecture/"
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


class _Whole(LoadScopeScheduling):
    """Gives a worker whole pages, whose examples build on one another, and whole modules.

    What a module makes for its tests is then made once, and much less is said between processes
    than test by test. Classes go apart; the checks of the architecture share the parsed sources.
    """

    def _split_scope(self, nodeid: str) -> str:
        path, _, name = nodeid.partition("::")
        if path.startswith(_ARCHITECTURE):
            return _ARCHITECTURE
        owner, _, _ = name.partition("[")[0].rpartition("::")
        return f"{path}::{owner}" if owner else path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Pages come first: they take longest, and would leave a worker alone at the end."""
    items.sort(key=lambda item: not item.nodeid.partition("::")[0].endswith(".md"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Keep together under `pytest -n` what belongs together, in the order it is collected."""
    config.option.loadscopereorder = False
    return _Whole(config, log)
