"""Every command block of README and docs is run as it stands, and prints what it says."""

import re
from pathlib import Path

import pytest

from docs.console import Step, Terminal, new_folder, steps
from xlsx2opeasy.sandbox.serve import serve_in_thread

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
NOT_RUN = "(not run by the tests"
"""The words before a block which only another machine, or a network, can run."""
MOST_NOT_RUN = {
    "README.md": 2,
    "windows.md": 1,
    "releasing.md": 1,
    "operators.md": 6,
    "developers.md": 1,
    "several-machines.md": 2,
}
SHOWN_ONLY = {"python", "diff", "toml", "text"}
"""Languages of blocks that are no commands; the Python of library.md is run by tests/library."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_commands_of_the_page_print_what_it_says(page: Path, tmp_path: Path, home: Path) -> None:
    commands = list(steps(page.read_text(encoding="utf-8")))
    if not commands:
        assert "$ xlsx2opeasy" not in page.read_text(encoding="utf-8"), "a command outside a console block"
        return
    with serve_in_thread() as sandbox:
        terminal = Terminal(new_folder(tmp_path, ROOT / "example_workbooks"), sandbox.url)
        terminal.environment |= {"OPEASY_API_KEY": sandbox.api_key, "XLSX2OPEASY_HOME": str(home)}
        for each in commands:
            terminal.run(each)
    assert terminal.code == 0, "the last command of the page ended otherwise than with 0"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_is_not_run_says_so_and_is_counted(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    count = 0
    for before, language in re.findall(r"((?:[^\n]*\n){4})[ ]*```(\w+)\n", text):
        if language in SHOWN_ONLY or language == "console":
            continue
        said = " ".join(before.split())
        assert NOT_RUN in said, f"the block of {language} after {said!r} does not say that it is not run"
        count += 1
    assert count == MOST_NOT_RUN.get(page.name, 0)


def test_a_page_that_says_otherwise_is_found(tmp_path: Path) -> None:
    terminal = Terminal(new_folder(tmp_path, ROOT / "example_workbooks"), "")
    terminal.run(Step("ls example_workbooks", ("...", "leavers.xlsx", "...", "typical-mistakes.xlsx", "...")))
    with pytest.raises(AssertionError, match="printed"):
        terminal.run(Step("ls example_workbooks", ("leavers.xlsx",)))
    with pytest.raises(AssertionError, match="printed"):
        terminal.run(Step("xlsx2opeasy --version", ("xlsx2opeasy of another age",)))
    terminal.run(Step("xlsx2opeasy check nothing.xlsx", ()))
    with pytest.raises(AssertionError, match="ended with 7"):
        terminal.run(Step("ls", ()))
    terminal.run(Step("echo $?", ("7",)))
