from __future__ import annotations

import pytest

from dlscope.core.errors import MeasurementError
from dlscope.loadgen.mlperf.logs import parse_accuracy, parse_detail, parse_summary

ENTRY = ':::MLLOG {"key": "%s", "value": %s, "metadata": {"is_error": %s, "is_warning": %s}}\n'


def _detail(*entries: tuple[str, str]) -> str:
    return "".join(ENTRY % (key, value, "false", "false") for key, value in entries)


def test_the_detail_log_gives_values_errors_and_warnings() -> None:
    text = _detail(("result_validity", '"VALID"'), ("result_query_count", "64"))
    text += ENTRY % ("error_runtime", '"Ending  early"', "true", "false")
    text += ENTRY % ("warning_generic_message", '"slow"', "false", "true")
    detail = parse_detail(text)
    assert detail.is_valid
    assert detail["result_query_count"] == 64
    assert detail.errors == ("Ending early",)
    assert detail.warnings == ("slow",)


def test_the_last_value_of_a_key_counts() -> None:
    assert parse_detail(_detail(("result_x", "1"), ("result_x", "2")))["result_x"] == 2


def test_results_are_a_table() -> None:
    text = _detail(
        ("loadgen_version", '"6.0"'), ("result_validity", '"INVALID"'), ("result_x_ns", "7")
    )
    assert list(parse_detail(text).table()) == [
        {"name": "result_validity", "value": None, "text": "INVALID"},
        {"name": "result_x_ns", "value": 7.0, "text": None},
    ]
    assert len(parse_detail("").table()) == 0


def test_refuses_a_line_that_is_not_loadgens() -> None:
    with pytest.raises(MeasurementError) as caught:
        parse_detail(_detail(("a", "1")) + ':::MLLOG {"key": "b", "val')
    assert str(caught.value) == (
        'MeasurementError: \':::MLLOG {"key": "b", "val\' is not an entry of LoadGen\'s detail '
        "log\n"
        "  where  mlperf_log_detail.txt, line 2\n"
        "  fix    the test may have been cut off, or LoadGen is newer than dlscope; run it again"
    )


def test_refuses_a_result_that_is_not_there() -> None:
    with pytest.raises(MeasurementError) as caught:
        _ = parse_detail("").is_valid
    assert str(caught.value) == (
        "MeasurementError: LoadGen's detail log has no result_validity\n"
        "  where  mlperf_log_detail.txt\n"
        "  fix    look in the log for an error; the test may have ended before its result"
    )


def test_the_summary_gives_names_and_values() -> None:
    text = (
        "====\nMLPerf Results Summary\n====\nSUT name : PySUT\nResult is : INVALID\n"
        "  Early stopping satisfied: NO\nRecommendations:\n * Would discard 3 of them.\n"
        " * Early stopping 90.0th percentile estimate: 1683\n"
        "99.90 percentile latency (ns)   : 46329\n"
    )
    assert parse_summary(text) == {
        "SUT name": "PySUT",
        "Result is": "INVALID",
        "Early stopping satisfied": "NO",
        "Early stopping 90.0th percentile estimate": "1683",
        "99.90 percentile latency (ns)": "46329",
    }


def test_answers_are_by_sample_in_the_order_asked() -> None:
    text = (
        '[\n{ "seq_id" : 2, "qsl_idx" : 5, "data" : "6263" },\n'
        '{ "seq_id" : 0, "qsl_idx" : 5, "data" : "61" },\n'
        '{ "seq_id" : 1, "qsl_idx" : 3, "data" : "" }\n]\n'
    )
    assert parse_accuracy(text) == {5: [b"a", b"bc"], 3: [b""]}
    assert parse_accuracy("[\n]\n") == {}


def test_refuses_a_broken_accuracy_log() -> None:
    with pytest.raises(MeasurementError) as caught:
        parse_accuracy('[{"seq_id": 1}]')
    assert str(caught.value) == (
        "MeasurementError: LoadGen's accuracy log cannot be read: 'qsl_idx'\n"
        "  where  mlperf_log_accuracy.json\n"
        "  fix    the test may have been cut off; run it again"
    )
