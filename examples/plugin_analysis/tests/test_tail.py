import pytest

from dlscope.core import registry
from dlscope.testing.analyses import AnalysisSuite, example_run

EVEN = [100] * 100
LATE = [100] * 98 + [300, 300]


class TestTail(AnalysisSuite):
    analysis = "tail"


@pytest.fixture
def tail():
    return registry.load("analyses", "tail")()


def test_divides_the_slowest_by_the_middle(tail) -> None:
    table = tail.table([example_run("b", latencies_ns=LATE), example_run("a", latencies_ns=EVEN)])
    assert table.to_csv() == "run,backend,tail\na,onnxruntime,1.0\nb,onnxruntime,3.0\n"


def test_finds_the_long_tail(tail) -> None:
    table = tail.table([example_run("a", latencies_ns=EVEN), example_run("b", latencies_ns=LATE)])
    (finding,) = tail.findings(table)
    assert (finding.claim, finding.rows) == ("A long tail in 1 of 2 runs", (1,))


def test_is_silent_on_even_latencies(tail) -> None:
    assert tail.findings(tail.table([example_run("a", latencies_ns=EVEN)])) == ()


def test_a_run_without_queries_has_no_row(tail) -> None:
    assert len(tail.table([example_run("a", latencies_ns=())])) == 0
