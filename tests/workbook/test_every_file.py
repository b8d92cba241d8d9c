"""Every kind of workbook that the program writes, for every example, before all judges at once.

The Open XML SDK's validator, our own lint for what it misses, LibreOffice and calamine reading the same values,
and all untouched parts byte for byte. What is wrong in a user's own file already is not ours.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner
from openpyxl.utils.cell import range_boundaries

from compared import Grid, changed_entries, differences, sheets, without
from judges import all_open_xml_errors, open_xml_errors, sheets_by_libreoffice
from webex.items import TOKEN
from xlsx2opeasy.cli.main import cli
from xlsx2opeasy.errors import Xlsx2OpeasyError
from xlsx2opeasy.sandbox.serve import RunningSandbox, serve_in_thread
from xlsx2opeasy.sandbox.settings import SandboxSettings
from xlsx2opeasy.sandbox.webex import SimulatedWebex, WebexSettings
from xlsx2opeasy.spec.catalogue import TASK_TYPES
from xlsx2opeasy.spec.outcomes import RESULT_COLUMNS
from xlsx_lint import lint

EXAMPLES = Path(__file__).parents[2] / "example_workbooks"
KEY = "canary-api-key"
STEMS = ("leavers", "migrationusers", "newbranchoffice", "typicalmistakes")
SHORT = 100
FIRST_COMMANDS = dict.fromkeys(next(iter(task_type.command_names)) for task_type in TASK_TYPES)
MAY_CHANGE = {"xl/styles.xml", "[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"}


@dataclass
class Files:
    """What was written: files of our own, and copies of somebody's with the files that they are copies of."""

    own: list[Path] = field(default_factory=list)
    copies: dict[Path, Path] = field(default_factory=dict)

    @property
    def every(self) -> list[Path]:
        return list(dict.fromkeys((*self.own, *self.copies, *self.copies.values())))


@dataclass
class Writer:
    """Runs the command in this process (its door is tested elsewhere), against a sandbox."""

    folder: Path
    environment: dict[str, str]
    files: Files = field(default_factory=Files)

    def run(self, *arguments: object, codes: tuple[int, ...] = (0,)) -> str:
        done = CliRunner().invoke(cli, [*map(str, arguments)], env=self.environment)
        error = done.exception
        code = error.exit_code if isinstance(error, Xlsx2OpeasyError) else done.exit_code
        assert code in codes, (arguments, error, done.stderr)
        return done.stdout

    def own(self, name: str, *arguments: object) -> None:
        """Runs a command, whose arguments get the file's place at their end."""
        path = self.folder / f"{name}.xlsx"
        self.run(*arguments, path)
        self.files.own.append(path)

    def templates(self) -> None:
        for name in FIRST_COMMANDS:
            self.own(name, "template", "--command", name)

    def of_example(self, example: Path) -> None:
        """Marked and loaded; the short ones loaded again, undone, and their tasks as workbooks too."""
        stem = "".join(filter(str.isalpha, example.stem))
        source, results = self.folder / f"{stem}.xlsx", self.folder / f"{stem}results.xlsx"
        source.write_bytes(example.read_bytes())
        copies = self.files.copies
        marked = self.folder / f"{stem}marked.xlsx"
        self.run("check", source, "--annotate", marked, codes=(0, 3))
        loaded = self.load(source, "--output", results)
        copies |= {marked: source, results: source}
        if loaded["rows"]["total"] > SHORT:
            return
        again = self.folder / f"{stem}again.xlsx"
        self.load(results, "--output", again, "--all")
        copies[again] = results
        self.own(f"{stem}undo", "undo", loaded["job"], "--output")
        self.own(f"{stem}operation", "operations", "tasks", loaded["operations"][-1], "--output")
        self.run("convert", results, "--output", self.folder / stem, codes=(0, 3))
        if chunks := sorted((self.folder / stem).glob("operation-*.json")):
            self.own(f"{stem}imported", "import", *chunks, "--output")

    def load(self, *arguments: object) -> dict[str, Any]:
        options = ("--yes", "--keep", "--skip-invalid", "--json", "--poll-interval", "0.05")
        found: dict[str, Any] = json.loads(self.run("load", *arguments, *options, codes=(0, 1)))
        return found


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    webex = SimulatedWebex(WebexSettings())
    with serve_in_thread(SandboxSettings(api_key=KEY), extra_routes=webex.routes()) as running:
        yield running


