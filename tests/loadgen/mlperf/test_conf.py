from __future__ import annotations

from pathlib import Path

import pytest

from dlscope.core.errors import DlscopeError, PlanError
from dlscope.loadgen.mlperf.conf import read_conf

LINE = "write one key, ' = ' between spaces and one number; comments take a whole line"


@pytest.fixture
def written(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "user.conf"
        path.write_text(text)
        return path

    return write


def _refused(path: Path, *shown: tuple[int, str, str]) -> None:
    with pytest.raises(DlscopeError) as caught:
        read_conf(path)
    assert [(e.where, e.what, e.fix) for e in caught.value.problems] == [
        (f"{path}, line {line}", what, fix) for line, what, fix in shown
    ]
    assert {type(problem) for problem in caught.value.problems} == {PlanError}


def test_reads_numbers_and_passes_over_comments(written) -> None:
    path = written(
        "# about\n\n#no space\n*.Server.target_qps = 12.5\n"
        "resnet50.*.qsl_rng_seed = 18446744073709551615\n  *.*.min_query_count = 0x10  \n"
    )
    entries = read_conf(path).entries
    assert [(e.model, e.scenario, e.key, e.value, e.line) for e in entries] == [
        ("*", "Server", "target_qps", 12.5, 4),
        ("resnet50", "*", "qsl_rng_seed", 2**64 - 1, 5),
        ("*", "*", "min_query_count", 16, 6),
    ]


def test_the_most_special_pattern_decides_and_of_equals_the_last(written) -> None:
    lines = ("*.*", "resnet50.*", "*.Server", "resnet50.Server")
    numbered = [f"{pattern}.min_duration = {n}" for n, pattern in enumerate(lines, start=1)]
    for most_special in (4, 3, 2, 1):
        conf = read_conf(written("\n".join(reversed(numbered[:most_special]))))
        found = conf.find("resnet50", "Server", "min_duration")
        assert found is not None
        assert found.value == most_special
    conf = read_conf(written("*.*.min_duration = 1\n*.*.min_duration = 2"))
    found = conf.find("bert", "Offline", "min_duration")
    assert found is not None
    assert found.value == 2


def test_a_pattern_of_another_model_decides_nothing(written) -> None:
    conf = read_conf(written("bert.Server.min_duration = 5"))
    assert conf.find("resnet50", "Server", "min_duration") is None


def test_all_wrong_lines_are_told_together(written) -> None:
    path = written(
        "*.Server.target_qps=5\n"
        "*.Server.target_qps = 5 # comment\n"
        "target_qps = 5\n"
        "*.Sever.target_latencies = 5\n"
        "*.Server.target_qps = -5\n"
        "*.*.min_duration = 1.5\n"
        "*.*.min_duration = 010\n"
        "*.Server.target_latency_percentile = 990\n"
        "*.*.performance_issue_same = 2\n"
        "*.*.mode = 2\n"
    )
    digits = "write it in digits, without a sign, a unit or leading zeros"
    _refused(
        path,
        (1, "'*.Server.target_qps=5' is not 'model.scenario.key = number'", LINE),
        (2, "'*.Server.target_qps = 5 # comment' is not 'model.scenario.key = number'", LINE),
        (
            3,
            "'target_qps' is not of the form model.scenario.key",
            "write * for every model or every scenario, as in *.Server.target_qps",
        ),
        (4, "LoadGen has no scenario 'Sever'", "did you mean Server?"),
        (4, "LoadGen has no key 'target_latencies'", "did you mean target_latency?"),
        (5, "target_qps is '-5', which is not a number of at least 0", digits),
        (6, "min_duration is '1.5', which is not a whole number of at least 0", digits),
        (7, "min_duration is '010', which is not a whole number of at least 0", digits),
        (
            8,
            "target_latency_percentile is 990, above 100",
            "it is in percent: write 99 for the 99th percentile",
        ),
        (9, "performance_issue_same is 2, above 1", "write 1 for yes and 0 for no"),
        (
            10,
            "mode cannot be set here: the mode is the scenario's, not a configuration file's",
            "remove the line, and set mode in the scenario",
        ),
    )


def test_refuses_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(PlanError) as caught:
        read_conf(tmp_path / "none.conf")
    assert str(caught.value) == (
        "PlanError: the LoadGen configuration cannot be read: No such file or directory\n"
        f"  where  {tmp_path / 'none.conf'}\n"
        "  fix    name a file with lines 'model.scenario.key = number'"
    )


def test_refuses_a_file_that_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "user.conf"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(PlanError, match="cannot be read: it is not UTF-8 text"):
        read_conf(path)


def test_no_lines_are_no_entries(written) -> None:
    assert read_conf(written("")).entries == ()
