"""`YamlTree`: a YAML document as plain data, with the line of every part of it.

Only what JSON can hold is read: no tags, no dates, no merge keys, no key twice, no aliases that
grow without end.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, TypeGuard, final

import yaml
from yaml.constructor import ConstructorError, SafeConstructor
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.reader import ReaderError

from dlscope.core.errors import ManifestError, raise_all

MAX_BYTES = 1 << 20
_MAX_NODES = 50_000
_MAX_DEPTH = 100
_TAG = "tag:yaml.org,2002:"
_SCALARS = {_TAG + name for name in ("null", "bool", "int", "float", "str")}
_EXPONENT = re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]{1,3}")


class Loader(yaml.SafeLoader):
    """The safe loader; `5e-5` is a number, as YAML 1.2 has it."""


class Dumper(yaml.SafeDumper):
    """The safe dumper, agreeing with `Loader` on what is a number."""


for _side in (Loader, Dumper):
    _side.add_implicit_resolver(
        _TAG + "float", re.compile(f"^(?:{_EXPONENT.pattern})$"), list("-+0123456789")
    )


@final
class YamlTree:
    """The document `text`; `where` names the file in messages.

    Raises `ManifestError` (or `Problems`) for anything but one mapping of plain values.
    """

    def __init__(self, text: str, where: str) -> None:
        self._where = where
        self._problems: list[ManifestError] = []
        self._visited = 0
        self._scalars = SafeConstructor()
        self._root = self._compose(text)
        data = self._value(self._root, ())
        raise_all(self._problems)
        self.data: dict[str, Any] = data

    def locate(self, path: Sequence[int | str]) -> str:
        """Where `path` is written: `resnet50.yaml:12, inputs[0].layout`.

        A part that is not written, such as a missing field, is on the line of what should hold it.
        """
        node, line, label = self._root, _line(self._root), ""
        for place, part in enumerate(path):
            found = _child(node, part)
            if found is not None:
                node, line = found
            elif isinstance(node, MappingNode) and isinstance(part, int):
                continue  # `framework: {…}` stands for a list of one
            elif _is_step(node, path, place):
                # `- resize: {…}` stands for a step of that name with those parameters.
                node, line = node.value[0][1], _line(node.value[0][0])
                continue
            label = _join(label, part)
        return self._at(line, label)

    def _compose(self, text: str) -> Node:
        if len(text.encode()) > MAX_BYTES:
            raise ManifestError(
                f"the document is larger than {MAX_BYTES} bytes",
                where=self._where,
                fix="keep data in files of their own and name them in the manifest",
            )
        try:
            node = yaml.compose(text, Loader=Loader)
        except yaml.MarkedYAMLError as error:
            raise self._malformed(error) from None
        except ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            what = f"not YAML: character U+{ord(text[error.position]):04X}"
            raise self._refused(what, line, "", "remove the control character") from None
        except RecursionError:
            raise self._too_deep(1) from None
        if not isinstance(node, MappingNode):
            what = "the document is empty" if node is None else "the document is not a mapping"
            line = 1 if node is None else _line(node)
            raise self._refused(what, line, "", "write fields, such as kind: model")
        return node

    def _too_deep(self, line: int) -> ManifestError:
        return self._refused("nested too deeply", line, "", "flatten the document")

    def _malformed(self, error: yaml.MarkedYAMLError) -> ManifestError:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        column = mark.column + 1 if mark else 1
        problem = error.problem or error.context or "unreadable"
        fix = f"correct line {line} near column {column}"
        if "'\\t'" in problem:
            fix = f"indent line {line} with spaces, not tabs"
        return self._refused(f"not YAML: {problem}", line, "", fix)

    def _value(self, node: Node, path: tuple[int | str, ...], above: tuple[Node, ...] = ()) -> Any:
        self._visited += 1
        if self._visited > _MAX_NODES or node in above:
            raise self._refused(
                "aliases make the document grow without end",
                _line(node),
                _label(path),
                "write the repeated part out",
            )
        if len(above) > _MAX_DEPTH:
            raise self._too_deep(_line(above[1]))
        if isinstance(node, MappingNode) and node.tag == _TAG + "map":
            return self._mapping(node, path, (*above, node))
        if isinstance(node, SequenceNode) and node.tag == _TAG + "seq":
            items = enumerate(node.value)
            return [self._value(item, (*path, i), (*above, node)) for i, item in items]
        if isinstance(node, ScalarNode):
            return self._scalar(node, path)
        self._tag_refused(node, path)
        return None

    def _mapping(
        self, node: MappingNode, path: tuple[int | str, ...], above: tuple[Node, ...]
    ) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            line = _line(key_node)
            key = key_node.value
            if not isinstance(key_node, ScalarNode) or key_node.tag != _TAG + "str":
                name = key if isinstance(key, str) else "of several parts"
                fix = "put it in quotes"
                if key_node.tag == _TAG + "merge":
                    fix = "write the merged fields out"
                self._note(f"key {name} is not text", line, path, fix)
            elif key in mapping:
                fix = f"keep one of lines {lines[key]} and {line}"
                self._note(f"key {key!r} is written twice", line, (*path, key), fix)
            else:
                lines[key] = line
                mapping[key] = self._value(value_node, (*path, key), above)
        return mapping

    def _scalar(self, node: ScalarNode, path: tuple[int | str, ...]) -> Any:
        if node.tag == _TAG + "timestamp":
            return node.value
        if node.tag not in _SCALARS:
            self._tag_refused(node, path)
            return None
        if node.tag == _TAG + "float" and _EXPONENT.fullmatch(node.value):
            value: Any = float(node.value)
        else:
            value = self._constructed(node, path)
        if isinstance(value, float) and not math.isfinite(value):
            self._note(f"{node.value} is not a finite number", _line(node), path, "use a number")
            return 0.0
        return value

    def _constructed(self, node: ScalarNode, path: tuple[int | str, ...]) -> Any:
        try:
            return self._scalars.construct_object(node)
        except (ConstructorError, ValueError, KeyError):
            kind = node.tag.removeprefix(_TAG)
            self._note(f"{node.value!r} is not of type {kind}", _line(node), path, "correct it")
            return None

    def _tag_refused(self, node: Node, path: tuple[int | str, ...]) -> None:
        tag = node.tag.replace(_TAG, "!!")
        self._note(f"tag {tag} is not allowed", _line(node), path, "write a plain value")

    def _note(self, what: str, line: int, path: tuple[int | str, ...], fix: str) -> None:
        self._problems.append(self._refused(what, line, _label(path), fix))

    def _refused(self, what: str, line: int, label: str, fix: str) -> ManifestError:
        return ManifestError(what, where=self._at(line, label), fix=fix)

    def _at(self, line: int, label: str) -> str:
        return f"{self._where}:{line}" + (f", {label}" if label else "")


_STEP_LISTS = ("preprocess", "postprocess")


def _is_step(node: Node, path: Sequence[int | str], place: int) -> TypeGuard[MappingNode]:
    named = isinstance(node, MappingNode) and bool(node.value)
    return named and place >= 2 and path[place - 2] in _STEP_LISTS


def _child(node: Node, part: int | str) -> tuple[Node, int] | None:
    if isinstance(node, SequenceNode) and isinstance(part, int) and 0 <= part < len(node.value):
        return node.value[part], _line(node.value[part])
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if isinstance(key, ScalarNode) and key.value == part:
                return value, _line(key)
    return None


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _label(path: Sequence[int | str]) -> str:
    label = ""
    for part in path:
        label = _join(label, part)
    return label


def _join(label: str, part: int | str) -> str:
    if isinstance(part, int):
        return f"{label}[{part}]"
    return f"{label}.{part}" if label else part
