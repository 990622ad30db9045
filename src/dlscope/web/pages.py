"""`Pages`: reports as pages of the site, all under one frame."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import re
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, final

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from dlscope.core.report import Report
from dlscope.reporting.theme import tokens
from dlscope.reporting.view import SIGNS
from dlscope.reporting.words import plain
from dlscope.web.drawings import Drawings
from dlscope.web.page_parts import Frame, Parts, in_rows
from dlscope.web.places import NAVIGATION
from dlscope.web.queries import Query

_KEY_FIGURES = "Key figures"
_NUMBER = re.compile(r"(−?\d\S*(?: [^\s,:\[]+)?)[,:]?\s*(.*)")


@dataclass(frozen=True)
class KeyFigure:
    """What a reader asks first: a number with its unit, what surrounds it; or a reason."""

    name: str
    value: str
    rest: str
    is_number: bool


@final
class Pages:
    """Renders reports and templates; `store` is what the head of a page says of the store."""

    def __init__(self, drawings: Drawings, store: str) -> None:
        self._drawings = drawings
        self._store = store

    def report(
        self,
        request: Request,
        query: Query,
        report: Report,
        frame: Frame,
        template: str = "report.html.j2",
    ) -> Response:
        """`report` as a page, unless the browser has it already."""
        sections = [each for each in report.sections if each.title not in frame.left_out]
        parts = Parts(self._drawings, query, report, frame)
        shown = [parts.section(each, f"s{n}") for n, each in enumerate(sections, start=1)]
        return self.render(
            request,
            template,
            title=plain(report.title),
            answer=plain(report.answer),
            command=plain(report.command),
            frame=frame,
            sections=shown,
            rows=in_rows([each for each in shown if each.title != _KEY_FIGURES]),
            key_figures=[
                _key_figure(*pair)
                for each in shown
                if each.title == _KEY_FIGURES
                for pair in each.blocks[0].value
            ],
            findings=parts.findings(),
            json=query.with_({"table": []}, f"{query.path}.json"),
            further=parts.further(),
            **frame.context,
        )

    def render(
        self, request: Request, template: str, *, status: int = 200, **context: Any
    ) -> Response:
        """A page from `template`; the same page is sent once only to a browser that kept it."""
        frame = context.pop("frame", Frame())
        body = (
            environment()
            .get_template(template)
            .render(
                **{"command": "", "json": "", "answer": "", **context},
                frame=frame,
                signs=SIGNS,
                navigation=NAVIGATION,
                store=self._store,
                version=importlib.metadata.version("dlscope"),
                style=asset_address("site.css"),
                script=asset_address("site.js"),
                path=request.url.path,
            )
        )
        tag = f'"{hashlib.sha256(body.encode()).hexdigest()[:32]}"'
        if status == 200 and request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"etag": tag})
        return HTMLResponse(body, status, headers={"etag": tag})


def _key_figure(name: str, value: str) -> KeyFigure:
    found = _NUMBER.match(value)
    if found is None:
        head, _, rest = value.partition(": ")
        return KeyFigure(name, head, rest, is_number=False)
    return KeyFigure(name, found[1], found[2], is_number=True)


@functools.cache
def environment() -> jinja2.Environment:
    """Templates of the site, and the parts that they share with the report in one file."""
    made = jinja2.Environment(
        loader=jinja2.ChoiceLoader(
            [
                jinja2.PackageLoader("dlscope.web", "templates"),
                jinja2.PrefixLoader(
                    {"reporting": jinja2.PackageLoader("dlscope.reporting", "templates")}
                ),
            ]
        ),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["plain"] = plain
    return made


@functools.cache
def asset(name: str) -> tuple[str, str]:
    """The text of a style sheet or script of the site, and its media type."""
    if name == "site.css":
        shared = files("dlscope.reporting") / "templates" / "table.css"
        own = files("dlscope.web") / "static" / name
        parts = (tokens(":root", ""), shared.read_text("utf-8"), own.read_text("utf-8"))
        return "".join(parts), "text/css; charset=utf-8"
    text = (files("dlscope.web") / "static" / name).read_text("utf-8")
    return text, "text/javascript; charset=utf-8"


@functools.cache
def asset_address(name: str) -> str:
    """Where a browser finds an asset; another content has another address."""
    digest = hashlib.sha256(asset(name)[0].encode()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"
