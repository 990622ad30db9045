"""The pages in a real browser: themes, widths, keys, clicks, and no request elsewhere."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dlscope.store import Store
from dlscope.testing.analyses import example_runs
from dlscope.testing.kept import write_kept
from dlscope.testing.profiles import example_profiles
from dlscope.testing.searches import BOARD, HERE, NOTHING, write_searches
from dlscope.testing.small_experiment import write_experiment

pytestmark = pytest.mark.slow
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
PAGES = {
    "runs": "/runs",
    "run": "/runs/r-fast",
    "failed": "/runs/r-failed",
    "compare": "/compare?runs=r-fast,r-slow,r-disturbed",
    "profile": "/runs/r-profile1",
    "kernels": "/runs/r-profile1?level=kernel",
    "layer": "/runs/r-profile1?layer=1&window=0-2000000",
    "profiles": "/profiles",
    "analyses": "/analyses",
    "analysis": "/analyses/latency?runs=r-fast,r-slow",
    "bounds": "/bounds",
    "no-bounds": "/models/colors/bounds",
    "no-bricks": "/models/colors/bricks",
    "searches": "/codesign",
    "searches-compared": f"/codesign?runs={BOARD},{HERE}",
    "search": f"/codesign/{BOARD}?requirements=traffic_sign_classification",
    "search-here": f"/codesign/{HERE}",
    "search-infeasible": f"/codesign/{NOTHING}",
    "trackers": "/skynet",
    "tracked": "",
    "adaptations": "/adapt",
    "ablated": "",
    "explained": "",
    "items": "/runs/r-fast/items",
    "item": "/runs/r-fast/items/1",
    "evaluate": "/evaluate?model=colors&dataset=pictures&scenario=brief",
    "experiments": "/experiments",
    "try": "/try",
    "models": "/models",
    "model": "/models/efficientnet-lite0",
    "datasets": "/datasets",
    "systems": "/systems",
    "refused": "/runs/r-nobody",
}
WIDTHS = (1440, 768, 390)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server over runs of every kind."""
    import uvicorn

    from dlscope.web.app import create_app

    folder = tmp_path_factory.mktemp("browser")
    (folder / "catalog").mkdir()
    write_experiment(folder / "catalog")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("DLSCOPE_CATALOG", str(folder / "catalog"))
        with Store.open(folder / "store") as store:
            for run in (*example_runs(), *example_profiles()):
                store.accept(run)
        write_searches(folder / "store")
        kept = write_kept(str(folder / "store"))
        # Names of reports are told by what is in them, times too.
        PAGES["tracked"] = f"/skynet/{kept['skynet'][0]}"
        PAGES["ablated"], PAGES["explained"] = (f"/adapt/{name}" for name in kept["adapt"])
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            port = listening.getsockname()[1]
            config = uvicorn.Config(
                create_app(store=str(folder / "store")), log_level="error", lifespan="on"
            )
            serving = uvicorn.Server(config)
            thread = threading.Thread(target=serving.run, kwargs={"sockets": [listening]})
            thread.start()
            while not serving.started:
                time.sleep(0.02)
            yield f"http://127.0.0.1:{port}"
            serving.should_exit = True
            thread.join(30)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is not installed")
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Any, server: str) -> Iterator[Any]:
    with opened(browser, server) as made:
        yield made


