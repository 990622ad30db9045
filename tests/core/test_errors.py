from __future__ import annotations

import inspect
import pickle

import pytest

from dlscope.core import errors
from dlscope.core.errors import (
    DlscopeError,
    GraphError,
    LoadError,
    ManifestError,
    PluginError,
    Problems,
    did_you_mean,
    raise_all,
)

KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, DlscopeError)
]

GOLDEN = [
    (
        ManifestError(
            "'NHCW' is not a tensor layout",
            where="resnet50.yaml, inputs[0].layout",
            fix="use NCHW or NHWC (did you mean NCHW?)",
        ),
        "ManifestError: 'NHCW' is not a tensor layout\n"
        "  where  resnet50.yaml, inputs[0].layout\n"
        "  fix    use NCHW or NHWC (did you mean NCHW?)",
    ),
    (
        PluginError(
            "backend 'openvino' needs 'openvino', which is not installed",
            where="dlscope.backends.openvino:OpenVinoBackend",
            fix="pip install 'dlscope[openvino]'",
        ),
        "PluginError: backend 'openvino' needs 'openvino', which is not installed\n"
        "  where  dlscope.backends.openvino:OpenVinoBackend\n"
        "  fix    pip install 'dlscope[openvino]'",
    ),
    (
        GraphError(
            "no FLOP rule for 2 operators: GridSample (3 nodes), NonMaxSuppression (1 node)",
            where="ssd.onnx",
            fix='register a rule, or pass unknown="zero" to count them as 0 and list them in the '
            "table",
        ),
        "GraphError: no FLOP rule for 2 operators: GridSample (3 nodes), NonMaxSuppression "
        "(1 node)\n"
        "  where  ssd.onnx\n"
        '  fix    register a rule, or pass unknown="zero" to count them as 0 and list them in '
        "the table",
    ),
]


@pytest.mark.parametrize(("error", "text"), GOLDEN)
def test_an_error_is_told_in_three_fields(error: DlscopeError, text: str) -> None:
    assert str(error) == text
    assert error.describe() == text


def test_no_error_can_be_raised_without_a_remedy() -> None:
    with pytest.raises(TypeError, match="fix"):
        DlscopeError("what", where="here")  # type: ignore[call-arg]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_survives_another_process(kind: type[DlscopeError]) -> None:
    error = kind("what", where="here", fix="mend it")
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is kind
    assert back.to_json() == error.to_json()
    assert str(back) == str(error)
    assert back.problems == (back,)


def test_several_problems_survive_another_process() -> None:
    error = Problems.of(
        [ManifestError("a", where="x", fix="1"), LoadError("b", where="y", fix="2")]
    )
    back = pickle.loads(pickle.dumps(error))
    assert isinstance(back, Problems)
    assert [type(problem) for problem in back.problems] == [ManifestError, LoadError]
    assert str(back) == str(error)


def test_several_problems_are_all_told() -> None:
    error = Problems.of(
        [ManifestError("a", where="x", fix="1"), LoadError("b", where="y", fix="2")]
    )
    assert str(error) == (
        "ManifestError: a\n  where  x\n  fix    1\n\nLoadError: b\n  where  y\n  fix    2"
    )
    assert error.to_json() == {"kind": "Problems", "what": "2 problems", "where": "x", "fix": "1"}


def test_problems_within_problems_are_taken_apart() -> None:
    a, b, c = (ManifestError(name, where="x", fix="y") for name in "abc")
    assert Problems.of([Problems.of([a, b]), c]).problems == (a, b, c)


def test_raise_all_raises_what_there_is() -> None:
    a, b = (ManifestError(name, where="x", fix="y") for name in "ab")
    raise_all([])
    with pytest.raises(ManifestError) as single:
        raise_all([a])
    assert single.value is a
    with pytest.raises(Problems) as several:
        raise_all([a, b])
    assert several.value.problems == (a, b)


def test_the_json_form_is_plain_text() -> None:
    assert LoadError("what", where="here", fix="mend it").to_json() == {
        "kind": "LoadError",
        "what": "what",
        "where": "here",
        "fix": "mend it",
    }


@pytest.mark.parametrize(
    ("word", "known", "advice"),
    [
        ("visiblity", ["visibility", "version"], "did you mean visibility?"),
        ("zzz", ["b", "a"], "use one of a, b"),
        ("zzz", [], "there is nothing to choose from"),
    ],
)
def test_did_you_mean(word: str, known: list[str], advice: str) -> None:
    assert did_you_mean(word, known) == advice


def test_the_picture_of_the_family_is_complete() -> None:
    picture = errors.__doc__ or ""
    assert [kind.__name__ for kind in KINDS if kind.__name__ not in picture] == []
