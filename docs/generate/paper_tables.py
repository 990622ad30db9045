"""The papers, and what stands here for their ideas and figures."""

from __future__ import annotations

from dlscope.api.papers import shown_value
from dlscope.catalog import paper
from generate.fields import table


def papers() -> str:
    """The papers and how far each is built."""
    rows = [
        (each.short, each.brings, f"`{each.open_first}`", each.state)
        for each in paper.papers().values()
    ]
    return table(("paper", "what it brings", "open this first", "state"), rows)


def paper_sections() -> str:
    """Each paper with what stands for its ideas here, and how its figures are checked."""
    return "\n".join(map(_paper_section, paper.papers().values()))


def _paper_section(each: paper.Paper) -> str:
    leans = ", ".join(f"`{folder}`" for folder in each.leans_on)
    ideas = [(idea.idea, idea.state, idea.here) for idea in each.ideas]
    figures = [
        (figure.what, shown_value(figure), _told(figure.here), _check(figure),
         f"{figure.source} ({figure.confidence})")
        for figure in each.figures
    ]  # fmt: skip
    return "\n\n".join(
        (
            f"## {each.short}",
            f"*{each.title}*. {', '.join(each.authors)}. {each.venue}, {each.year}; "
            f"{each.identifier}.",
            f"Open `{each.open_first}` first{leans and f'; it leans on {leans}'}.",
            table(("idea of the paper", "state", "here"), ideas).rstrip(),
            table(("figure", "paper", "here", "how it is checked", "source"), figures),
        )
    )


def _check(figure: paper.PaperFigure) -> str:
    """The check of a figure in words, with what it needs."""
    needs = f"needs {figure.needs}" if figure.needs else ""
    if figure.kind == "published":
        return f"not here: {needs}"
    checked = f"`{figure.test}`" if figure.test else f"`{figure.script}`, `{figure.key}`"
    return f"{checked}; {needs}" if needs else checked


def _told(number: float | None) -> str:
    return "" if number is None else f"{number:.4g}"
