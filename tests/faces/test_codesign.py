"""`dlscope codesign …` and board files, as a person meets them."""

from __future__ import annotations

import textwrap
from pathlib import Path

import dlscope.methods.codesign.exact_designs as exact_designs
from dlscope import api


def test_validate_prints_the_table_as_json_and_nothing_else(cli) -> None:
    result = cli("codesign", "validate", "--format", "json")
    assert (result.code, result.err) == (0, "")
    assert set(result.data["tables"]) == {"validation", "splits", "predictions"}
    rows = result.rows("validation")
    plan = [row for row in rows if row["case"] == "DNNBuilder VGG-16, plan A"]
    assert {row["figure"]: row["predicted"] for row in plan}["cycles"] == 7_225_344
    assert not any(row["holds"] is False for row in rows)


def test_the_command_and_the_function_give_the_same_table(cli) -> None:
    table = api.validate_codesign().table("validation")
    data = cli("codesign", "validate", "--format", "json").data
    assert data["tables"]["validation"] == table.to_json()


def test_text_answers_first(cli) -> None:
    result = cli("codesign", "validate")
    assert result.code == 0
    assert result.out.startswith("47 of 47 checks hold; the tiled folded model is ")


def test_a_check_that_does_not_hold_ends_with_3(cli, monkeypatch) -> None:
    designs = exact_designs.published_designs()
    changed = {**designs["pipelined"][0], "expected": {"cycles": 1}}
    monkeypatch.setattr(
        exact_designs, "published_designs", lambda: {**designs, "pipelined": [changed]}
    )
    result = cli("codesign", "validate", "--format", "json")
    assert result.code == 3
    claims = [finding["claim"] for finding in result.data["findings"]]
    assert claims[0] == "DNNBuilder VGG-16, plan A: cycles is beyond its limit"


def test_a_malformed_board_file_is_told_with_file_line_and_key(cli, tmp_path: Path) -> None:
    path = tmp_path / "board.yaml"
    path.write_text(
        textwrap.dedent(
            """\
            kind: board
            schema_version: 1
            name: mine
            part: XC7Z045
            resources: {dsp: 900, lut: 218600, ff: 437200, bram_36: 545}
            memory_gb_per_s: fast
            lanes:
              - {bits: 64, dsp_packed: 0.5, dsp: 1, lut: 234}
            """
        )
    )
    result = cli("manifest", "check", path)
    assert (result.code, result.out) == (1, "")
    assert result.err == (
        f"ManifestError: field 'bram36' is missing\n"
        f"  where  {path}:5, resources.bram36\n"
        f"  fix    add bram36: …\n\n"
        f"ManifestError: unknown field 'bram_36'\n"
        f"  where  {path}:5, resources.bram_36\n"
        f"  fix    did you mean bram36?\n\n"
        f"ManifestError: 'fast' is not a value of 'memory_gb_per_s'\n"
        f"  where  {path}:6, memory_gb_per_s\n"
        f"  fix    use a number\n\n"
        f"ManifestError: field 'clock_mhz' is missing\n"
        f"  where  {path}:1, clock_mhz\n"
        f"  fix    add clock_mhz: …\n\n"
        f"ManifestError: 64 is not a value of 'bits'\n"
        f"  where  {path}:8, lanes[0].bits\n"
        f"  fix    use a number less than or equal to 32\n\n"
        f"5 problems, nothing was run. Exit code 1.\n"
    )


def test_a_space_is_counted_exactly(cli) -> None:
    result = cli("codesign", "space", "size", "edd_imagenet", "--format", "json")
    assert (result.code, result.err) == (0, "")
    assert [row["designs"] for row in result.rows("space_size")][:2] == [9**20, 27**20]


def test_a_space_is_shown_block_by_block(cli) -> None:
    result = cli("codesign", "space", "show", "tiny_grey_4")
    assert result.code == 0
    rows = [line.split()[:4] for line in result.out.splitlines()]
    assert ["block2", "16", "16", "7×7"] in rows


def test_spaces_that_are_sound_are_told_with_their_digest(cli) -> None:
    result = cli("codesign", "space", "validate", "tiny_grey_4", "mnist_cpu")
    assert result.code == 0
    assert [line.split(": ")[0] for line in result.out.splitlines()] == ["tiny_grey_4", "mnist_cpu"]


def test_all_that_is_wrong_with_a_space_is_told_with_file_line_and_key(cli, tmp_path: Path) -> None:
    path = tmp_path / "space.yaml"
    path.write_text(
        textwrap.dedent(
            """\
            kind: space
            schema_version: 1
            space: {name: mine, input: [1, 8, 8], classes: 10, head: {c_out: 16}}
            quant: [8, 64]
            blocks:
              - name: first
                c_out: 0
                ops: [{type: mbconv, k: 3, e: 4}, {type: mbcnov, k: 3}]
            """
        )
    )
    result = cli("codesign", "space", "validate", path)
    assert (result.code, result.out) == (1, "")
    assert result.err == (
        f"ManifestError: field 'stem' is missing\n"
        f"  where  {path}:1, stem\n"
        f"  fix    add stem: …\n\n"
        f"ManifestError: 0 is not a value of 'c_out'\n"
        f"  where  {path}:7, blocks[0].c_out\n"
        f"  fix    use a number greater than 0\n\n"
        f"ManifestError: 'mbcnov' is not a value of 'type'\n"
        f"  where  {path}:8, blocks[0].ops[1].type\n"
        f"  fix    use mbconv or conv or separable or bundle or skip (did you mean mbconv?)\n\n"
        f"ManifestError: 64 is not a value of 'quant[1]'\n"
        f"  where  {path}:4, quant[1]\n"
        f"  fix    use a number less than or equal to 32\n\n"
        f"4 problems, nothing was run. Exit code 1.\n"
    )


def test_a_skip_where_the_shape_changes_names_its_block_and_line(cli, tmp_path: Path) -> None:
    path = tmp_path / "space.yaml"
    path.write_text(
        textwrap.dedent(
            """\
            kind: space
            schema_version: 1
            name: mine
            input: [1, 8, 8]
            classes: 10
            stem: {c_out: 8}
            head: {c_out: 16}
            blocks:
              - name: first
                c_out: 16
                ops: [{type: skip}]
            """
        )
    )
    result = cli("codesign", "space", "size", path)
    assert result.code == 1
    assert result.err.startswith(
        "ManifestError: block 'first' cannot be skipped: it has stride 1 and turns 8 channels "
        f"into 16\n  where  {path}:11, blocks[0].ops[0]\n"
    )


def test_baselines_are_compared_at_equal_cost(cli) -> None:
    result = cli(
        *("codesign", "baseline", "random", "impl_only", "--space", "varied:100"),
        *("--evaluations", "20", "--seeds", "1", "--format", "json"),
    )
    assert result.code == 0
    rows = {row["method"]: row for row in result.rows("baselines")}
    assert {name: row["cost"] for name, row in rows.items()} == {"random": 20, "impl_only": 1}


def test_an_unknown_baseline_is_refused(cli) -> None:
    result = cli("codesign", "baseline", "evolutoin")
    assert result.code == 1
    assert "SearchError: there is no baseline 'evolutoin'" in result.err
