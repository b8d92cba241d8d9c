"""The walk from an uploaded workbook to its results, by plain forms and links: no script is needed."""

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from installed import run
from web.page import EXAMPLES, Page, Visitor, running
from workbooks import write_workbook


@pytest.fixture(scope="module")
def home_of_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("page-home")


@pytest.fixture(scope="module")
def page(home_of_page: Path) -> Iterator[Page]:
    env = {"XLSX2OPEASY_HOME": str(home_of_page), "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    with running("--sandbox", env=env) as started:
        yield started


@pytest.fixture
def visitor(page: Page, monkeypatch: pytest.MonkeyPatch, home_of_page: Path) -> Visitor:
    monkeypatch.setenv("XLSX2OPEASY_HOME", str(home_of_page))
    return page.client()


def test_a_workbook_is_rehearsed_loaded_and_undone(visitor: Visitor) -> None:
    assert "?token" not in str(visitor.answer.url)
    visitor.upload(EXAMPLES / "new-branch-office.xlsx")
    assert "55 rows, 55 valid, no errors" in visitor.text
    visitor.press("Rehearse").wait()
    assert "55 succeeded" in visitor.text
    assert re.fullmatch(r"/jobs/R[0-9]{8}-[a-z0-9]{4}", visitor.path)
    visitor.click("Back to the plan")
    assert "enterprise" in visitor.text
    wrong = Visitor.press(visitor, "Load", {"enterprise": "acme"})
    assert wrong.answer.status_code == 422
    assert "not the enterprise's name" in wrong.text
    address, fields = visitor.form("Load")
    fields["enterprise"] = "sandbox"
    first = visitor.http.post(address, data=fields, follow_redirects=False)
    second = visitor.http.post(address, data=fields, follow_redirects=False)
    assert first.headers["location"] == second.headers["location"]
    visitor.go(first.headers["location"]).wait()
    assert "55 succeeded" in visitor.text
    job = visitor.path.rpartition("/")[2]
    listed = json.loads(run("jobs", "--json").stdout)["items"]
    assert [each["id"] for each in listed if each["id"] == job] == [job]
    assert len([each for each in listed if not each["rehearsal"]]) == 1
    results = visitor.http.get(f"{visitor.origin}/jobs/{job}/results")
    assert 'filename="new-branch-office.results.xlsx"' in results.headers["content-disposition"]
    sheet = openpyxl.load_workbook(io.BytesIO(results.content))["Users"]
    assert "SUCCESS" in {cell.value for cell in sheet[2]}
    report = visitor.http.get(f"{visitor.origin}/jobs/{job}/report")
    assert "<style>" in report.text
    assert "sha256-" in report.headers["content-security-policy"]
    assert "<script>" not in report.text
    again = visitor.http.get(f"{visitor.origin}/jobs")
    assert job in again.text
    visitor.press("Undo")
    assert "new-branch-office.undo.xlsx" in visitor.text
    visitor.click("Plan")
    assert re.search(r"\d+ deletions", visitor.text)
    visitor.press("Load", {"enterprise": "sandbox"}).wait()
    assert "succeeded" in visitor.text


def test_the_plan_of_a_loaded_workbook_begins_with_its_refusal(visitor: Visitor, tmp_path: Path) -> None:
    rows = "| command | groupId | user.userId |\n| AddUser | Dallas | loaded.twice@example.com |"
    book = write_workbook(tmp_path / "twice.xlsx", {"Users": rows})
    visitor.upload(book).click("Plan").press("Load", {"enterprise": "sandbox"}).wait()
    job = visitor.path.rpartition("/")[2]
    visitor.upload(book).click("Plan")
    first = visitor.text.index("Plan The same tasks were loaded by job")
    assert first < visitor.text.index("Nothing would be sent now. The workbook has 1 row.")
    assert "to send" not in visitor.text
    assert ">Load<" not in visitor.answer.text
    assert ">Rehearse<" in visitor.answer.text
    assert visitor.click(f"Look at {job}").path == f"/jobs/{job}"


def test_the_plan_shows_the_stages_and_a_rehearsal_keeps_to_them(visitor: Visitor, tmp_path: Path) -> None:
    rows = "".join(f"| AddUser | Dallas | staged{number}@example.com |\n" for number in range(55))
    book = write_workbook(
        tmp_path / "staged.xlsx", {"Users": f"\n| command | groupId | user.userId |\n{rows}"}
    )
    visitor.upload(book).click("Plan")
    visitor.press("Show the stages", {"canary": "2", "stop_after": "5%"})
    assert "canary" in visitor.text
    assert "stage 1" in visitor.text
    _, fields = visitor.form("Load")
    assert (fields["canary"], fields["stop_after"]) == ("2", "5%")
    visitor.press("Rehearse").wait()
    assert "stage 1" in visitor.text
    assert "55 succeeded" in visitor.text


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"canary": "0"}, "'0' is no number of rows that run first"),
        ({"canary": "1.5"}, "'1.5' is no number"),
        ({"stop_after": "101%"}, "'101%' says neither how many rows may fail"),
        ({"ask": "1"}, "there is nothing to ask after"),
    ],
)
def test_stages_that_are_none_are_refused_and_nothing_begins(
    visitor: Visitor, typed: dict[str, str], sentence: str
) -> None:
    visitor.upload(EXAMPLES / "leavers.xlsx").click("Plan")
    plan = str(visitor.answer.url)
    for button in ("Show the stages", "Load"):
        visitor.go(plan).press(button, {**typed, "enterprise": "sandbox"})
        assert visitor.answer.status_code == 422
        assert sentence.casefold() in visitor.text.casefold()
        assert ">Load<" in visitor.answer.text