@pytest.fixture(scope="module")
def files(sandbox: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("files")
    environment = {
        "XLSX2OPEASY_HOME": str(folder / "home"),
        "OPEASY_URL": sandbox.url,
        "OPEASY_ENTERPRISE_ID": sandbox.enterprise_id,
        "OPEASY_API_KEY": KEY,
        "WEBEX_URL": f"{sandbox.url}/v1",
        "WEBEX_ACCESS_TOKEN": TOKEN,
    }
    writer = Writer(folder, environment)
    writer.templates()
    for example in sorted(EXAMPLES.glob("*.xlsx")):
        writer.of_example(example)
    writer.own("webexjobs", "webex", "jobs", "--output")
    return writer.files


def test_all_kinds_were_written(files: Files) -> None:
    """But blank ones for whole task types: template/test_judges.py."""
    names = [path.stem for path in files.every]
    kinds = Counter(name.removeprefix(stem) for name in names for stem in STEMS if name.startswith(stem))
    assert kinds == {"": 4, "marked": 4, "results": 4, "again": 3, "undo": 3, "operation": 3, "imported": 2}
    assert len(files.own) == len(FIRST_COMMANDS) + 3 + 3 + 2 + 1


def test_the_open_xml_sdk_finds_nothing_of_ours(files: Files) -> None:
    errors = all_open_xml_errors([*files.own, *files.copies])
    for path, found in errors.items():
        allowed = open_xml_errors(files.copies[path]) if found and path in files.copies else []
        assert set(found) <= set(allowed), path.name


def test_our_own_lint_finds_nothing(files: Files) -> None:
    assert {path.name: found for path in files.every if (found := lint(path))} == {}


def test_all_other_parts_are_byte_for_byte_what_they_were(files: Files) -> None:
    for copy, source in files.copies.items():
        changed = changed_entries(source, copy)
        sheets = {
            name for name in changed if name.startswith(("xl/worksheets/", "xl/comments", "xl/drawings/"))
        }
        allowed = MAY_CHANGE if "marked" in copy.name else {"xl/styles.xml"}
        assert changed - sheets <= allowed, copy.name


def test_libreoffice_and_calamine_read_the_same_values(files: Files, tmp_path: Path) -> None:
    shown = sheets_by_libreoffice(files.every, tmp_path)
    for copy, source in files.copies.items():
        assert differences(sheets(source), sheets(copy)) == [], copy.name
        assert differences(shown[source], shown[copy]) == [], copy.name
    for path in files.own:
        read = sheets(path)
        assert shown[path].keys() == read.keys(), path.name
        if path.stem != "webexjobs":  # its dates and numbers have formats
            for title, grid in read.items():
                assert without(shown[path][title], ()) == without(_whole(grid), ()), (path.name, title)


def _whole(grid: Grid) -> Grid:
    """The values with numbers as they are shown."""
    return [[int(each) if isinstance(each, float) else each for each in row] for row in grid]


def test_results_stand_in_columns_that_the_sheet_filter_of_our_own_forms_reaches(files: Files) -> None:
    for path in files.own:
        book = openpyxl.load_workbook(path)
        for sheet in book.worksheets:
            headers = [cell.value for cell in sheet[1]]
            if RESULT_COLUMNS[0] in headers:
                _, _, right, _ = range_boundaries(sheet.auto_filter.ref)
                assert headers.index(RESULT_COLUMNS[-1]) < right == len(headers), (path.name, sheet.title)
