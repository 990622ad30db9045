from dlscope.core import registry
from dlscope.testing.analyses import AnalysisSuite, example_run


class TestFirstQuery(AnalysisSuite):
    analysis = "first_query"


def test_tells_who_begins_cold() -> None:
    analysis = registry.load("analyses", "first_query")()
    runs = [example_run("a", latencies_ns=[900, 100, 100]), example_run("b", latencies_ns=[100])]
    table = analysis.table(runs)
    assert table.to_csv() == "run,first_over_median\na,9.0\n"
    (finding,) = analysis.findings(table)
    assert (finding.claim, finding.rows) == ("1 of 1 runs begin cold", (0,))