def test_mistakes_are_corrected_on_the_page(visitor: Visitor) -> None:
    visitor.upload(EXAMPLES / "typical-mistakes.xlsx")
    assert re.search(r"\d+ errors", visitor.text)
    assert "Users!A3" in visitor.text
    assert ">Rehearse<" not in visitor.answer.text
    _, fields = visitor.form("Save and check again")
    assert fields["cell:Users!A3"] == "AddUsr"
    visitor.press("Save and check again", {"cell:Users!A3": "AddUser"})
    assert "1 cell corrected" in visitor.text
    assert "Users!A3" not in visitor.text
    corrected = visitor.http.get(str(visitor.answer.url).split("?")[0] + "/corrected")
    book = openpyxl.load_workbook(io.BytesIO(corrected.content))
    assert book["Users"]["A3"].value == "AddUser"
    marked = visitor.http.get(str(visitor.answer.url).split("?")[0] + "/marked")
    assert "Problems" in " ".join(openpyxl.load_workbook(io.BytesIO(marked.content)).sheetnames)
    stale = visitor.http.post(
        str(visitor.answer.url).split("?")[0] + "/corrections",
        data={"revision": "0", "cell:Users!A3": "DeleteUser"},
    )
    assert stale.status_code == 422
    assert "another tab" in stale.text


CORRECTED = {
    "Users!A3": "AddUser",
    "Users!B4": "Fort Worth",
    "Users!C5": "new.person@example.com",
    "Users!C6": "jo.evans@example.com",
    "Users!C7": "glenn.foster@example.com",
    "Users!D8": "Vandenbroeck",
    "Users!H9": "Activate",
    "Users!J12": "8175550162",
    "Users!J13": "8175550163",
    "Users!I14": "0162",
    "Users!F16": "Support",
    "Users!L17": "TRUE",
    "Users!N19": "FTW-0167",
    "Users!O20": "02005E000068",
    "Users!O21": "02005E000069",
    "Users!C23": "nora.tucker2@example.com",
    "CallCenterAgent!C3": "sales.cc@example.com",
    "CallCenterAgent!D4": "5",
    "CallCenterAgent!D5": "",
    "CallRecording!C2": "Always",
    "CallRecording!D3": "30",
    "CallForwarding!B3": "walter.adams@example.com",
    "CallForwarding!E4": "4",
    "PhoneNumbers!C3": "817-555-0180 - 817-555-0189",
    "PhoneNumbers!B4": "Fort Worth",
    "PhoneNumbers!B5": "Fort Worth",
}
"""What a person types beside each of the typical mistakes."""


