from __future__ import annotations

from dlscope.methods.codesign.emission.agreement import Agreement
from dlscope.methods.codesign.emission.report import (
    TABLES,
    agreement_table,
    emission_report,
    emitted_table,
    verification_table,
)
from dlscope.methods.codesign.emission.verifying import CountedStage, Verification

VERIFIED = Verification(
    vectors=210,
    integers=4200,
    stages=(CountedStage("stem", 100, 100, 8), CountedStage("head", 50, 50, 0)),
)
AGREED = Agreement(n=200, reference_right=190, model_right=189, same=199)


def test_stages_are_told_with_their_share_of_the_slowest() -> None:
    table = verification_table(VERIFIED)
    assert table.rows == ((1, "stem", 100, 100, 8, 1.0), (2, "head", 50, 50, 0, 0.5))
    assert verification_table(None).rows == ()


def test_accuracy_is_told_of_all_three() -> None:
    table = agreement_table(AGREED, {"value": 0.96, "right": 192, "n": 200})
    assert table.rows == (
        ("trained", 0.96, 192, 200, None),
        ("integers", 0.95, 190, 200, 1.0),
        ("onnx", 0.945, 189, 200, 0.995),
    )


def test_files_are_told_with_their_digest(tmp_path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    (row,) = emitted_table(tmp_path, ["empty"]).rows
    assert row[:2] == ("empty", 0)
    assert row[2].startswith("e3b0c442")


def test_each_proof_is_a_finding() -> None:
    tables = (verification_table(VERIFIED), agreement_table(AGREED, None))
    report = emission_report("title", "answer", tables, VERIFIED, AGREED)
    assert [finding.sign for finding in report.findings] == ["good", "good"]
    assert report.findings[0].claim == (
        "0 of 4200 integers differ from the reference, on 210 inputs; counted cycles are those of "
        "the model"
    )
    assert report.findings[1].claim == (
        "99.5 % of 200 test images get the same answer from the model and from the integers"
    )


def test_a_model_that_often_answers_otherwise_is_warned_of() -> None:
    other = Agreement(n=200, reference_right=190, model_right=150, same=160)
    report = emission_report("title", "answer", (), None, other)
    assert report.findings[0].sign == "warn"
    assert report.findings[0].detail == (
        "a runtime may be a step off where a sum is a half; how many answers are right, in the "
        "table, tells whether it matters"
    )


def test_every_table_is_described() -> None:
    assert list(TABLES) == ["emitted", "agreement", "verification"]
