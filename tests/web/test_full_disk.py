"""A disk that has no room: a sentence on the page, and nothing is lost."""

import io
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import openpyxl
import pytest

from web.page import EXAMPLES, Page, Visitor, running
from xlsx2opeasy.sandbox.serve import serve_in_thread
from xlsx2opeasy.sandbox.settings import SandboxSettings

ROOM = 3000
"""Bytes of the largest file for which there is room."""


@pytest.fixture(scope="module")
def home_of_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("full-home")


@pytest.fixture(scope="module")
def page(home_of_page: Path) -> Iterator[Page]:
    if not hasattr(resource, "prlimit"):
        pytest.skip("only Linux limits the files of another process")
    env = {"XLSX2OPEASY_HOME": str(home_of_page), "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    with running("--sandbox", env=env) as started:
        yield started


@pytest.fixture
def visitor(page: Page) -> Visitor:
    return page.client()


@contextmanager
def full(page: Page) -> Iterator[None]:
    """The page can write no file of more than `ROOM` bytes while the block runs."""
    before = resource.prlimit(page.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(page.process.pid, resource.RLIMIT_FSIZE, (ROOM, before[1]))
    yield
    resource.prlimit(page.process.pid, resource.RLIMIT_FSIZE, before)


def test_an_upload_says_that_there_is_no_room_and_is_not_kept(
    page: Page, visitor: Visitor, home_of_page: Path
) -> None:
    with full(page):
        visitor.upload(EXAMPLES / "leavers.xlsx")
    assert visitor.answer.status_code == 422
    assert "Free disk space at" in visitor.text
    assert list((home_of_page / "web").iterdir()) == []
    assert "no errors" in visitor.upload(EXAMPLES / "leavers.xlsx").text


def test_corrections_that_could_not_be_saved_are_still_in_their_fields(
    page: Page, visitor: Visitor, tmp_path: Path
) -> None:
    visitor.upload(EXAMPLES / "typical-mistakes.xlsx")
    typed = {"cell:Users!A3": "AddUser", "cell:Users!B4": "Dallas <1>"}
    with full(page):
        visitor.press("Save and check again", typed)
        assert visitor.answer.status_code == 422
        assert "Free disk space at" in visitor.text
        assert "26 errors" in visitor.text
        visitor.http.get(f"{page.origin}{visitor.path.replace('corrections', 'marked')}")
    _, fields = visitor.form("Save and check again")
    assert {name: fields[name] for name in typed} == typed
    assert "cell:Users!C5" not in fields
    visitor.press("Save and check again")
    assert "2 cells corrected" in visitor.text
    saved = tmp_path / "corrected.xlsx"
    saved.write_bytes(visitor.http.get(f"{page.origin}{visitor.path}/corrected").content)
    assert openpyxl.load_workbook(saved)["Users"]["B4"].value == "Dallas <1>"


@pytest.mark.parametrize(("button", "typed"), [("Rehearse", {}), ("Load", {"enterprise": "sandbox"})])
def test_a_load_that_finds_no_room_sends_nothing(
    page: Page, visitor: Visitor, home_of_page: Path, button: str, typed: dict[str, str]
) -> None:
    visitor.upload(EXAMPLES / "new-branch-office.xlsx").click("Plan")
    with full(page):
        visitor.press(button, typed).wait()
    assert "Nothing was sent" in visitor.text
    assert "disk" in visitor.text
    assert "Look at" not in visitor.text
    assert list((home_of_page / "loads").glob("*/job.json")) == []
    assert visitor.click("Back to the plan").press(button, typed).wait().text.count("55 succeeded")
    for left in home_of_page.glob("loads/*/job.json"):
        left.unlink()


def test_downloads_that_find_no_room_say_so_and_leave_nothing(
    page: Page, visitor: Visitor, home_of_page: Path
) -> None:
    visitor.upload(EXAMPLES / "typical-mistakes.xlsx")
    with full(page):
        for address in (f"{visitor.path}/marked", "/new/new-workbook.xlsx"):
            refused = visitor.http.get(f"{page.origin}{address}")
            assert refused.status_code == 422
            assert "ree disk space at" in refused.text
    assert list((home_of_page / "web").rglob("made-*")) == []


def test_a_disk_that_fills_while_a_load_runs_loses_nothing(tmp_path: Path) -> None:
    if not hasattr(resource, "prlimit"):
        pytest.skip("only Linux limits the files of another process")
    with serve_in_thread(SandboxSettings(processing_seconds=4)) as sandbox:
        env = {
            **{
                name: ""
                for each in ("http_proxy", "https_proxy", "all_proxy")
                for name in (each, each.upper())
            },
            "XLSX2OPEASY_HOME": str(tmp_path),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            "OPEASY_URL": sandbox.url,
            "OPEASY_ENTERPRISE_ID": sandbox.enterprise_id,
            "OPEASY_API_KEY": sandbox.api_key,
        }
        with running(env=env) as page:
            visitor = page.client().upload(EXAMPLES / "new-branch-office.xlsx").click("Plan")
            visitor.press("Load", {"enterprise": sandbox.enterprise_id})
            while "at the server" not in visitor.go(str(visitor.answer.url)).text:
                assert 'http-equiv="refresh"' in visitor.answer.text, visitor.text
            with full(page):
                visitor.wait()
                assert "disk" in visitor.text
                assert "succeeded" not in visitor.text.split("Row by row")[0]
            visitor.go(visitor.path).press("Resume").wait()
            assert "55 succeeded" in visitor.text
            results = visitor.http.get(f"{page.origin}{visitor.path}/results")
            assert openpyxl.load_workbook(io.BytesIO(results.content)).sheetnames
        assert len(sandbox.truth.applied) == 55
