from __future__ import annotations

import pytest

pytest.importorskip("torch")

from dlscope.core.errors import SearchError
from dlscope.methods.codesign.exploring.judge import Judge
from dlscope.methods.codesign.oracle.methods import METHODS, require_methods


@pytest.mark.parametrize("name", METHODS)
def test_no_method_looks_at_more_than_it_may(small_instance, name) -> None:
    judge = Judge(small_instance.space, small_instance, small_instance.times_of, most=40)
    METHODS[name](small_instance, judge, 0)
    assert judge.evaluations <= 40
    assert judge.best.value > 0


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(SearchError) as caught:
        require_methods(["search", "exhaustive", "evolutoin"])
    assert (caught.value.what, caught.value.fix) == (
        "there is no baseline 'evolutoin'",
        "did you mean evolution?",
    )
