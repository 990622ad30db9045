"""`dot` and `svg`: a model's graph, its critical path in bold, each node with its time and whose.

DOT is for Graphviz; the SVG is laid out here, in rows by how many layers come before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from dlscope.core.errors import BoundError
from dlscope.core.units import format_number
from dlscope.graph.dag import Dag
from dlscope.methods.bounds.analysis import ModelBounds
from dlscope.methods.bounds.bound import Step

MOST_NODES = 400
"""Of an SVG; more cannot be read."""
_NODE_WIDTH, _NODE_HEIGHT, _GAP_X, _GAP_Y, _MARGIN = 150, 36, 14, 24, 16
_MOST_NAME = 22


def dot(bounds: ModelBounds) -> str:
    """The graph as DOT. Views, which take no time, are dashed."""
    on_path = _on_path(bounds)
    lines = [
        f"digraph {_quoted(bounds.name)} {{",
        "  rankdir=TB;",
        '  node [shape=box, fontname="sans-serif"];',
    ]
    for step in bounds.parallel.steps:
        node = step.layers[0]
        style = _style(step, node in on_path)
        label = "\\n".join(map(_escaped, _lines(bounds, step)))
        lines.append(f'  n{node} [label="{label}"{style}];')
    for before, after in _edges(bounds.costed.dag):
        bold = " [penwidth=3]" if before in on_path and after in on_path else ""
        lines.append(f"  n{before} -> n{after}{bold};")
    return "\n".join([*lines, "}"]) + "\n"


def svg(bounds: ModelBounds) -> str:
    """The graph as SVG. Raises `BoundError` for more than `MOST_NODES` layers."""
    dag = bounds.costed.dag
    if len(dag.nodes) > MOST_NODES:
        raise BoundError(
            f"{len(dag.nodes)} layers are too many for a drawing that can be read",
            where=bounds.name,
            fix="write DOT, and draw it with Graphviz: --output graph.dot",
        )
    places = _places(dag)
    on_path = _on_path(bounds)
    width = max((x for x, _ in places.values()), default=0) + _NODE_WIDTH + _MARGIN
    height = max((y for _, y in places.values()), default=0) + _NODE_HEIGHT + _MARGIN
    edges = [_edge(places[a], places[b], {a, b} <= on_path) for a, b in _edges(dag)]
    steps = {step.layers[0]: step for step in bounds.parallel.steps}
    nodes = [
        _node(place, _lines(bounds, steps[node]), node in on_path, steps[node].cost.cost_ns > 0)
        for node, place in places.items()
    ]
    body = "\n".join([*edges, *nodes])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" font-family="sans-serif" font-size="11">\n'
        f"<title>{escape(bounds.name)}: critical path</title>\n{body}\n</svg>\n"
    )


def _on_path(bounds: ModelBounds) -> set[int]:
    return {layer for step in bounds.parallel.path for layer in step.layers}


def _lines(bounds: ModelBounds, step: Step) -> list[str]:
    """Name and operator; time, and whose it is."""
    layer = bounds.costed.by_id[step.layers[0]]
    name = layer.name if len(layer.name) <= _MOST_NAME else f"{layer.name[: _MOST_NAME - 1]}…"
    cost = step.cost
    if not cost.cost_ns:
        return [f"{name} · {layer.op_type}", "no time"]
    return [
        f"{name} · {layer.op_type}",
        f"{format_number(cost.cost_ns / 1e6)} ms · {cost.implementation}",
    ]


def _edges(dag: Dag[int]) -> Sequence[tuple[int, int]]:
    return [(before, node) for node in dag.nodes for before in dag.predecessors.get(node, ())]


def _style(step: Step, is_on_path: bool) -> str:
    if is_on_path and step.cost.cost_ns:
        return ', style=filled, fillcolor="#1f6fb2", fontcolor=white'
    return "" if step.cost.cost_ns else ", style=dashed"


def _places(dag: Dag[int]) -> Mapping[int, tuple[int, int]]:
    """The corner of each node: rows by the longest way from a source, nodes of a row in order."""
    rows: dict[int, int] = {}
    for node in dag.nodes:
        before = dag.predecessors.get(node, ())
        rows[node] = max((rows[each] + 1 for each in before), default=0)
    taken: dict[int, int] = {}
    places = {}
    for node in dag.nodes:
        row = rows[node]
        column = taken.get(row, 0)
        taken[row] = column + 1
        places[node] = (
            _MARGIN + column * (_NODE_WIDTH + _GAP_X),
            _MARGIN + row * (_NODE_HEIGHT + _GAP_Y),
        )
    return places


def _edge(start: tuple[int, int], end: tuple[int, int], is_bold: bool) -> str:
    x1, y1 = start[0] + _NODE_WIDTH // 2, start[1] + _NODE_HEIGHT
    x2, y2 = end[0] + _NODE_WIDTH // 2, end[1]
    stroke, width = ("#1f6fb2", 3) if is_bold else ("#87929d", 1)
    return f'<path d="M{x1} {y1}L{x2} {y2}" fill="none" stroke="{stroke}" stroke-width="{width}"/>'


def _node(place: tuple[int, int], lines: Sequence[str], is_on_path: bool, is_timed: bool) -> str:
    x, y = place
    fill, ink = ("#1f6fb2", "#ffffff") if is_on_path and is_timed else ("#f5f7f9", "#14181d")
    dash = "" if is_timed else ' stroke-dasharray="4 3"'
    text = "".join(
        f'<text x="{x + 8}" y="{y + 15 + 14 * line}" fill="{ink}">{escape(words)}</text>'
        for line, words in enumerate(lines)
    )
    box = f'<rect x="{x}" y="{y}" width="{_NODE_WIDTH}" height="{_NODE_HEIGHT}" rx="2"'
    return f'{box} fill="{fill}" stroke="#dde2e8"{dash}/>{text}'


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
