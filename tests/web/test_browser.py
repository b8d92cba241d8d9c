"""The page in Debian's chromium: the walk with its script, with the keyboard alone, and looked at by axe-core."""

import os
import re
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from foreign.server import ForeignServer
from foreign.state import Settings
from judges import missing
from web.page import EXAMPLES, Page, running
from web.relay import Relay
from workbooks import write_workbook
from xlsx2opeasy.sandbox.serve import RunningSandbox, serve_in_thread
from xlsx2opeasy.sandbox.settings import SandboxSettings

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab

_ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
_PATIENCE = 60_000
HOME_ALONE = {
    "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    **{name: "" for each in ("http_proxy", "https_proxy", "all_proxy") for name in (each, each.upper())},
}
"""Neither a keyring nor a proxy of this machine."""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    env = {**HOME_ALONE, "XLSX2OPEASY_HOME": str(tmp_path_factory.mktemp("browser-home"))}
    with running("--sandbox", env=env) as started:
        yield started


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    chromium = shutil.which("chromium")
    if chromium is None:
        missing("chromium is not installed (Debian: apt-get install chromium).")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=list(_ARGUMENTS))
        yield started
        started.close()


@pytest.fixture
def tab(browser: "Browser", page: Page) -> "Iterator[Tab]":
    with _opened(browser, page) as opened:
        yield opened


