from __future__ import annotations

from pathlib import Path

import pytest

from dlscope import api
from dlscope.core import registry
from dlscope.core.errors import PluginError
from dlscope.store import Store
from dlscope.testing.analyses import example_run


@pytest.fixture
def store(tmp_path: Path) -> str:
    with Store.open(tmp_path) as opened:
        opened.accept(example_run("r-fast"))
    return str(tmp_path)


def test_every_registered_analysis_is_listed_in_order() -> None:
    names = api.analyses().table("analyses").column("analysis")
    assert set(names) == set(registry.names("analyses"))
    assert names.index("a2") < names.index("a10")


def test_an_analysis_is_told_whole_with_what_its_columns_hold(store: str) -> None:
    report = api.analyse("latency", ["r-fast"], store=store)
    table = report.table("latency")
    assert [row["mean_ns"] for row in table] == [1_200_000.0]
    assert report.table("columns").column("column") == tuple(each.name for each in table.columns)


def test_an_unknown_analysis_is_refused(store: str) -> None:
    with pytest.raises(PluginError, match="there is no plugin 'latncy' among the analyses"):
        api.analyse("latncy", ["r-fast"], store=store)
