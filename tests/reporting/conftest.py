from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from awkward_tables import large
from report_sample import sample

from dlscope.core.report import Report, Section


@pytest.fixture
def report() -> Report:
    return sample()


@pytest.fixture(scope="session")
def illustrated() -> Report:
    return sample(figures=True)


@pytest.fixture(scope="session")
def large_report() -> Report:
    table = large()
    return Report("Large", "Too many rows.", (table,), sections=(Section("All", (table,)),))
