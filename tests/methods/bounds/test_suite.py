from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from measured_models import forked

from dlscope.core.errors import BoundError
from dlscope.methods.bounds.suite import BoundSuite, SuiteModel


def test_a_suite_survives_as_a_file(tmp_path: Path) -> None:
    model = forked(tmp_path)
    suite = BoundSuite.of([model])
    suite.save(tmp_path / "bounds.json")
    assert BoundSuite.load(tmp_path / "bounds.json") == suite
    assert suite.models == (SuiteModel("forked", 1, 6, tuple(each.id for each in model.timed)),)
    assert (len(suite.bricks), len(suite.reorders)) == (6, 12)


def test_models_that_share_bricks_have_them_once(tmp_path: Path) -> None:
    model = forked(tmp_path)
    suite = BoundSuite.of([model, replace(model, name="again")])
    assert len(suite.bricks) == 6
    assert [each.name for each in suite.models] == ["forked", "again"]


def test_it_holds_no_weights(tmp_path: Path) -> None:
    text = json.dumps(BoundSuite.of([forked(tmp_path)]).to_json())
    assert '"kind": "const", "value"' not in text
    assert len(text) < 20_000


def test_several_batch_sizes_are_refused(tmp_path: Path) -> None:
    first = SuiteModel("a", 1, 1, ())
    suite = BoundSuite((), (), (first, replace(first, batch=2)))
    with pytest.raises(BoundError) as refused:
        _ = suite.batch
    assert refused.value.what == "the models of a suite have several batch sizes: [1, 2]"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "Expecting property name"),
        ('{"kind": "bricks"}', "there is no 'schema_version'"),
        ('{"kind": "bricks", "schema_version": 1}', "ValueError: kind 'bricks', schema 1"),
        ("[]", "TypeError"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(BoundError) as refused:
        BoundSuite.load(path)
    assert refused.value.what.startswith(f"this is not a suite of benchmarks: {why}")
    again = "write it again with: dlscope bound generate squeezenet1_1 -o other.json"
    assert refused.value.fix == again


def test_a_file_that_is_not_there_is_refused_with_what_writes_it(tmp_path: Path) -> None:
    with pytest.raises(BoundError) as refused:
        BoundSuite.load(tmp_path / "mine.json")
    assert refused.value.what == "mine.json cannot be read: No such file or directory"
    assert refused.value.where == str(tmp_path / "mine.json")
    written = "write it with: dlscope bound generate squeezenet1_1 -o mine.json"
    assert refused.value.fix == written
