from dataclasses import replace

import numpy as np
import pytest

from dlscope.core import registry
from dlscope.core.run import Run, Samples
from dlscope.testing.stores import sample_run


def run_of(run_id: str, latencies_ns: list[int]) -> Run:
    """A Run whose queries took exactly so long."""
    issued = np.cumsum([0, *latencies_ns[:-1]])
    samples = Samples(issued, issued, issued + latencies_ns, np.ones(len(latencies_ns), bool))
    return replace(sample_run(run_id), samples=samples)


@pytest.fixture
def tail():
    return registry.load("analyses", "tail")()


def test_divides_the_slowest_by_the_middle(tail) -> None:
    table = tail.table([run_of("b", [100] * 98 + [300, 300]), run_of("a", [100] * 100)])
    assert table.to_csv() == "run,backend,tail\na,mock,1.0\nb,mock,3.0\n"


def test_finds_the_long_tail(tail) -> None:
    table = tail.table([run_of("a", [100] * 100), run_of("b", [100] * 98 + [300, 300])])
    (finding,) = tail.findings(table)
    assert (finding.claim, finding.rows) == ("1 runs have a long tail", (1,))


def test_is_silent_on_even_latencies(tail) -> None:
    assert tail.findings(tail.table([run_of("a", [100] * 100)])) == ()


def test_a_run_without_queries_has_no_row(tail) -> None:
    assert len(tail.table([sample_run("a", queries=0)])) == 0
    assert len(tail.table([])) == 0
