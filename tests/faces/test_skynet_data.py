"""`dlscope skynet data` as a person calls it."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("cv2")

from dlscope.cli.app import main


@pytest.fixture
def call(monkeypatch, capsys):
    def call(*words):
        monkeypatch.setattr("sys.argv", ["dlscope", "skynet", "data", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return call


def test_draws_and_checks_images(call, tmp_path):
    words = ("--layout", "dac-sdc", "--split", "val", "--count", 3, "--size", "128x72")
    code, out, err = call(tmp_path, *words, "--format", "json")
    assert code == 0
    classes = json.loads(out)["tables"]["classes"]
    assert sum(row[1] for row in classes["rows"]) == 3
    assert err == "skynet data: drawing 3 images\n"
    code, out, _ = call(tmp_path, "--check", "--layout", "dac-sdc", "--format", "json")
    assert code == 0
    assert json.loads(out)["tables"]["classes"] == classes
    next(tmp_path.rglob("*.jpg")).write_bytes(b"spoiled")
    code, out, _ = call(tmp_path, "--check", "--layout", "dac-sdc")
    assert code == 1
    assert " 1 fault. " in " ".join(out.split())
    code, _, err = call(tmp_path, "--check", "--layout", "dac-sdc", "--strict")
    assert code == 1
    assert "DataError: image " in err


def test_draws_sequences(call, tmp_path):
    words = ("--layout", "got10k", "--count", 2, "--frames", 3, "--size", "96x64")
    code, out, _ = call(tmp_path, *words, "--preset", "hard", "--format", "csv")
    assert code == 0
    assert len(out.splitlines()) == 3
    assert len(list(tmp_path.rglob("*.jpg"))) == 6


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--layout", "voc"), "'voc' is none of coco, dac-sdc, got10k"),
        (("--split", "dev"), "'dev' is none of train, val, test, unseen"),
        (("--preset", "harder"), "'harder' is none of easy, hard"),
        (("--count", 0), "Input should be greater than or equal to 1"),
    ],
)
def test_refuses_a_wrong_use(call, tmp_path, words, told):
    code, _, err = call(tmp_path, *words)
    assert code == 2
    assert told in err


def test_refuses_to_mix_sets(call, tmp_path):
    small = ("--count", 1, "--size", "64x48")
    assert call(tmp_path, *small)[0] == 0
    code, _, err = call(tmp_path, *small, "--seed", 1)
    assert code == 1
    assert "there is another set: seed is 0 there, 1 is asked\n" in err
