"""Every installed analysis, ours and others', against `AnalysisSuite`."""

from __future__ import annotations

from dlscope.core import registry
from dlscope.methods.profiling.analyses.base import ProfileAnalysis
from dlscope.testing.analyses import AnalysisSuite, example_run, in_stack
from dlscope.testing.profiles import example_profiles

STACKED = (
    in_stack(example_run("r-1"), "1.18.0", "3.10.13", {"numpy": "1.26.4"}),
    in_stack(example_run("r-2"), "1.31.1", "3.12.1", {"numpy": "2.5.5"}),
)
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
    "stacks",
    "systems",
    "trade_off",
    "validity",
)

for _name in registry.names("analyses"):
    _class = f"Test{_name.title().replace('_', '')}"
    _fields = {"analysis": _name}
    if issubclass(registry.load("analyses", _name), ProfileAnalysis):
        _fields["runs"] = lambda _: example_profiles()
    elif _name == "stacks":
        _fields["runs"] = lambda _: STACKED
    globals()[_class] = type(_class, (AnalysisSuite,), _fields)


def test_every_built_in_analysis_is_installed() -> None:
    assert set(BUILT_IN) <= set(registry.names("analyses"))
