"""The reference documents: freshly made they are what is committed, and they tell of every field and code."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from xlsx2opeasy import errors
from xlsx2opeasy.cli.main import COMMANDS
from xlsx2opeasy.load.results.load_result import EXIT_CODES as EXIT_CODES_OF_ENDS
from xlsx2opeasy.spec.catalogue import TASK_TYPES
from xlsx2opeasy.spec.error_codes import ERROR_CODES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
sys.path.insert(0, str(DOCS))

from exit_codes import EXIT_CODES  # noqa: E402 - a module of the folder that makes the documents


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    subprocess.run([sys.executable, DOCS / "make.py", folder], check=True)
    return folder


def test_what_is_committed_is_what_the_templates_make(made: Path) -> None:
    names = {each.name for each in made.iterdir()}
    assert names == {each.name.removesuffix(".j2") for each in (ROOT / "templates" / "docs").iterdir()}
    for name in names:
        assert (DOCS / name).read_bytes() == (made / name).read_bytes(), "stale: make docs"


def test_every_field_and_command_stands_in_the_reference() -> None:
    lines = (DOCS / "fields.md").read_text(encoding="utf-8").splitlines()
    for task_type in TASK_TYPES:
        for name in task_type.command_names:
            assert any(line.startswith(f"| `{name}` | ") for line in lines)
        for field in task_type.fields:
            mark = " 🔒" if field.secret else ""
            (row, *_) = [line for line in lines if line.startswith(f"| `{field.name}`{mark} | ")]
            assert f"| `{field.example}` |" in row


def test_every_table_has_as_many_cells_in_each_row() -> None:
    for document in DOCS.glob("*.md"):
        width = 0
        for line in document.read_text(encoding="utf-8").splitlines():
            cells = line.replace("\\|", "").count("|")
            assert cells in (0, width) or not width, line
            width = cells


def test_every_error_code_stands_with_its_remedy() -> None:
    text = (DOCS / "error-codes.md").read_text(encoding="utf-8")
    for error in ERROR_CODES.values():
        assert f"| {error.code} | {error.description} | {error.remedy} |" in text


def test_every_command_stands_in_the_reference_with_an_example() -> None:
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    for name in COMMANDS:
        section = text.partition(f"\n## xlsx2opeasy {name}\n")[2]
        assert f"\nxlsx2opeasy {name}" in section, f"{name} has no usage and no example"


def test_every_exit_code_of_an_error_stands_in_the_reference() -> None:
    told = {code for code, _, _ in EXIT_CODES}
    raised = {each.exit_code for each in errors.Xlsx2OpeasyError.__subclasses__()}
    assert raised | set(EXIT_CODES_OF_ENDS.values()) == told


def test_every_link_to_a_file_leads_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *DOCS.glob("*.md")]
    links = [
        (page, link) for page in pages for link in re.findall(r"\]\(([^)#:]+)[)#]", page.read_text("utf-8"))
    ]
    assert len(links) > 20
    assert [f"{page.name}: {link}" for page, link in links if not (page.parent / link).exists()] == []


def test_every_link_to_a_heading_finds_it() -> None:
    pages = [*ROOT.glob("*.md"), *DOCS.glob("*.md")]
    wrong, seen = [], 0
    for page in pages:
        for link, anchor in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", page.read_text("utf-8")):
            seen += 1
            target = page.parent / link if link else page
            if anchor not in _anchors(target.read_text("utf-8")):
                wrong.append(f"{page.name}: {link}#{anchor}")
    assert seen > 20
    assert wrong == []


def _anchors(text: str) -> set[str]:
    """What GitHub calls the headings of a page: small letters, no punctuation, a number where one recurs."""
    bare = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    names: list[str] = []
    for heading in re.findall(r"^#{1,6} +(.+?)\s*$", bare, flags=re.MULTILINE):
        said = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        names.append(re.sub(r"[^\w\- ]", "", said.lower()).replace(" ", "-"))
    again = [
        f"{each}-{names[:place].count(each)}" for place, each in enumerate(names) if each in names[:place]
    ]
    return {*names, *again}
