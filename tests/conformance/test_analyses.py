"""Every installed analysis, ours and others', against `AnalysisSuite`."""

from __future__ import annotations

from dlscope.core import registry
from dlscope.methods.profiling.analyses.base import ProfileAnalysis
from dlscope.testing.analyses import AnalysisSuite
from dlscope.testing.profiles import example_profiles

BUILT_IN = (
    *(f"a{number}" for number in range(1, 23)),
    "accuracy",
    "agreement",
    "claims",
    "cold_start",
    "declaration",
    "failures",
    "identical",
    "latency",
    "mistakes",
    "models",
    "peak",
    "regression",
    "scalability",
    "speed_up",
    "stages",
    "systems",
    "trade_off",
    "validity",
)

for _name in registry.names("analyses"):
    _class = f"Test{_name.title().replace('_', '')}"
    _fields = {"analysis": _name}
    if issubclass(registry.load("analyses", _name), ProfileAnalysis):
        _fields["runs"] = lambda _: example_profiles()
    globals()[_class] = type(_class, (AnalysisSuite,), _fields)


def test_every_built_in_analysis_is_installed() -> None:
    assert set(BUILT_IN) <= set(registry.names("analyses"))
