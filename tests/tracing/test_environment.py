from __future__ import annotations

from dlscope.core.trace import Level
from dlscope.tracing.environment import trace_environment


def test_each_level_brings_the_variables_that_libraries_read_when_they_are_loaded() -> None:
    assert trace_environment([Level.MODEL, Level.LAYER]) == {}
    assert trace_environment([Level.MODEL, Level.LIBRARY]) == {"ONEDNN_VERBOSE_TIMESTAMP": "1"}
    assert trace_environment([Level.KERNEL]) == {"ONEDNN_JIT_PROFILE": "2"}


def test_deeper_sets_hold_what_shallower_ones_do_in_whatever_order() -> None:
    levels = [Level.MODEL, Level.LAYER, Level.LIBRARY, Level.KERNEL]
    both = {"ONEDNN_VERBOSE_TIMESTAMP": "1", "ONEDNN_JIT_PROFILE": "2"}
    assert trace_environment(levels) == both
    assert trace_environment(levels[::-1]) == both


def test_no_level_needs_nothing() -> None:
    assert trace_environment([]) == {}
