"""The report in a real browser: everything hostile stays text, rows can be found, many rows open."""

import base64
import hashlib
import html
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from installed import run
from workbooks import write_workbook
from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.load.job.facts import read_facts
from xlsx2opeasy.load.job.home import Home
from xlsx2opeasy.operating_system import state_folder
from xlsx2opeasy.report.data import Row, report_data
from xlsx2opeasy.report.write import rendered, write_report

from .browser import dom

EVIL = "</script><script>document.title='pwned'</script><img src=x onerror=document.title='pwned'>"
SECRET = "Canary-Passw0rd1"


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The report of a workbook with script in every cell, and the home of its job: loaded once for all."""
    tmp_path, home = tmp_path_factory.mktemp("hostile"), tmp_path_factory.mktemp("home")
    table = f"""
| command | groupId | user.userId | user.lastName | user.firstName | user.userPassword | #{EVIL} |
| AddUser | {EVIL} | john.doe@example.com | {EVIL} | {EVIL} | {SECRET} | {EVIL} |
| {EVIL} | {EVIL} | {EVIL} | {EVIL} | {EVIL} | {SECRET} | {EVIL} |
| DeleteUser | | nobody.there@example.com | | | | |
"""
    path = write_workbook(tmp_path / "hostile<b>&.xlsx", {"Users": table})
    env = {"XLSX2OPEASY_HOME": str(home)}
    done = run("load", path, "--sandbox", "--skip-invalid", "--report", env=env)
    (report,) = tmp_path.glob("*.report.html")
    assert str(report) in done.stderr
    return report, home


@pytest.fixture
def hostile(loaded: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """That report, with its job in this test's home."""
    monkeypatch.setenv("XLSX2OPEASY_HOME", str(loaded[1]))
    return loaded[0]


def test_a_hostile_workbook_stays_text_in_the_browser(hostile: Path, tmp_path: Path) -> None:
    page = dom(hostile, tmp_path)
    assert "pwned" not in re.search(r"<title>(.*?)</title>", page)[1]
    assert "<img" not in page
    assert len(re.findall("<script", page)) == 2, "the data and the page's own"
    body = re.search(r'<tbody id="rows">(.*?)</tbody>', page, re.DOTALL)[1]
    assert body.count("<tr>") == 3
    assert "INVALID" in body
    assert "&lt;/script&gt;" in body
    assert SECRET not in hostile.read_text()


def test_the_policy_lets_nothing_in(hostile: Path) -> None:
    page = hostile.read_text()
    policy = html.unescape(re.search(r'Content-Security-Policy" content="(.*?)"', page)[1])
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert not re.search(r"""\s(?:src|href|action|style|on\w+)\s*=\s*["']""", page.split("<script")[0])
    assert not re.search(r"https?://(?!www\.w3\.org)", page.replace("http://127.0.0.1", ""))


def test_failures_are_grouped_with_their_remedy_and_changed_parts_are_named(hostile: Path) -> None:
    page = hostile.read_text()
    assert "User does not exist." in page
    assert "Check the user ID; add the user first" in page
    assert "<code>xl/worksheets/sheet1.xml</code>" in page
    assert "A rehearsal." in page
    assert "The check refused the row: correct it in your workbook and rehearse again." in page
    assert "load the results workbook" not in page


def driven(page: str, script: str) -> str:
    """The page with one more script, which the policy then allows: what a person's hands would do."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    allowed = page.replace("script-src ", f"script-src &#39;sha256-{digest}&#39; ", 1)
    return allowed.replace("</body>", f"<script>{script}</script></body>")


@pytest.mark.parametrize(
    ("script", "first", "shown"),
    [
        (
            "byId('search').value='row 77777 ';byId('search').dispatchEvent(new Event('input'))",
            "77777",
            "1 of",
        ),
        ("byId('kind').value='FAILED';byId('kind').dispatchEvent(new Event('change'))", "2", "50,000 of"),
        (
            "const b=document.querySelectorAll('#table th button')[1];b.click();b.click()",
            "100001",
            "100,000 of",
        ),
        ("byId('after').click()", "202", "page 2 of 500"),
        ("document.querySelector('.show').click()", "2", "50,000 of"),
    ],
    ids=["search", "filter", "sort", "page", "group"],
)
def test_a_hundred_thousand_rows_open_and_can_be_found(
    hostile: Path, tmp_path: Path, script: str, first: str, shown: str
) -> None:
    (folder,) = Home(state_folder()).jobs()
    data = report_data(folder)
    kinds = ("FAILED", "101"), ("SUCCESS", "")
    rows = [Row("Users", row, *kinds[row % 2], f"detail of row {row} here") for row in range(2, 100_002)]
    failures = [replace(data.failures[0], kind="FAILED", code="101", count=50_000)]
    counts = {"SUCCESS": 50_000, "FAILED": 50_000}
    page = tmp_path / "many.html"
    text = rendered(replace(data, rows=rows, counts=counts, failures=failures))
    page.write_text(driven(text, script), encoding="utf-8")
    found = dom(page, tmp_path)
    body = re.search(r'<tbody id="rows">(.*?)</tbody>', found, re.DOTALL)[1]
    assert body.count("<tr>") <= 200
    assert f'<td class="number">{first}</td>' in body.split("</tr>")[0]
    assert shown in re.search(r'id="shown"[^>]*>(.*?)</p>', found)[1]


def test_the_embedded_rows_are_json_without_a_tag(hostile: Path) -> None:
    embedded = re.search(r'id="data">(.*?)</script>', hostile.read_text(), re.DOTALL)[1]
    assert not set("<>&\u2028\u2029") & set(embedded)
    assert len(json.loads(embedded)["rows"]) == 3


def test_the_command_writes_a_free_name_and_never_over_a_file(hostile: Path, tmp_path: Path) -> None:
    (folder,) = Home(state_folder()).jobs()
    done = run("report", folder.job_id)
    assert done.returncode == 0
    assert Path(done.stdout.strip()) != hostile
    assert Path(done.stdout.strip()).exists()
    refused = run("report", folder.job_id, "--output", hostile)
    assert refused.returncode == 7
    assert "exists and is not replaced" in refused.stderr
    assert "add --force" in refused.stderr
    again = tmp_path / "again.html"
    again.write_text("old")
    assert run("report", folder.job_id, "--output", again, "--force").returncode == 0
    assert "old" not in again.read_text(encoding="utf-8")[:10]
    workbook = Path(read_facts(folder).workbook)
    with pytest.raises(WorkbookUnusable, match="is what this command reads"):
        write_report(folder, workbook, replace=True)
    assert run("report", "L20261122-none").returncode == 2
    assert write_report(folder, tmp_path / "other.html") == tmp_path / "other.html"
