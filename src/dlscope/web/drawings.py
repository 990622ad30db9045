"""`Drawings`: figures as SVG, each drawn once, and not while a measurement would notice."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import final

from markupsafe import Markup

from dlscope.core.digest import digest
from dlscope.core.errors import FigureError
from dlscope.core.report import Figure
from dlscope.core.table import Table
from dlscope.reporting.figures import svg
from dlscope.reporting.view import FigureView, table_view
from dlscope.reporting.words import plain

_KEPT = 200
_WIDTHS: Mapping[str, int] = {"half": 640, "narrow": 330}
_WHOLE_WIDTHS: Mapping[str, int] = {"wide": 1180, "narrow": 330}
_PREFIX = "fig"
_UNNAMED = re.compile(r'<g (?![^>]*aria-label)([^>]*?) role="graphics-symbol"[^>]*?(?=>)')


@final
class Drawings:
    """Draws figures while `may_draw` says so; those drawn before are always there."""

    def __init__(self, may_draw: Callable[[], bool] = lambda: True) -> None:
        self._may_draw = may_draw
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()

    def view(self, figure: Figure, number: int, table: Table | None) -> FigureView:
        """`figure` at the widths of a page, or the reason why not and its `table`."""
        meta = figure.spec.get("usermeta", {}).get("dlscope", {})
        said = (figure.caption, meta.get("left_out", ""))
        try:
            drawings = self._drawn(figure, number)
            problem = fix = ""
        except FigureError as error:
            drawings, problem, fix = {}, error.what, error.fix
        return FigureView(
            number=number,
            title=plain(figure.title),
            caption=plain(". ".join(part.rstrip(".") for part in said if part) + "." * any(said)),
            drawings=drawings,
            legend=meta.get("legend", ()) if drawings else (),
            problem=problem,
            fix=fix,
            table=table_view(table, id=f"f{number}t") if problem and table is not None else None,
            source=figure.table,
        )

    def _drawn(self, figure: Figure, number: int) -> Mapping[str, Markup]:
        widths = _WHOLE_WIDTHS if is_whole(figure) else _WIDTHS
        prefix = f"{_PREFIX}{number}"
        return {
            name: Markup(self._svg(figure, width, f"{prefix}{name[0]}-"))
            for name, width in widths.items()
        }

    def _svg(self, figure: Figure, width: int, prefix: str) -> str:
        key = digest({"spec": figure.spec, "width": width, "prefix": prefix})
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        if not self._may_draw():
            raise FigureError(
                "a measurement is under way, which drawing would disturb",
                where=f"figure {plain(figure.name)}",
                fix="load the page again when the run has ended",
            )
        # A symbol without a name would be read out as nothing; what is in it has names.
        drawn = _UNNAMED.sub(r"<g \1", svg(figure, width, prefix=prefix))
        with self._lock:
            self._kept[key] = drawn
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return drawn


def is_whole(figure: Figure) -> bool:
    """Whether a figure takes the whole width of a page: a timeline, or one with panels."""
    return figure.name.endswith("_timeline") or "facet" in figure.spec
