"""Every installed analysis, ours and others', against `AnalysisSuite`."""

from __future__ import annotations

from dlscope.core import registry
from dlscope.testing.analyses import AnalysisSuite

BUILT_IN = (
    "accuracy",
    "agreement",
    "failures",
    "latency",
    "mistakes",
    "models",
    "stages",
    "validity",
)

for _name in registry.names("analyses"):
    _class = f"Test{_name.title().replace('_', '')}"
    globals()[_class] = type(_class, (AnalysisSuite,), {"analysis": _name})


def test_every_built_in_analysis_is_installed() -> None:
    assert set(BUILT_IN) <= set(registry.names("analyses"))
