"""`dlscope papers` as a person calls it."""

from __future__ import annotations

import json

import pytest

from dlscope.cli.app import main


@pytest.fixture
def call(monkeypatch, capsys):
    def call(*words):
        monkeypatch.setattr("sys.argv", ["dlscope", "papers", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return call


def test_lists_the_papers_as_text(call):
    code, out, _ = call()
    assert code == 0
    assert out.startswith("11 papers, ")
    assert "\nbenanza " in out


def test_one_paper_as_json(call):
    code, out, _ = call("edd", "--format", "json")
    tables = json.loads(out)["tables"]
    assert code == 0
    names = [column["name"] for column in tables["figures"]["columns"]]
    rows = {row[0]: dict(zip(names, row, strict=True)) for row in tables["figures"]["rows"]}
    assert rows["networks"]["published"] == "12,157,665,459,056,928,801"
    assert rows["edd_net_1_latency"]["needs"] == "ImageNet and a Titan RTX"
    assert rows["regret_of_the_search"]["here"] == 0.0


def test_lists_as_csv(call):
    code, out, _ = call("nais", "--format", "csv")
    assert code == 0
    assert "# figures\n" in out


def test_an_unknown_paper_ends_with_1_and_the_nearest(call):
    code, out, err = call("skynett")
    assert (code, out) == (1, "")
    assert "ManifestError: 'skynett' is not a paper of the list" in err
    assert "did you mean skynet?" in err
