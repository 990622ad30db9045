"""`dlscope skynet track` as a person calls it."""

from __future__ import annotations

import json
import signal

import pytest

from dlscope.cli.app import main

pytest.importorskip("cv2")


@pytest.fixture
def call(monkeypatch, capsys):
    def call(*words):
        monkeypatch.setattr("sys.argv", ["dlscope", "skynet", "track", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return call


SMALL = ("--preset", "easy", "--sequences", 1, "--frames", 3, "--format", "json")


def test_follows_beside_the_other_baselines_and_writes_results_that_it_can_score(call, tmp_path):
    pytest.importorskip("torch")
    code, out, err = call("--tracker", "ncc", "--results", tmp_path / "results", *SMALL)
    tables = json.loads(out)["tables"]
    names = [column["name"] for column in tables["tracking"]["columns"]]
    assert code == 0
    assert "skynet track: following " in err
    assert [row[0] for row in tables["tracking"]["rows"]] == ["ncc", "mil", "static"]
    assert {"ao", "sr50", "sr75", "fps", "cpu_ms"} <= set(names)
    (name,) = {row[0] for row in tables["tracked_sequences"]["rows"]}
    assert len((tmp_path / "results/mil" / name / f"{name}_001.txt").read_text().split()) == 3


@pytest.mark.slow
def test_trains_follows_and_goes_on(call, tmp_path):
    pytest.importorskip("lightning_fabric")
    train = ("--train", "--out", tmp_path, "--sequences", 2, "--frames", 4, "--iterations", 2)
    code, out, _ = call(*train, "--format", "json")
    first = json.loads(out)["tables"]["tracker_training"]["rows"]
    assert (code, len(first)) == (0, 1)
    assert (
        json.loads(call(*train, "--format", "json")[1])["tables"]["tracker_training"]["rows"]
        == first
    )
    code, out, _ = call("--weights", tmp_path / "tracker.pt", *SMALL)
    rows = json.loads(out)["tables"]["tracking"]["rows"]
    assert (code, [row[0] for row in rows]) == (0, ["skynet", "ncc", "mil", "static"])


@pytest.mark.slow
def test_ctrl_c_ends_a_training_after_the_step_at_hand(call, tmp_path, monkeypatch):
    pytest.importorskip("lightning_fabric")
    from dlscope.methods.skynet.tracking import training

    def interrupted(*args):
        signal.raise_signal(signal.SIGINT)
        return taken(*args)

    train = ("--train", "--out", tmp_path, "--sequences", 2, "--frames", 4, "--iterations", 2)
    taken = training._Steps._step
    with monkeypatch.context() as patched:
        patched.setattr(training._Steps, "_step", interrupted)
        code, _, err = call(*train)
    assert code == 130
    assert f"stopped after step 1 of 2, which is kept in {tmp_path}\ngo on with  dlscope" in err
    assert call(*train)[0] == 0


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ((), 1, "PlanError: the tracker skynet needs weights"),
        (("--tracker", "kcf"), 2, "'kcf' is none of skynet, ncc, mil, static"),
        (("--preset", "harder"), 2, "'harder' is none of easy, hard"),
        (("--tracker", "ncc", "--data", "nowhere"), 1, "DataError: list.txt cannot be read"),
        (("--score", "ncc"), 2, "Invalid value for --data: scoring needs it"),
        (("--export", "folder"), 2, "Invalid value for --weights: exporting needs it"),
        (("--export", "x", "--weights", "nowhere.pt"), 1, "DataError: the weights cannot be read"),
        (("--weights", "."), 1, "DataError: the folder holds no exported tracker"),
        (("--weights", "nowhere.pt"), 1, "DataError: the weights cannot be read"),
        (("--train", "--design", "siamrpn"), 1, "GraphError: there is no tracker 'siamrpn'"),
    ],
)
def test_says_what_is_wrong(call, words, code, told):
    pytest.importorskip("lightning_fabric")
    found, out, err = call(*words)
    assert (found, out) == (code, "")
    assert told in err


def test_scores_results_of_others(call, tmp_path):
    pytest.importorskip("torch")
    import numpy as np
    from PIL import Image

    data, results = tmp_path / "data", tmp_path / "results"
    (data / "a").mkdir(parents=True)
    (data / "list.txt").write_text("a\n")
    for number in (1, 2, 3):
        Image.fromarray(np.zeros((40, 60, 3), np.uint8)).save(data / "a" / f"{number:08}.jpg")
    (data / "a" / "groundtruth.txt").write_text("0,0,10,10\n" * 3)
    (results / "theirs" / "a").mkdir(parents=True)
    lines = results / "theirs" / "a" / "a_001.txt"
    lines.write_text("0,0,10,10\n0,0,5,10\nnan,nan,nan,nan\n")
    words = ("--data", data, "--results", results, "--score", "theirs", "--format", "json")
    code, out, err = call(*words)
    assert (code, out) == (1, "")
    assert "DataError: line 3 of sequence a is nan,nan,nan,nan" in err
    code, out, _ = call(*words, "--lenient")
    (row,) = json.loads(out)["tables"]["tracking"]["rows"]
    assert (code, row[:4]) == (0, ["theirs", 1, 2, 0.25])


@pytest.mark.slow
def test_exports_a_tracker_with_masks_that_follows_alike(call, tmp_path):
    pytest.importorskip("lightning_fabric")
    pytest.importorskip("onnxscript")
    train = ("--train", "--out", tmp_path, "--sequences", 2, "--frames", 4, "--iterations", 2)
    assert call(*train, "--design", "siammask-skynet-small")[0] == 0
    weights, exported = tmp_path / "tracker.pt", tmp_path / "exported"
    code, out, err = call("--weights", weights, "--export", exported)
    assert (code, out) == (0, "")
    assert "exported: template.onnx, search.onnx, mask.onnx; at most " in err
    found = []
    for given in (weights, exported):
        tables = json.loads(call("--weights", given, *SMALL)[1])["tables"]
        found.append((tables["tracking"]["rows"][0][3], tables["tracked_masks"]["rows"][0][2]))
    assert found[1] == pytest.approx(found[0], abs=1e-3)
