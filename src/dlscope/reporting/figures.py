"""Figures drawn: a Vega-Lite specification as SVG, PNG or PDF, or the reason why not."""

from __future__ import annotations

import copy
import functools
import importlib.util
import json
import re
from collections.abc import Mapping
from typing import Any

from dlscope.core.digest import canonical_json
from dlscope.core.errors import FigureError
from dlscope.core.report import Figure
from dlscope.reporting.spec import MOST_MARKS, marks_in
from dlscope.reporting.theme import LOCALE, config, in_light
from dlscope.reporting.words import plain

_WHERE = "dlscope.reporting.figures"
_NARROW = 480
_PANEL_MARGIN = 48
_PANEL_GAP = 24
_NARROWEST_PANEL = 200
_IDS = re.compile(r'(\bid="|url\(#|href="#)([\w-]+)')


def svg(figure: Figure, width: int, *, prefix: str = "") -> str:
    """`figure` as SVG of at most `width` pixels; colours stay CSS variables of the page.

    `prefix` keeps its ids apart from those of other drawings on the page. Raises
    `FigureError` where the drawing library is missing or refuses the specification.
    """
    drawn = _svg(_prepared(figure, width))
    return _IDS.sub(lambda match: f"{match[1]}{prefix}{match[2]}", drawn)


def png(figure: Figure, width: int = 1040, *, scale: float = 2.0) -> bytes:
    """`figure` as PNG in light colours. Raises `FigureError` as `svg` does."""
    return _raster("vegalite_to_png", _prepared(figure, width), scale=scale)


def pdf(figure: Figure, width: int = 700) -> bytes:
    """`figure` as PDF in light colours. Raises `FigureError` as `svg` does."""
    return _raster("vegalite_to_pdf", _prepared(figure, width))


def sized(spec: Mapping[str, Any], width: int) -> dict[str, Any]:
    """`spec` with the widths of its drawing, or of its panels, set for `width` pixels in all."""
    drawn = copy.deepcopy(dict(spec))
    meta = drawn.get("usermeta", {}).get("dlscope", {})
    if "facet" in drawn and "spec" in drawn:
        most = max(1, (width - _PANEL_MARGIN) // (_NARROWEST_PANEL + _PANEL_GAP))
        columns = max(1, min(int(meta.get("panels", 1)), most))
        free = width - _PANEL_MARGIN - _PANEL_GAP * (columns - 1) - 12
        drawn |= {"columns": columns, "spacing": _PANEL_GAP}
        drawn["spec"] = {**drawn["spec"], "width": free // columns}
    elif "hconcat" not in drawn and "vconcat" not in drawn:
        drawn |= {"width": width, "autosize": {"type": "fit-x", "contains": "padding"}}
    return drawn


def _prepared(figure: Figure, width: int) -> dict[str, Any]:
    marks = marks_in(figure.spec)
    where = f"figure {plain(figure.name)}"
    if marks > MOST_MARKS:
        raise FigureError(
            f"{marks} marks are more than the {MOST_MARKS} that a figure may hold",
            where=where,
            fix="aggregate the table before drawing it",
        )
    if importlib.util.find_spec("vl_convert") is None:
        raise FigureError(
            "figures need 'vl-convert-python', which is not installed",
            where=where,
            fix="pip install 'dlscope[figures]'",
        )
    spec = sized(figure.spec, width)
    label_limit = 110 if width <= _NARROW else 260
    style = config()
    style["axis"]["labelLimit"] = label_limit
    return {**spec, "config": {**style, **spec.get("config", {})}}


def _svg(spec: Mapping[str, Any]) -> str:
    try:
        return _svg_of(canonical_json(spec))
    except ValueError as error:
        raise _refused(error) from error


@functools.lru_cache(maxsize=64)
def _svg_of(spec: bytes) -> str:
    """The drawing of a specification in canonical form; the same bytes are drawn once."""
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg(
        json.loads(spec), format_locale=dict(LOCALE), allowed_base_urls=[]
    )
    return drawn


def _raster(function: str, spec: Mapping[str, Any], **options: Any) -> bytes:
    import vl_convert

    try:
        drawn: bytes = getattr(vl_convert, function)(
            in_light(spec), format_locale=dict(LOCALE), allowed_base_urls=[], **options
        )
    except ValueError as error:
        raise _refused(error) from error
    return drawn


def _refused(error: ValueError) -> FigureError:
    reason = plain(str(error))[:200]
    return FigureError(
        f"the drawing library refuses the figure: {reason}",
        where=_WHERE,
        fix="mend its Vega-Lite specification; the table holds the same numbers",
    )
