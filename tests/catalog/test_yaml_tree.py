from __future__ import annotations

import pytest

from dlscope.catalog.yaml_tree import YamlTree
from dlscope.core.errors import ManifestError, Problems

REFUSED = {
    "a: [1, 2\nb: 3": (
        "not YAML: expected ',' or ']', but got ':'",
        "x.yaml:2",
        "correct line 2 near column 2",
    ),
    "a:\n\tb: 1": (
        "not YAML: found character '\\t' that cannot start any token",
        "x.yaml:2",
        "indent line 2 with spaces, not tabs",
    ),
    "": ("the document is empty", "x.yaml:1", "write fields, such as kind: model"),
    "- a\n- b": ("the document is not a mapping", "x.yaml:1", "write fields, such as kind: model"),
    "a: 1\nb: 2\na: 3": ("key 'a' is written twice", "x.yaml:3, a", "keep one of lines 1 and 3"),
    "a: {b: 1, c: 2,\n b: 3}": (
        "key 'b' is written twice",
        "x.yaml:2, a.b",
        "keep one of lines 1 and 2",
    ),
    "a:\n  1: b": ("key 1 is not text", "x.yaml:2, a", "put it in quotes"),
    "a: {[1, 2]: b}": ("key of several parts is not text", "x.yaml:1, a", "put it in quotes"),
    "a: &a {b: 1}\nc: {<<: *a}": (
        "key << is not text",
        "x.yaml:2, c",
        "write the merged fields out",
    ),
    "a:\n - !!python/object/apply:os.system [ls]": (
        "tag !!python/object/apply:os.system is not allowed",
        "x.yaml:2, a[0]",
        "write a plain value",
    ),
    "a: !!binary aGk=": ("tag !!binary is not allowed", "x.yaml:1, a", "write a plain value"),
    "a: !!int many": ("'many' is not of type int", "x.yaml:1, a", "correct it"),
    "a: .nan": (".nan is not a finite number", "x.yaml:1, a", "use a number"),
    "a: 1\n---\nb: 2": (
        "not YAML: but found another document",
        "x.yaml:2",
        "correct line 2 near column 1",
    ),
    "a: &a\n  - *a": (
        "aliases make the document grow without end",
        "x.yaml:1, a[0]",
        "write the repeated part out",
    ),
    "a: b\nc: d\x00": (
        "not YAML: character U+0000",
        "x.yaml:2",
        "remove the control character",
    ),
    "\n".join(["a0: &a0 [x]", *(f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 2000))]): (
        "nested too deeply",
        "x.yaml:100",
        "flatten the document",
    ),
    "a: " + "[" * 5000: ("nested too deeply", "x.yaml:1", "flatten the document"),
    "a: " + "x" * (1 << 20): (
        "the document is larger than 1048576 bytes",
        "x.yaml",
        "keep data in files of their own and name them in the manifest",
    ),
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:24])
def test_refuses_with_the_exact_words(text: str) -> None:
    with pytest.raises(ManifestError) as refusal:
        YamlTree(text, "x.yaml")
    error = refusal.value
    assert (error.what, error.where, error.fix) == REFUSED[text]


def test_refuses_an_alias_bomb_before_it_grows() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    with pytest.raises(ManifestError, match="aliases make the document grow without end"):
        YamlTree("\n".join(lines), "bomb.yaml")


def test_tells_all_problems_at_once() -> None:
    with pytest.raises(Problems) as refusal:
        YamlTree("a: 1\na: 2\nb: .inf\nc: !x y", "x.yaml")
    assert [problem.where for problem in refusal.value.problems] == [
        "x.yaml:2, a",
        "x.yaml:3, b",
        "x.yaml:4, c",
    ]


def test_reads_plain_values_and_harmless_aliases() -> None:
    tree = YamlTree(
        "a: &x [1, 0.5, true, null, text]\nb: *x\nc: {d: 5e-5, e: '5e-5'}\nf: 2024-05-01\ng: N", "x"
    )
    shared = [1, 0.5, True, None, "text"]
    assert tree.data == {
        "a": shared,
        "b": shared,
        "c": {"d": 5e-5, "e": "5e-5"},
        "f": "2024-05-01",
        "g": "N",
    }


LINES = """framework: {name: x}
inputs:
  - name: a
    preprocess:
      - resize:
          size: 3
  - nom: b
"""


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ((), "x.yaml:1"),
        (("inputs", 0, "name"), "x.yaml:3, inputs[0].name"),
        (("inputs", 0, "tensor"), "x.yaml:3, inputs[0].tensor"),
        (("inputs", 1, "name"), "x.yaml:7, inputs[1].name"),
        (("framework", 0, "name"), "x.yaml:1, framework.name"),
        (
            ("inputs", 0, "preprocess", 0, "parameters", "size"),
            "x.yaml:6, inputs[0].preprocess[0].size",
        ),
    ],
)
def test_says_where_a_path_is_written(path: tuple[int | str, ...], where: str) -> None:
    assert YamlTree(LINES, "x.yaml").locate(path) == where
