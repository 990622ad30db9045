from __future__ import annotations

import pytest

from dlscope.core.errors import PlanError
from dlscope.core.trace import Level
from dlscope.methods.profiling.levels import level_set, parse_levels

M, L, B, K = Level.MODEL, Level.LAYER, Level.LIBRARY, Level.KERNEL


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("M", (M,)),
        ("M,L,B,K", (M, L, B, K)),
        ("M/L/G", (M, L, K)),
        (" m, l ", (M, L)),
        ("model,layer", (M, L)),
        ("MODEL FRAMEWORK GPU_KERNEL", (M, L, K)),
        ("M,C,H", (M, Level.COMPILER, Level.COUNTER)),
    ],
)
def test_a_set_is_read_in_any_notation(text: str, levels: tuple[Level, ...]) -> None:
    assert parse_levels(text) == levels


@pytest.mark.parametrize(
    ("text", "what", "fix"),
    [
        ("", "'' does not begin with the model", "begin with M: M,L,B"),
        (" , ", "' , ' does not begin with the model", "begin with M: M,L,B"),
        ("L,B", "'L,B' does not begin with the model", "begin with M: M,L,B"),
        ("L,M", "'L,M' does not begin with the model", "begin with M: M,L,B"),
        ("M,B,L", "'M,B,L' is not in order", "write M/L/B"),
        ("M,L,L", "'M,L,L' is not in order", "write M/L"),
        ("M,K,G", "'M,K,G' is not in order", "write M/K"),
    ],
)
def test_a_set_is_read_from_the_model_down(text: str, what: str, fix: str) -> None:
    with pytest.raises(PlanError) as caught:
        parse_levels(text)
    assert (caught.value.what, caught.value.where, caught.value.fix) == (what, "levels", fix)


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(PlanError) as caught:
        parse_levels("M,LAYRE")
    assert (caught.value.what, caught.value.fix) == (
        "'LAYRE' is not a trace level",
        "did you mean LAYER?",
    )


def test_a_set_is_written_as_in_the_paper() -> None:
    assert level_set((M, L, B, K)) == "M/L/B/K"
    assert level_set((Level.APPLICATION, M)) == "APPLICATION/M"
    assert parse_levels(level_set((M, L, K))) == (M, L, K)