@contextmanager
def _opened(browser: "Browser", page: Page, **options: Any) -> "Iterator[Tab]":
    """A tab on the start page, in whose scripts nothing goes wrong."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
    context.set_default_timeout(_PATIENCE)
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    opened.goto(page.address)
    yield opened
    context.close()
    assert not [each for each in wrong if not each.startswith("Failed to load resource")]


def upload(tab: "Tab", name: str) -> None:
    tab.get_by_role("link", name="xlsx2opeasy", exact=True).click()
    tab.get_by_label("Choose a workbook").set_input_files(EXAMPLES / name)
    tab.get_by_role("button", name="Check", exact=True).click()
    tab.get_by_role("heading", name=name).wait_for()


def walk(tab: "Tab", enterprise: str, tmp_path: Path) -> Path:
    """Corrects two cells, loads without the rows that are still wrong, and gives the results."""
    upload(tab, "typical-mistakes.xlsx")
    tab.get_by_label("Users!A3", exact=True).select_option("AddUser")
    tab.get_by_label("Users!B4", exact=True).fill("Dallas")
    assert tab.locator("#changed").inner_text() == "2 cells changed"
    tab.get_by_role("button", name="Save and check again").click()
    tab.get_by_text("2 cells corrected").wait_for()
    with tab.expect_download() as download:
        tab.get_by_role("link", name="Download the corrected workbook").click()
    saved = tmp_path / "corrected.xlsx"
    download.value.save_as(saved)
    sheet = openpyxl.load_workbook(saved)["Users"]
    assert (sheet["A3"].value, sheet["B4"].value) == ("AddUser", "Dallas")
    tab.get_by_role("link", name="Plan without").click()
    tab.get_by_label("enterprise").fill(enterprise)
    tab.get_by_role("button", name="Load", exact=True).click()
    tab.get_by_role("link", name="Report").wait_for()
    with tab.expect_download() as download:
        tab.get_by_role("link", name="Download the results").click()
    assert download.value.suggested_filename == "typical-mistakes.results.xlsx"
    assert "succeeded" in tab.locator("#live").inner_text()
    results = tmp_path / "results.xlsx"
    download.value.save_as(results)
    return results


def test_mistakes_are_corrected_and_the_workbook_loaded(tab: "Tab", tmp_path: Path) -> None:
    results = openpyxl.load_workbook(walk(tab, "sandbox", tmp_path))["Users"]
    assert "SUCCESS" in [cell.value for cell in results[3]]


def test_the_walk_ends_well_at_a_server_of_another_make(browser: "Browser", tmp_path: Path) -> None:
    with ForeignServer(Settings(validate=lambda *_: [])) as server:
        env = {
            **HOME_ALONE,
            "XLSX2OPEASY_HOME": str(tmp_path / "home"),
            "OPEASY_URL": server.url,
            "OPEASY_ENTERPRISE_ID": server.settings.enterprise_id,
            "OPEASY_API_KEY": server.settings.api_key,
        }
        with running(env=env) as page, _opened(browser, page) as tab:
            results = openpyxl.load_workbook(walk(tab, server.settings.enterprise_id, tmp_path))
        done = [cell.value for sheet in results for row in sheet for cell in row].count("SUCCESS")
        assert done == len(server.state.executed) > 10
        assert server.calls("POST", "/v1/scheduledoperations") >= 1


def test_the_page_opens_from_a_file_and_in_a_second_tab(
    browser: "Browser", page: Page, tmp_path: Path
) -> None:
    file = tmp_path / "open.html"
    file.write_text(f'<meta http-equiv="refresh" content="0; url={page.address}">')
    context = browser.new_context()
    first = context.new_page()
    first.goto(file.as_uri())
    first.get_by_label("Choose a workbook").wait_for()
    assert first.url == f"{page.origin}/"
    second = context.new_page()
    second.goto(f"{page.origin}/jobs")
    second.get_by_role("heading", name="History").wait_for()
    context.close()


def test_rows_come_as_they_come_into_view(tab: "Tab", tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Users"
    sheet.append(["command", "groupId", "user.userId"])
    for number in range(400):
        sheet.append(["AddUsr", "Dallas", f"person{number}@example.com"])
    book.save(tmp_path / "many.xlsx")
    tab.get_by_label("Choose a workbook").set_input_files(tmp_path / "many.xlsx")
    tab.get_by_role("button", name="Check", exact=True).click()
    tab.get_by_label("Users!A2", exact=True).wait_for()
    assert tab.get_by_label("Users!A300", exact=True).count() == 0
    for _ in range(20):
        tab.locator(".grid").evaluate("grid => grid.scrollTop = grid.scrollHeight")
        if tab.get_by_label("Users!A300", exact=True).count():
            break
        tab.wait_for_timeout(300)
    tab.get_by_label("Users!A300", exact=True).select_option("AddUser")
    tab.get_by_role("button", name="Save and check again").click()
    tab.get_by_text("1 cell corrected").wait_for()


def test_the_keyboard_alone_is_enough(tab: "Tab") -> None:
    def go(name: str) -> None:
        """Tabs until the control of that name has the focus."""
        for _ in range(80):
            tab.keyboard.press("Tab")
            found = tab.evaluate(
                "() => { const e = document.activeElement; return e.labels?.[0]?.innerText || e.innerText || '' }"
            )
            if name in found:
                return
        raise AssertionError(f"{name} is not reached by the keyboard")

    upload(tab, "new-branch-office.xlsx")
    go("Plan")
    tab.keyboard.press("Enter")
    tab.get_by_role("heading", name="Plan", exact=True).wait_for()
    go("enterprise")
    tab.keyboard.type("sandbox")
    go("Load")
    tab.keyboard.press("Enter")
    tab.get_by_role("link", name="Report").wait_for()
    assert tab.get_by_text("55 succeeded").count()
    go("Report")


@pytest.mark.parametrize(
    ("faults", "answer"),
    [
        (("scheduleOperation 1 drop-after",), "It has a scheduled run"),
        (("scheduleOperation 1 drop-before", "deleteOperation 1-2 status:404"), "It certainly has none"),
    ],
)
def test_an_undecided_load_is_settled(
    browser: "Browser", tmp_path: Path, faults: tuple[str, ...], answer: str
) -> None:
    with serve_in_thread(SandboxSettings(faults=faults)) as sandbox:
        rows = "| command | groupId | user.userId |\n| AddUser | Dallas | john.doe@example.com |"
        book = write_workbook(tmp_path / "one.xlsx", {"Users": rows})
        with running(env=environment_of(sandbox, tmp_path)) as page, _opened(browser, page) as tab:
            tab.get_by_label("Choose a workbook").set_input_files(book)
            tab.get_by_role("button", name="Check", exact=True).click()
            tab.get_by_role("link", name="Plan", exact=True).click()
            tab.get_by_label("enterprise").fill(sandbox.enterprise_id)
            tab.get_by_role("button", name="Load", exact=True).click()
            tab.get_by_role("link", name="Settle").wait_for()
            lines = tab.locator("#live dl dt").all_inner_texts()
            assert lines == ["What we know", "So", "Danger", "Evidence", "To decide"]
            assert tab.get_by_text("loading the workbook again now may provision every row twice").count()
            operation = tab.locator("#live tbody td").all_inner_texts()
            assert operation[:2] == ["1", "1"]
            assert operation[2].startswith("undecided: wh")
            assert "xlsx2opeasy resume" not in tab.inner_text("main")
            tab.get_by_role("link", name="Settle").click()
            tab.get_by_role("button", name="Settle").click()
            tab.get_by_text("Nothing was settled").wait_for()
            tab.get_by_label(answer).check()
            for run_id in sandbox.app.state.rooms.store._scheduled:
                tab.get_by_label("Id of the run").fill(run_id)
            tab.get_by_role("button", name="Settle").click()
            tab.get_by_text("1 succeeded").wait_for()
        assert len(sandbox.truth.applied) == 1


def begin(tab: "Tab", book: Path, enterprise: str) -> None:
    """Begins a load, and waits until its page is there and the server works on it."""
    tab.get_by_label("Choose a workbook").set_input_files(book)
    tab.get_by_role("button", name="Check", exact=True).click()
    tab.get_by_role("link", name="Plan", exact=True).click()
    tab.get_by_label("enterprise").fill(enterprise)
    tab.get_by_role("button", name="Load", exact=True).click()
    tab.wait_for_url("**/jobs/*")
    tab.get_by_text("at the server").first.wait_for()


def environment_of(sandbox: RunningSandbox, home: Path) -> dict[str, str]:
    return {
        **HOME_ALONE,
        "XLSX2OPEASY_HOME": str(home),
        "OPEASY_URL": sandbox.url,
        "OPEASY_ENTERPRISE_ID": sandbox.enterprise_id,
        "OPEASY_API_KEY": sandbox.api_key,
    }


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_the_page_of_a_load_says_that_the_program_has_ended(
    browser: "Browser", tmp_path: Path, end: signal.Signals
) -> None:
    with (
        serve_in_thread(SandboxSettings(processing_seconds=600)) as sandbox,
        running(env=environment_of(sandbox, tmp_path)) as page,
        _opened(browser, page) as tab,
    ):
        begin(tab, EXAMPLES / "leavers.xlsx", sandbox.enterprise_id)
        shown = tab.url
        page.process.send_signal(end)
        page.process.wait(60)
        tab.get_by_text("start the program again").wait_for()
        tab.wait_for_timeout(5000)
        assert tab.url == shown
        assert tab.get_by_role("alert").inner_text().startswith("The program has ended")
        assert tab.get_by_role("button", name="Stop").is_disabled()
        assert not tab.get_by_text("running", exact=True).is_visible()
        assert not tab.get_by_text("may be closed meanwhile").is_visible()


def test_a_stream_that_comes_again_takes_back_that_the_program_has_ended(
    browser: "Browser", tmp_path: Path
) -> None:
    with (
        serve_in_thread(SandboxSettings(processing_seconds=600)) as sandbox,
        running(env=environment_of(sandbox, tmp_path)) as page,
        _opened(browser, page) as tab,
    ):
        begin(tab, EXAMPLES / "leavers.xlsx", sandbox.enterprise_id)
        tab.route("**/live", lambda route: route.abort())
        tab.reload()
        tab.get_by_text("start the program again").wait_for()
        assert tab.get_by_role("button", name="Stop").is_disabled()
        tab.unroute("**/live")
        tab.get_by_text("start the program again").wait_for(state="detached")
        assert tab.get_by_text("running", exact=True).is_visible()
        tab.get_by_role("button", name="Stop").click()
        tab.get_by_role("button", name="Resume").wait_for()


def test_a_load_says_that_its_server_is_away_and_ends_when_it_is_back(
    browser: "Browser", tmp_path: Path
) -> None:
    with ForeignServer(Settings(polls_processing=1000)) as server, Relay(server.url) as relay:
        env = {
            **HOME_ALONE,
            "XLSX2OPEASY_HOME": str(tmp_path),
            "OPEASY_URL": relay.url,
            "OPEASY_ENTERPRISE_ID": server.settings.enterprise_id,
            "OPEASY_API_KEY": server.settings.api_key,
        }
        with running(env=env) as page, _opened(browser, page) as tab:
            begin(tab, EXAMPLES / "leavers.xlsx", server.settings.enterprise_id)
            relay.close()
            away = tab.get_by_text(
                re.compile(r"Cannot reach 127\.0\.0\.1: .+; trying again for another \d+ s")
            )
            away.wait_for()
            assert "/v1/" not in tab.inner_text("main")
            assert tab.get_by_text("running", exact=True).is_visible()
            assert tab.get_by_role("button", name="Stop").is_enabled()
            server.settings.polls_processing = 0
            relay.open()
            tab.get_by_role("link", name="Report").wait_for()
            assert "succeeded" in tab.locator("#live").inner_text()
            assert not away.count()
        assert server.calls("POST", "/v1/scheduledoperations") == 1


@pytest.fixture(scope="module")
def screens(browser: "Browser", page: Page) -> "Iterator[tuple[list[str], Tab]]":
    """The addresses of all kinds of screens, and a tab that may look at them, with scripts of others."""
    with _opened(browser, page, bypass_csp=True) as tab:
        upload(tab, "typical-mistakes.xlsx")
        problems = tab.url
        upload(tab, "leavers.xlsx")
        plan = f"{tab.url}/plan"
        tab.get_by_role("button", name="Rehearse").click()
        tab.get_by_role("link", name="Report").wait_for()
        rehearsed = tab.url
        staged = f"{plan}?canary=1&stop_after=1"
        around = [f"{page.origin}{path}" for path in ("/", "/jobs", "/new", "/connection", "/runs/none")]
        mapping = f"{problems}/mapping"
        yield [problems, f"{problems}?show=warnings", plan, staged, rehearsed, mapping, *around], tab


def test_axe_finds_nothing_serious_on_any_screen(screens: "tuple[list[str], Tab]") -> None:
    axe = Path(os.environ.get("AXE_CORE", ""))
    if not axe.is_file():
        missing("AXE_CORE does not name axe-core's script (npm: axe-core, axe.min.js).")
    addresses, tab = screens
    found: list[Any] = []
    for address in addresses:
        tab.goto(address)
        tab.evaluate(axe.read_text(encoding="utf-8"))
        for scheme in ("light", "dark"):
            tab.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            found += [
                (address, scheme, each["id"], each["nodes"][0]["html"])
                for each in tab.evaluate("axe.run()")["violations"]
                if each["impact"] in ("serious", "critical")
            ]
    assert not found


def test_no_screen_is_wider_than_the_window(screens: "tuple[list[str], Tab]") -> None:
    addresses, tab = screens
    for address in addresses:
        tab.goto(address)
        for width in (360, 1280, 3840):
            tab.set_viewport_size({"width": width, "height": 800})
            assert tab.evaluate("document.documentElement.scrollWidth") <= width, (address, width)