@contextlib.contextmanager
def opened(browser: Any, server: str, width: int = 1440, **options: Any) -> Iterator[Any]:
    """A page that fails the test for what it writes to the console, or asks of another host."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, base_url=server, **options
    )
    said: list[str] = []
    asked: list[str] = []
    made = context.new_page()
    made.set_default_timeout(60_000)
    made.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    made.on("pageerror", lambda error: said.append(str(error)))
    made.on("request", lambda request: asked.append(request.url))
    yield made
    context.close()
    # The browser itself reports the status of a page that is refused on purpose.
    assert [each for each in said if "status of 404" not in each] == []
    assert [each for each in asked if not each.startswith((server, "data:", "blob:"))] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_and_can_be_used_by_everybody(
    browser: Any, server: str, name: str, theme: str, tmp_path: Path
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    for width in WIDTHS:
        with opened(browser, server, width, color_scheme=theme) as page:
            page.goto(PAGES[name])
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate("document.querySelectorAll('*').length") <= 3000
            found = Axe().run(page).response["violations"]
            assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found] == []
            page.screenshot(path=str(shots(tmp_path) / f"{name}-{theme}-{width}.png"))


def shots(otherwise: Path) -> Path:
    """Where pictures go: to look at, where a folder is named for them."""
    folder = Path(os.environ.get("DLSCOPE_SCREENSHOTS", otherwise))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.parametrize(
    "name", ["runs", "run", "compare", "profile", "tracked", "ablated", "item", "evaluate"]
)
def test_a_page_without_script_tells_the_same(browser: Any, server: str, name: str) -> None:
    cells = "[...document.querySelectorAll('main td, main h2')].map(e => e.textContent.trim())"
    with opened(browser, server) as page:
        page.goto(PAGES[name])
        scripted = page.evaluate(cells)
    with opened(browser, server, java_script_enabled=False) as page:
        page.goto(PAGES[name])
        text = page.content()
    assert scripted
    assert all(f">{cell}<" in text or cell in text for cell in scripted if cell.isalnum())


def test_the_theme_is_chosen_and_kept(page: Any) -> None:
    page.goto("/runs")
    background = "getComputedStyle(document.documentElement).backgroundColor"
    before = page.evaluate(background)
    page.click("#theme")
    page.click("#theme")
    assert page.get_attribute("html", "data-theme") == "dark"
    dark = page.evaluate(background)
    assert dark != before
    page.goto("/models")
    assert page.evaluate(background) == dark


def test_runs_are_selected_and_compared(page: Any) -> None:
    page.goto("/runs")
    assert not page.is_visible("button:has-text('Compare')")
    page.check("input[value=r-fast]")
    assert page.is_disabled("button:has-text('Compare')")
    page.check("input[value=r-slow]")
    page.click("button:has-text('Compare')")
    page.wait_for_url("**/compare?runs=*")
    assert "r-fast" in page.url
    assert "r-slow" in page.url
    assert page.is_visible("text=What differs")


def test_searches_are_picked_and_compared(page: Any) -> None:
    page.goto("/codesign")
    page.check(f"input[value='{BOARD}']")
    page.check(f"input[value='{HERE}']")
    page.click("button:has-text('Compare')")
    page.wait_for_url(f"**/codesign?runs={HERE},{BOARD}")
    assert page.is_visible("text=Searches compared")


def test_a_kept_report_is_opened_from_its_list_and_saved(page: Any) -> None:
    page.goto("/adapt")
    page.click("tbody a >> nth=0")
    page.wait_for_url("**/adapt/*-*")
    with page.expect_download() as saved:
        page.click(".actions a.first")
    assert saved.value.suggested_filename.startswith("adapt-")


def test_the_address_is_the_state(page: Any) -> None:
    page.goto("/runs?model=tiny")
    page.click("th a.sort:has-text('p50')")
    page.wait_for_url("**sort=p50**")
    rows = page.locator("tbody tr").all_inner_texts()
    page.reload()
    assert page.locator("tbody tr").all_inner_texts() == rows
    page.click("th a.sort:has-text('backend')", modifiers=["Shift"])
    page.wait_for_url("**sort=p50,backend**")
    page.go_back()
    assert page.locator("tbody tr").all_inner_texts() == rows


def test_keys_search_step_select_and_compare(page: Any) -> None:
    page.goto("/runs")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.type("jx")  # letters while somebody types
    assert page.input_value("input[name=q]") == "jx"
    page.evaluate("document.activeElement.blur()")
    for key in "jxjxc":
        page.keyboard.press(key)
    page.wait_for_url("**/compare?runs=*")


def test_everything_is_reached_by_tabbing(page: Any) -> None:
    page.goto("/runs")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "dlscope"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_an_experiment_from_choice_to_result_with_live_progress(page: Any) -> None:
    page.goto("/evaluate")
    page.check("input[value=colors]")
    page.check("input[value=onnxruntime]")
    page.select_option("select[name=dataset]", "pictures")
    page.select_option("select[name=scenario]", "brief")
    page.click("text=Check the plan")
    page.click("button:has-text('Start')")
    page.wait_for_url("**/experiments/e-*")
    page.wait_for_selector("a:has-text('Result')")
    assert page.locator("td.cell b").inner_text().endswith("s")
    page.click("a:has-text('Result')")
    page.wait_for_url("**/runs/r-*")
    assert page.is_visible("text=Validity")


@pytest.mark.timeout(600)
def test_bricks_of_a_model_are_measured_and_shown(browser: Any, server: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    with opened(browser, server) as page:
        page.goto("/models/colors/bricks")
        page.fill("input[name=seconds]", "0.05")
        page.click("button:has-text('Measure')")
        page.wait_for_url("**/experiments/e-*")
        page.wait_for_selector("a:has-text('Result')", timeout=500_000)
        page.click("a:has-text('Result')")
        page.wait_for_url("**/models/colors/bricks")
        assert page.is_visible("h2:has-text('Rebuilt from bricks')")
    for theme in ("light", "dark"):
        with opened(browser, server, 390, color_scheme=theme) as page:
            page.goto("/models/colors/bricks")
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
            found = Axe().run(page).response["violations"]
            assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found] == []


def test_keys_go_along_the_timeline(page: Any) -> None:
    page.goto("/runs/r-profile1")
    page.keyboard.press("+")
    page.wait_for_url("**window=*")
    inside = page.url
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"location.href !== {inside!r}")
    page.keyboard.press("0")
    page.wait_for_url("**/runs/r-profile1")


def test_levels_of_a_profile_are_chosen_by_keyboard(page: Any) -> None:
    page.goto("/runs/r-profile1")
    page.focus("nav.tabs a:has-text('kernel')")
    page.keyboard.press("Enter")
    page.wait_for_url("**level=kernel**")
    assert page.is_visible("h2:has-text('Kernels')")


def test_every_table_is_sorted_by_keyboard(page: Any) -> None:
    page.goto("/models")
    page.focus("th a.sort:has-text('task')")
    page.keyboard.press("Enter")
    page.wait_for_url("**sort=*task**")
    assert page.get_attribute("th[aria-sort]", "aria-sort") == "ascending"
    page.focus("th a.sort:has-text('task')")
    page.keyboard.press("Enter")
    page.wait_for_selector("th[aria-sort=descending]")


def test_a_picture_is_tried(page: Any, tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (64, 48), "blue").save(tmp_path / "blue.png")
    page.goto("/try")
    page.check("input[value=colors]")
    page.set_input_files("input[type=file]", str(tmp_path / "blue.png"))
    page.click("button:has-text('Answer')")
    page.click("a:has-text('Answers')")
    page.wait_for_url("**/try/e-*")
    assert page.evaluate("document.querySelector('img').naturalWidth") == 64
    assert page.locator("tbody tr").first.inner_text().startswith("2")