def test_every_typical_mistake_can_be_corrected_and_the_workbook_loaded(visitor: Visitor) -> None:
    visitor.upload(EXAMPLES / "typical-mistakes.xlsx")
    assert "or allow the rule" not in visitor.text
    _, fields = visitor.form("Save and check again")
    assert {name.removeprefix("cell:") for name in fields if name.startswith("cell:")} == set(CORRECTED)
    visitor.press("Save and check again", {f"cell:{cell}": text for cell, text in CORRECTED.items()})
    assert "26 cells corrected" in visitor.text
    assert "37 rows, 37 valid, no errors" in visitor.text
    visitor.click("Plan").press("Load", {"enterprise": "sandbox"}).wait()
    results = visitor.http.get(f"{visitor.answer.url}/results")
    book = openpyxl.load_workbook(io.BytesIO(results.content))
    said = [cell.value for sheet in book for row in sheet.iter_rows(min_row=2) for cell in row]
    assert said.count("SUCCESS") + said.count("FAILED") == 37


def test_secrets_and_markup_of_a_workbook_do_not_show(visitor: Visitor, tmp_path: Path) -> None:
    book = write_workbook(
        tmp_path / "a<b>&c.xlsx",
        {
            "Users": """
| command | groupId | user.userId | user.userPassword | user.extension |
| AddUser | <script>alert(1)</script> | a"b<i>@example.com | hunter2-hunter2-hunter2-hunter2-hunter2-hunter2-hunter2-hunter2-hunter2-x | <b>x</b> |
"""
        },
    )
    visitor.upload(book)
    assert "hunter2" not in visitor.answer.text
    for tag in ("<script>alert", "<i>", "<b>x", "a<b>"):
        assert tag not in visitor.answer.text
    secret = re.search(r'<input type="password"[^>]*cell:Users!D2[^>]*>', visitor.answer.text)
    if secret is not None:
        assert "value=" not in secret[0]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000),
        ("list.csv", b"command,groupId\nAddUser,Dallas\n"),
        ("picture.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 100),
        ("empty.xlsx", b""),
        ("broken.xlsx", b"PK\x03\x04 and no more"),
    ],
)
def test_what_cannot_be_read_gets_its_sentence(
    visitor: Visitor, home_of_page: Path, tmp_path: Path, name: str, content: bytes
) -> None:
    before = set((home_of_page / "web").glob("*"))
    path = tmp_path / name
    path.write_bytes(content)
    visitor.upload(path)
    assert 400 <= visitor.answer.status_code < 500
    assert name in visitor.text
    assert "Rehearse" not in visitor.text
    assert set((home_of_page / "web").glob("*")) == before


def test_the_password_of_a_workbook_is_asked_for_three_times_at_most(
    visitor: Visitor, home_of_page: Path, tmp_path: Path
) -> None:
    from msoffcrypto.format.ooxml import OOXMLFile

    table = """
| command | groupId | user.userId |
| AddUser | Dallas | sealed.one@example.com |
| AddUser | Dallas | sealed.two@example.com |
"""
    book, sealed = write_workbook(tmp_path / "open.xlsx", {"Users": table}), tmp_path / "sealed.xlsx"
    with book.open("rb") as plain, sealed.open("wb") as target:
        OOXMLFile(plain).encrypt("open-sesame", target)
    visitor.upload(sealed)
    assert "Rehearse" not in visitor.text
    for _ in range(2):
        visitor.press("Open", {"password": "wrong-one"})
        assert "not the password" in visitor.text
        assert "wrong-one" not in visitor.answer.text
    visitor.press("Open", {"password": "wrong-one"})
    assert "protected with another password" in visitor.text
    visitor.upload(sealed).press("Open", {"password": "open-sesame"})
    assert "2 rows, 2 valid" in visitor.text
    upload = visitor.answer.url
    visitor.press("Rehearse").wait()
    assert "2 succeeded" in visitor.text
    results = visitor.http.get(f"{visitor.answer.url}/results")
    assert results.content.startswith(b"\xd0\xcf\x11\xe0")
    visitor.click("Back to the plan").press("Load", {"enterprise": "sandbox"}).wait()
    results = visitor.http.get(f"{visitor.answer.url}/results")
    assert results.content.startswith(b"\xd0\xcf\x11\xe0")
    job = visitor.answer.url
    visitor.go(str(upload))
    for _ in range(3):
        visitor.press("Open", {"password": "wrong-one"})
    assert "protected with another password" in visitor.text
    assert "protected with another password" in visitor.go(str(upload)).text
    assert visitor.http.get(f"{job}/results").content == results.content
    assert b"open-sesame" not in b"".join(
        each.read_bytes() for each in home_of_page.rglob("*") if each.is_file()
    )


