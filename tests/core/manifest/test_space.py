from __future__ import annotations

import copy
from typing import Any

import pytest

from dlscope.core.errors import DlscopeError
from dlscope.core.manifest import SpaceManifest
from dlscope.core.manifest.space import check_space

MBCONV = {"type": "mbconv", "k": 3, "e": 4}


@pytest.fixture
def space_data() -> dict[str, Any]:
    """A space with nothing left out that it needs."""
    return {
        "kind": "space",
        "schema_version": 1,
        "name": "mine",
        "input": [1, 14, 14],
        "classes": 10,
        "stem": {"c_out": 8, "k": 3, "stride": 1},
        "head": {"c_out": 32},
        "quant": [4, {"w": 4, "a": 8}],
        "blocks": [
            {"name": "first", "c_out": 8, "stride": 1, "ops": [MBCONV, {"type": "skip"}]},
            {"name": "second", "c_out": 16, "stride": 2, "ops": [MBCONV]},
        ],
    }


def rules_broken(data: dict[str, Any]) -> list[tuple[str, str, str]]:
    """What, where and fix of everything that is wrong between the parts of a space."""
    space = SpaceManifest.model_validate(data)
    problems: list[DlscopeError] = list(check_space(space, lambda path: ".".join(map(str, path))))
    return [(each.what, each.where, each.fix) for each in problems]


def test_a_space_comes_back_as_it_was(space_data) -> None:
    space = SpaceManifest.model_validate(space_data)
    assert SpaceManifest.model_validate(space.to_json()) == space
    assert [(each.w, each.a) for each in space.quant] == [(4, 4), (4, 8)]
    assert (space.quant_scope, space.pf.min, space.pf.max, space.pf.scope) == ("op", 0, 12, "op")
    assert rules_broken(space_data) == []


def test_what_is_about_the_whole_may_be_nested(space_data) -> None:
    nested = copy.deepcopy(space_data)
    names = ("name", "input", "classes", "stem", "head")
    nested["space"] = {name: nested.pop(name) for name in names} | {"version": "1.2"}
    space = SpaceManifest.model_validate(nested)
    assert space.version == "1.2.0"
    assert space.model_copy(update={"version": "1.0.0"}) == SpaceManifest.model_validate(space_data)


def test_an_unknown_field_in_the_nested_mapping_is_refused(space_data, problems_of) -> None:
    space_data["space"] = {"clases": 10}
    assert [each[0] for each in problems_of(SpaceManifest, space_data)] == [
        "unknown field 'clases' in 'space'"
    ]


def test_all_problems_are_told_at_once(space_data, problems_of) -> None:
    del space_data["stem"]
    space_data["quant"] = [0, 64]
    space_data["quant_scope"] = "layer"
    space_data["pf"] = {"min": 3, "max": 2}
    space_data["blocks"][0]["c_out"] = 0
    space_data["blocks"][0]["ops"] = []
    space_data["blocks"][1]["ops"] = [{"type": "mbcnov", "k": "three"}]
    assert sorted(problems_of(SpaceManifest, space_data)) == [
        ("'layer' is not a value of 'quant_scope'", "quant_scope", "use op or block or network"),
        (
            "'mbcnov' is not a value of 'type'",
            "blocks[1].ops[0].type",
            "use mbconv or conv or separable or bundle or skip (did you mean mbconv?)",
        ),
        ("'ops' is empty", "blocks[0].ops", "list at least 1"),
        ("'three' is not a value of 'k'", "blocks[1].ops[0].k", "use an integer"),
        ("0 is not a value of 'c_out'", "blocks[0].c_out", "use a number greater than 0"),
        ("0 is not a value of 'quant[0]'", "quant[0]",
         "use a number greater than or equal to 1"),
        ("64 is not a value of 'quant[1]'", "quant[1]", "use a number less than or equal to 32"),
        ("field 'stem' is missing", "stem", "add stem: …"),
        ("no lanes are from 2^3 to 2^2", "pf", "use min ≤ max"),
    ]  # fmt: skip


def test_no_blocks_are_no_space(space_data, problems_of) -> None:
    space_data["blocks"] = []
    assert problems_of(SpaceManifest, space_data) == [
        ("'blocks' is empty", "blocks", "list at least 1")
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"c_out": 8, "stride": 2, "ops": [{"type": "skip"}]},
            (
                "block 'second' cannot be skipped: it has stride 2 and turns 8 channels into 8",
                "blocks.1.ops.0",
                "list skip only where stride is 1 and the channels stay the same",
            ),
        ),
        (
            {"ops": [{"type": "conv", "k": 15}]},
            (
                "a kernel of 15 is larger than the map of 14x14 at 'second'",
                "blocks.1.ops.0.k",
                "use a smaller kernel, fewer strides, or a larger input",
            ),
        ),
        (
            {"ops": [{"type": "mbconv", "e": 4}]},
            ("mbconv of block 'second' has no 'k'", "blocks.1.ops.0", "add k: …"),
        ),
        (
            {"ops": [{"type": "separable", "k": 3, "e": 4}]},
            ("separable of block 'second' takes no 'e'", "blocks.1.ops.0.e", "leave e out"),
        ),
        (
            {"ops": [{"type": "conv", "k": 4}]},
            ("a kernel of 4 is even", "blocks.1.ops.0.k", "use an odd kernel"),
        ),
        (
            {"ops": [MBCONV, MBCONV]},
            ("block 'second' lists mbconv twice", "blocks.1.ops.1", "keep one of them"),
        ),
    ],
)
def test_parts_that_do_not_fit_are_refused(space_data, change, expected) -> None:
    space_data["blocks"][1] |= change
    assert rules_broken(space_data) == [expected]


def test_a_kernel_is_held_against_the_map_after_the_strides_before_it(space_data) -> None:
    later = {"name": "third", "c_out": 16, "ops": [{"type": "conv", "k": 9}]}
    space_data["blocks"].append(later)
    assert [each[0] for each in rules_broken(space_data)] == [
        "a kernel of 9 is larger than the map of 7x7 at 'third'"
    ]


def test_a_name_and_bits_stand_once(space_data, problems_of) -> None:
    space_data["blocks"][1]["name"] = "first"
    space_data["quant"] = [8, {"w": 8, "a": 8}]
    assert sorted(problems_of(SpaceManifest, space_data)) == [
        ("8/8 bits are listed twice", "quant", "keep one of them"),
        ("two blocks are called 'first'", "blocks", "give each block its own name"),
    ]
