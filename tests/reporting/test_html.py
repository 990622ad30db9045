from __future__ import annotations

import base64
import dataclasses
import hashlib
import html.parser
import importlib.util
import io
import json
import re
import shutil
import subprocess
from importlib.resources import files

import pytest
from awkward_tables import large, reports, tables
from hypothesis import given, settings
from PIL import Image
from report_sample import FINDINGS, LATENCY, STUDY, sample

from dlscope.core import registry
from dlscope.core.report import Figure, Picture, Report, Section
from dlscope.core.table import Table
from dlscope.reporting.html import HtmlRenderer

TEMPLATES = files("dlscope.reporting") / "templates"
_VOID = {"meta", "img", "br", "input", "link"}
_KNOWN = frozenset(
    (
        *("html", "head", "meta", "title", "style", "script", "body", "header", "main", "footer"),
        *("nav", "section", "div", "span", "p", "h1", "h2", "h3", "a", "b", "i", "small"),
        *("strong", "code", "button", "ul", "li", "dl", "dt", "dd", "figure", "figcaption"),
        *("table", "thead", "tbody", "tr", "th", "td", "svg", "rect", "path", "circle"),
    )
)


class _Page(html.parser.HTMLParser):
    """Collects tags, ids, links and scripts, and fails on what is not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self.tags.append(tag)
        if known.get("id"):
            self.ids.append(str(known["id"]))
        if tag == "a" and known.get("href"):
            self.links.append(str(known["href"]))
        assert not any(name.startswith("on") for name in known), known
        if tag == "script":
            self.scripts.append((known, ""))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            attrs, text = self.scripts[-1]
            self.scripts[-1] = (attrs, text + data)


def test_one_file_that_asks_for_nothing(report):
    text = HtmlRenderer().report(report)
    page = _Page(text)
    assert "http" not in re.sub(r"http-equiv|xmlns(:\w+)?=\"http://www.w3.org/[\w/]+\"", "", text)
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)
    assert len(page.ids) == len(set(page.ids))
    assert len(text) < 400_000
    assert page.tags.count("h1") == 1


def test_the_policy_allows_the_one_script_and_no_other(report):
    text = HtmlRenderer().report(report)
    script = next(text for attrs, text in _Page(text).scripts if "type" not in attrs)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = "default-src &#39;none&#39;; img-src data:; style-src &#39;unsafe-inline&#39;; "
    assert f'content="{policy}script-src &#39;sha256-{digest}&#39;"' in text


def test_the_tables_in_the_page_are_the_contract(report):
    scripts = _Page(HtmlRenderer().report(report)).scripts
    named = [(attrs["data-name"], text) for attrs, text in scripts if "data-name" in attrs]
    found = {json.loads(name or ""): json.loads(text) for name, text in named}
    assert found == report.to_json()["tables"]
    rest = next(json.loads(text) for attrs, text in scripts if attrs.get("id") == "rest")
    assert rest == {key: report.to_json()[key] for key in ("findings", "runs", "warnings")}


def test_claims_link_to_their_rows(report):
    text = HtmlRenderer().report(report)
    assert '<a href="#t3-r2">table 3 row 3</a>' in text
    assert '<tr id="t3-r2" data-row="2">' in text


def test_the_same_report_gives_the_same_bytes(illustrated):
    assert HtmlRenderer().report(illustrated) == HtmlRenderer().report(sample(figures=True))


@pytest.mark.skipif(
    importlib.util.find_spec("vl_convert") is None, reason="needs the extra figures"
)
def test_figures_are_drawn_for_three_widths_within_the_budget(illustrated):
    text = HtmlRenderer().report(illustrated)
    assert [text.count(f'<div class="fig {name}">') for name in ("wide", "middle", "narrow")] == [
        3,
        3,
        3,
    ]
    assert not any("NaN" in drawing for drawing in re.findall(r"(?s)<svg.*?</svg>", text))
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert len(text) < 400_000


def test_a_figure_that_fails_shows_its_table_and_how_to_mend_it(report, monkeypatch):
    find = importlib.util.find_spec
    # Templates are found by the same function.
    absent = lambda name, *package: None if name == "vl_convert" else find(name, *package)  # noqa: E731
    monkeypatch.setattr(importlib.util, "find_spec", absent)
    figure = Figure("f", "Latency drawn", {"mark": "point"}, "latency")
    text = HtmlRenderer().report(dataclasses.replace(report, sections=(Section("S", (figure,)),)))
    assert "figures need &#39;vl-convert-python&#39;, which is not installed: " in text
    assert "<code>pip install &#39;dlscope[figures]&#39;</code>" in text
    assert "openvino 2026.4.1</td>" in text


def test_a_long_table_is_bounded_and_says_so(large_report):
    text = HtmlRenderer().report(large_report)
    assert text.count("<tr id=") == 100
    assert "100 of 100\u202f000 rows drawn" in text
    assert "The data of Layers in this file are the first 200 of 100\u202f000 rows" in text
    assert len(text) < 3_000_000
    assert '<table id="t1">' in text, "a part of a table must not be sorted as the whole"


def test_tables_without_a_section_are_still_linked(report):
    text = HtmlRenderer().report(dataclasses.replace(report, sections=()))
    assert '<section id="further">' in text
    assert "Pre-processing <span" in text


def test_a_notebook_shows_head_and_tail_without_script():
    text = HtmlRenderer().table(large())
    page = _Page(text)
    assert text.count("<tr id=") == 20
    assert "layer99999" in text
    assert "layer9<" in text
    assert '<tr class="gap">' in text
    assert "script" not in page.tags
    assert len(text) < 200_000


def test_the_styles_of_a_piece_stay_with_it():
    text = HtmlRenderer().table(STUDY)
    scope = re.match(r'<div class="(dlscope-[0-9a-f]{8})"><style>', text)
    assert scope is not None
    style = re.sub(r"@media[^{]*\{", "", text.split("<style>")[1].split("</style>")[0])
    selectors = re.findall(r"(?:^|\})\s*([^{}@]+)\{", style)
    assert len(selectors) > 40
    assert all(scope[1] in part for selector in selectors for part in selector.split(","))


def test_a_finding_and_an_excerpt_stand_alone(report):
    assert "ncnn computes other outputs" in HtmlRenderer().finding(FINDINGS[1])
    excerpt = HtmlRenderer().excerpt(report)
    assert "openvino is fastest (18.9 ms)" in excerpt
    assert "top-left" not in excerpt
    assert "<script" not in excerpt


def test_own_styles_and_script_keep_to_their_budget():
    sizes = {path.name: len(path.read_bytes()) for path in TEMPLATES.iterdir()}
    assert sizes["table.css"] + sizes["report.css"] <= 25_000
    assert sizes["report.js"] <= 40_000


def test_strips_say_what_they_show():
    assert 'aria-label="18.9 ms, 95 % interval [18.6, 19.3]"' in HtmlRenderer().table(LATENCY)


def test_the_date_comes_from_the_runs(report):
    assert "22 November 2026, 10:52 UTC" in HtmlRenderer().report(report)
    unknown = dataclasses.replace(report, created_utc="some <day>")
    assert "dlscope report · some &lt;day&gt;" in HtmlRenderer().report(unknown)


@settings(max_examples=60)
@given(reports())
def test_no_markup_of_others_gets_through(report: Report):
    text = HtmlRenderer().report(report)
    page = _Page(text)
    assert set(page.tags) <= _KNOWN
    assert page.tags.count("script") == 3 + len(report.attachments)
    assert "\x1b" not in text
    assert all(link[1:] in page.ids for link in page.links)
    text.encode("utf-8")


@settings(max_examples=60)
@given(tables())
def test_every_table_is_well_formed_in_a_notebook(table: Table):
    text = HtmlRenderer().table(table)
    page = _Page(text)
    assert set(page.tags) <= _KNOWN
    assert "img" not in page.tags
    heads = page.tags.count("th")
    rows = text.count("<tr id=")
    assert rows == len(table)
    assert page.tags.count("td") == (rows * heads if rows else 1)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium")
def test_opens_from_disk_without_a_complaint(report, tmp_path):
    page = tmp_path / "report.html"
    page.write_text(HtmlRenderer().report(report), encoding="utf-8")
    command = [
        *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        *("--enable-logging=stderr", f"--user-data-dir={tmp_path / 'profile'}"),
        *("--virtual-time-budget=2000", "--dump-dom", page.as_uri()),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=True)
    assert "CONSOLE" not in done.stderr
    assert done.stdout.count('data-ready=""') == len(re.findall('class="links"', page.read_text()))
    assert '<button type="button">p50' in done.stdout


def test_a_picture_lies_in_the_page_with_what_is_to_be_seen() -> None:
    picture = Picture("seen", "What it saw", b"\x89PNG", "a <red> square", "from above")
    report = Report("Title", "Answer.", sections=(Section("Seen", (picture,)),))
    page = HtmlRenderer().report(report)
    assert '<img src="data:image/png;base64,iVBORw==" alt="a &lt;red&gt; square">' in page
    assert "<b>What it saw</b> from above" in page
    told = registry.load("renderers", "markdown")().report(report)
    assert "Picture: What it saw." in told
    assert "from above" in told


@pytest.mark.parametrize(("width", "is_wide"), [(32, False), (480, False), (481, True)])
def test_a_picture_of_several_tiles_can_be_scrolled_by_keyboard(width: int, is_wide: bool) -> None:
    file = io.BytesIO()
    Image.new("RGB", (width, 8)).save(file, "PNG")
    picture = Picture("seen", "What it saw", file.getvalue(), "tiles")
    page = HtmlRenderer().report(Report("Title", "", sections=(Section("Seen", (picture,)),)))
    opened = '<figure class="picture wide"><div class="scroll" role="region" tabindex="0"'
    assert (opened in page) == is_wide
