"""Writes what other scripts here measured into the list of papers, beside the figures it checks.

    python benchmarks/papers.py     # after a script has written its file in benchmarks/results anew

Nothing is measured. A figure that no longer agrees with its paper is named, and kept as measured.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from dlscope.catalog.paper import PaperFigure, papers

ROOT = Path(__file__).parents[1]
LIST = ROOT / "src" / "dlscope" / "catalog" / "papers"


def measured(figure: PaperFigure) -> float:
    """The number that stands under the key of a figure in its file."""
    content = json.loads((ROOT / figure.result).read_text(encoding="utf-8"))
    return float(figure.value_in(content))


def main() -> None:
    """Bring every paper up to date and say what changed."""
    for paper in papers().values():
        path = LIST / f"{paper.name}.yaml"
        text = path.read_text(encoding="utf-8")
        for figure in paper.figures:
            if not figure.script or (value := measured(figure)) == figure.here:
                continue
            entry = re.compile(rf"(  - name: {figure.name}\n(?:    .*\n)*?    here: ).*\n")
            text = entry.sub(rf"\g<1>{value!r}\n", text)
            verdict = "agrees" if figure.agrees(value) else "DOES NOT AGREE"
            print(f"{paper.name} {figure.name}: {figure.here} -> {value}, {verdict}")
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
