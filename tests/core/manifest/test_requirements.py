from __future__ import annotations

import pytest

from dlscope.catalog.document import parse_text
from dlscope.catalog.finder import find, names
from dlscope.core.errors import DlscopeError
from dlscope.core.manifest import RequirementsManifest

HEAD = "kind: requirements\nschema_version: 1\nname: mine\n"


def parsed(text: str) -> RequirementsManifest:
    found = parse_text(HEAD + text, "mine.yaml")
    assert isinstance(found, RequirementsManifest)
    return found


def test_a_number_is_a_hard_bound() -> None:
    found = parsed("latency_ms: 100\nfps: {bound: 10, kind: soft}\nstreams: 8\n")
    limits = [(name, each.bound, each.kind) for name, each in found.limits()]
    assert limits == [("latency_ms", 100, "hard"), ("fps", 10, "soft")]
    assert found.streams == 8


@pytest.mark.parametrize(
    ("text", "message", "fix"),
    [
        (
            "streams: 2\n",
            "nothing is required",
            "give at least one of latency_ms, fps, accuracy, energy_j, power_w, memory_mib",
        ),
        ("accuracy: 95\n", "an accuracy of 95 is no share", "use a number below 1"),
        ("power_w: 5\n", "power depends on a rate, and none is asked for", "add fps: …"),
    ],
)
def test_what_makes_no_sense_is_refused(text: str, message: str, fix: str) -> None:
    with pytest.raises(DlscopeError) as refused:
        parsed(text)
    (problem,) = refused.value.problems
    assert (problem.what, problem.fix) == (message, fix)


def test_an_unknown_limit_is_refused_with_the_nearest() -> None:
    with pytest.raises(DlscopeError) as refused:
        parsed("latency: 5\n")
    assert "latency_ms" in str(refused.value)


@pytest.mark.parametrize("name", names("requirements"))
def test_every_example_can_be_read(name: str) -> None:
    assert list(find("requirements", name).limits())