def test_a_list_with_headers_of_its_own_is_matched_and_rehearsed(visitor: Visitor, tmp_path: Path) -> None:
    table = """
| Group | E-mail address | First name | Last name | Favourite colour | Door password |
| Dallas | john.doe@example.com | John | Doe | blue | hunter2 |
| Dallas | x@example.com | Jane | Doe | red | hunter3 |
"""
    moves = """
| Mail | Group |
| john.doe@example.com | Austin |
"""
    staff = write_workbook(tmp_path / "staff.xlsx", {"Staff": table, "Moves": moves})
    visitor.upload(staff).click("Match a list's own headers to fields")
    assert "such as john.doe@example.com, x@example.com" in visitor.text
    assert "such as ********" in visitor.text
    assert "hunter" not in visitor.text
    address, fields = visitor.form("Read the list")
    fields |= {"command": "AddUser", "header:Group": "groupId", "header:E-mail address": "user.userId"}
    fields |= {"header:First name": "user.firstName", "header:Last name": "user.lastName"}
    fields |= {"header:Favourite colour": "", "header:Door password": ""}
    twice = visitor.http.post(address, data=fields | {"header:Group": "user.userId"})
    assert twice.status_code == 422
    assert "Two columns" in twice.text
    assert re.search(r'name="header:Group">.*?<option selected>user.userId<', twice.text, re.DOTALL)
    visitor.answer = visitor.http.post(address, data=fields)
    assert "2 rows, 1 valid" in visitor.text
    assert "Staff!B3" in visitor.text
    visitor.press("Save and check again", {"cell:Staff!B3": "jane.doe@example.com"})
    assert "2 rows, 2 valid" in visitor.text
    seen = visitor.form("Rehearse")
    visitor.click("Match a list's own headers to fields").go("?sheet=Moves&type=Users")
    moved = {"command": "ModifyUser", "header:Mail": "user.userId", "header:Group": "groupId"}
    visitor.press("Read the list", moved)
    assert "3 rows, 3 valid" in visitor.text
    refused = visitor.http.post(seen[0], data=seen[1])
    assert "look at the plan as it is now" in refused.text.casefold()
    visitor.click("Match a list's own headers to fields").go("?sheet=Moves")
    visitor.press("Leave this list alone", {"leave": "1"})
    assert "2 rows, 2 valid" in visitor.text
    visitor.press("Rehearse").wait()
    assert "2 succeeded" in visitor.text
    visitor.upload(staff).click("Match a list's own headers to fields")
    assert "matched before" in visitor.text
    _, offered = visitor.form("Read the list")
    assert (offered["command"], offered["header:Group"]) == ("AddUser", "groupId")


def test_a_new_workbook_has_the_chosen_commands_and_columns(visitor: Visitor) -> None:
    assert "essential" in visitor.go("/new").text
    widths = []
    for columns in ("essential", "all"):
        address = f"{visitor.origin}/new/new-workbook.xlsx?command=AddUser&columns={columns}"
        book = openpyxl.load_workbook(io.BytesIO(visitor.http.get(address).content))
        assert "CallForwarding" not in book.sheetnames
        widths.append(book["Users"].max_column)
    assert widths[0] < widths[1]
