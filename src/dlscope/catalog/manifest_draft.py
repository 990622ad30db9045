"""`draft_manifest`: a manifest of an ONNX file to go on from, what is missing marked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import final

import yaml
from yaml.nodes import Node, ScalarNode

from dlscope.catalog.bare_graph import BareGraph, OpenSize
from dlscope.catalog.yaml_tree import Dumper


def draft_manifest(path: Path, sizes: Mapping[str, int]) -> str:
    """A manifest of the ONNX file `path` as YAML.

    Free axes have the `sizes` given by name; words stand for the others, each written once and
    referred to from then on. The YAML may be put beside a file of this folder, and anywhere for
    others. Raises as `BareGraph` does.
    """
    graph = BareGraph(path, sizes)
    text: str = yaml.dump(
        graph.document(path if path.parent == Path() else path.absolute()),
        Dumper=_DraftDumper,
        sort_keys=False,
        allow_unicode=True,
        width=120,
        default_flow_style=None,
    )
    return "".join(f"# {line}\n" for line in _told(graph)) + text


@final
class _DraftDumper(Dumper):
    """Repeats the words for a missing size by reference, so that they are replaced once."""

    def ignore_aliases(self, data: object) -> bool:
        return not isinstance(data, OpenSize)

    def generate_anchor(self, node: Node) -> str:
        return str(node.value)


def _words(dumper: Dumper, data: OpenSize) -> ScalarNode:
    return dumper.represent_str(str(data))


_DraftDumper.add_representer(OpenSize, _words)


def _told(graph: BareGraph) -> Iterator[str]:
    """What to do with the draft."""
    yield f"A draft for {graph.path.name}, fed with drawn numbers."
    yield "That is enough for what it costs and whether backends agree. For accuracy change"
    yield "task, dataset, steps, and the types of outputs."
    for words, places in graph.open.items():
        yield f"Put a number for the words after &{words} ({', '.join(places)})"
    yield "What is drawn lies between low and high, 0 and 1 where they are not given."
    yield f"Then: dlscope manifest check {graph.name}.yaml"
