from __future__ import annotations

import pytest

pytest_plugins = "pytester"

SUITE = """
import pytest
from dlscope.testing.gaps import Gap, expect_gap

class Suite:
    gaps = {}

    @pytest.fixture(autouse=True)
    def _declared(self, request):
        expect_gap(request, self.gaps)

    @pytest.mark.parametrize("number", [1, 2])
    def test_is_one(self, number):
        assert number == 1

"""


def _outcomes(pytester: pytest.Pytester, gaps: str) -> dict[str, int]:
    pytester.makepyfile(SUITE + f"class TestIt(Suite):\n    gaps = {gaps}\n")
    return dict(pytester.runpytest_inprocess("-p", "no:cacheprovider").parseoutcomes())


def test_an_undeclared_failure_fails(pytester: pytest.Pytester) -> None:
    assert _outcomes(pytester, "{}") == {"passed": 1, "failed": 1}


def test_a_declared_gap_is_an_expected_failure(pytester: pytest.Pytester) -> None:
    gaps = "{'test_is_one[2]': Gap('never', 'two is not one')}"
    assert _outcomes(pytester, gaps) == {"passed": 1, "xfailed": 1}


def test_a_gap_that_has_closed_fails(pytester: pytest.Pytester) -> None:
    gaps = "{'test_is_one': Gap('notimpl', 'nothing is one yet')}"
    assert _outcomes(pytester, gaps) == {"failed": 1, "xfailed": 1}


def test_a_gap_excuses_only_the_error_it_names(pytester: pytest.Pytester) -> None:
    gaps = "{'test_is_one[2]': Gap('notyet', 'it raises', KeyError)}"
    assert _outcomes(pytester, gaps) == {"passed": 1, "failed": 1}
