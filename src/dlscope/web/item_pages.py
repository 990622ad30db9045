"""Pages of items: what a run answered to each, and one item with everything around it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from dlscope import api
from dlscope.core.errors import DlscopeError
from dlscope.core.table import Cell, Table
from dlscope.reporting.json import finite
from dlscope.reporting.words import plain
from dlscope.web.answers import plain_text, shown_answer, true_boxes, true_picture
from dlscope.web.exports import exported
from dlscope.web.page_parts import Frame
from dlscope.web.pages import Pages
from dlscope.web.queries import Query
from dlscope.web.refusals import UNKNOWN, refused
from dlscope.web.shown_tables import ShownTable, shown_table

_KEYS = ("order", "sort")
_DRAWN = frozenset(("boxes", "image", "mask"))
_ITEM_KEYS = ("with", "score", "truth")


@final
class ItemPages:
    """The viewer of answers."""

    def __init__(self, pages: Pages, store: str | None) -> None:
        self._pages, self._store = pages, store

    def items(self, request: Request, run: str, form: str | None) -> Response:
        """Every item of a run, the worst first."""
        query = Query(request, _KEYS)
        order = query.choice("order", ("worst", "index"))
        report = api.items(run, order="index" if order == "index" else "worst", store=self._store)
        if form is not None:
            return exported(report, form, query.text("table"))
        address = f"/runs/{quote(report.runs[0])}"

        def shown(table: Table, number: int) -> ShownTable:
            def target(name: str, cell: Cell) -> str:
                del name
                return f"{address}/items/{cell}"

            return shown_table(table, query, number, targets={"index": target})

        other = "index" if order == "worst" else "worst"
        word = "In order" if other == "index" else "Worst first"
        frame = Frame(
            place="Runs",
            crumbs=(("Runs", "/runs"), (report.runs[0], address), ("items", "")),
            actions=((word, query.with_({"order": [other], "sort": []})),),
            tables=shown,
        )
        return self._pages.report(request, query, report, frame)

    def item(self, request: Request, run: str, number: str, form: str | None) -> Response:
        """One item: its input, the truth, and what one or several runs answered."""
        query = Query(request, _ITEM_KEYS)
        others = query.texts("with")
        shown = api.item(run, _index(number), also=others, store=self._store)
        if form is not None:
            return item_document(shown)
        first = shown.answers[0].run.id
        address = f"/runs/{quote(first)}/items"
        neighbours = (("◀ item", shown.index - 1), ("item ▶", shown.index + 1))
        frame = Frame(
            place="Runs",
            crumbs=(
                ("Runs", "/runs"),
                (first, f"/runs/{quote(first)}"),
                ("items", address),
                (str(shown.index), ""),
            ),
            actions=tuple(
                (word, query.with_({}, f"{address}/{to}"))
                for word, to in neighbours
                if 0 <= to < shown.count
            ),
        )
        source = f"{address}/{shown.index}/input"
        return self.show(request, query, shown, frame, source, self._store)

    def show(
        self,
        request: Request,
        query: Query,
        shown: api.ShownItem,
        frame: Frame,
        source: str,
        store: str | None,
    ) -> Response:
        """The page of one item, whose input is at the address `source`."""
        least = _score(query)
        first = shown.answers[0].run
        answers = [
            shown_answer(each, place, shown.target, least)
            for place, each in enumerate(shown.answers)
        ]
        truth = true_boxes(shown.target) if query.text("truth") != "no" else []
        read, problem = _input(first.id, shown.index, store)
        return self._pages.render(
            request,
            "item.html.j2",
            title=f"Item {plain(shown.item)}",
            answer=f"{shown.index + 1} of {shown.count} in {plain(first.plan.dataset.name)}.",
            json=query.with_({}, f"{query.path}.json"),
            frame=frame,
            read=read,
            problem=problem,
            source=source,
            answers=answers,
            boxes=[*(box for each in answers for box in each.boxes), *truth],
            has_truth=bool(true_boxes(shown.target)),
            is_truth_drawn=bool(truth),
            true_picture=true_picture(shown.target),
            has_boxes=any("boxes" in (each.result.prediction or {}) for each in shown.answers),
            target=_said(shown.target, shown.label_name),
            score=f"{least:g}",
            others=",".join(query.texts("with")),
        )

    def input(self, request: Request, run: str, number: str) -> Response:
        """The picture or the sound of an item, as it lies in the data set."""
        Query(request, ())
        return input_file(run, _index(number), self._store)


def input_file(run: str, index: int, store: str | None) -> Response:
    """The picture or the sound of an item. Raises an answer of 404 where it is neither."""
    read = api.item_input(run, index, store=store)
    if not read.content:
        fix = "see the page of the item"
        raise refused(UNKNOWN, "the item is no picture or sound", where="address", fix=fix)
    # Nothing of a data set may run in a browser, whatever it holds.
    headers = {"content-security-policy": "default-src 'none'; sandbox"}
    return Response(read.content, media_type=read.media_type, headers=headers)


def item_document(shown: api.ShownItem) -> Response:
    """What was answered to one item, as JSON."""
    return Response(_document(shown), media_type="application/json")


def _input(run: str, index: int, store: str | None) -> tuple[api.Input, str]:
    try:
        return api.item_input(run, index, store=store), ""
    except (DlscopeError, IndexError) as error:
        return api.Input("other"), str(error).splitlines()[0]


def _index(number: str) -> int:
    if not number.isascii() or not number.isdecimal() or len(number) > 9:
        fix = "items are numbered from 0"
        raise refused(UNKNOWN, f"there is no item {number[:80]!r}", where="address", fix=fix)
    return int(number)


def _score(query: Query) -> float:
    text = query.text("score") or "0.5"
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        raise refused(400, f"{text!r} is no score", where="score", fix="write it as 0.5") from None


def _said(target: Any, name: str | None) -> str:
    """The truth in words, without what is drawn; `name` is that of its class."""
    if not isinstance(target, Mapping):
        return plain_text(target)
    told = {key: value for key, value in target.items() if key not in _DRAWN}
    if set(told) == {"text"}:
        return str(told["text"])
    if set(told) == {"label"} and name is not None:
        return f"{told['label']} {plain(name)}"
    return plain_text(told) if told else ""


def _document(shown: api.ShownItem) -> str:
    answers = [
        {"run": each.run.id, "prediction": each.result.prediction, "error": each.result.error}
        for each in shown.answers
    ]
    told = {"item": shown.item, "index": shown.index, "target": shown.target, "answers": answers}
    return json.dumps(finite(told), ensure_ascii=False, default=str) + "\n"
