"""`make corpus DIR=FOLDER`: writes results into the workbooks of a folder, and lets the judges look at them.

Two ways: results straight onto the first sheet of each, whose XML is as somebody's program made it; and, for
a seeded share (SHARE=0.3, SEED=0), a task sheet added to it, which the installed command loads with
`--sandbox` and annotates. Whatever a judge finds must be in the source already, and everything but the result
cells must be as it was.
"""

import functools
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from python_calamine import CalamineError

import installed
from compared import by_calamine, changed_entries, differences, result_columns, sheets, titles
from corpus.task_sheet import TASKS, with_task_sheet
from judges import all_open_xml_errors, sheets_by_libreoffice
from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.text import cut, visible
from xlsx2opeasy.spec.outcomes import Outcome, RowResult
from xlsx2opeasy.workbook.read import read_workbook
from xlsx2opeasy.workbook.results.write import SheetResults, write_results
from xlsx_lint import lint

HOSTILE = ("a & b <c>\n=1+1", "=HYPERLINK(1)", "\x01\ufffe _x0041_ ", "漢" * 40_000, "+49 89 123", "")


@dataclass
class Case:
    """One workbook and what became of it; `title` is the sheet with results, "" where there are none."""

    source: Path
    target: Path
    title: str
    written: dict[int, RowResult] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)


def onto_its_own_sheet(case: Case, dice: random.Random) -> None:
    """Writes results into rows of the first sheet that it has, and some that it lacks; then again."""
    last = len(by_calamine(case.source, case.title))
    rows = {dice.randint(2, max(last, 1) + 3) for _ in range(8)}
    outcomes = [*Outcome]
    case.written = {
        row: RowResult(dice.choice(outcomes), "101", dice.choice(HOSTILE), "job 7") for row in rows
    }
    done = write_results(case.source, case.target, [SheetResults(case.title, 1, case.written)])
    _held(case, changed_entries(case.source, case.target) <= set(done.changed_parts), "other parts changed")
    again = case.target.with_name(f"again{case.target.name}")
    repeated = write_results(case.target, again, [SheetResults(case.title, 1, case.written)])
    _held(case, again.read_bytes() == case.target.read_bytes(), f"a second time: {repeated.changed_parts}")
    again.unlink()


def loaded(case: Case) -> None:
    """Loads the workbook, whose task sheet is ours, into a sandbox."""
    _run(case, 1, "load", case.source, "--sandbox", "--yes", "--skip-invalid", "--output", case.target)


def marked(case: Case) -> None:
    """Marks a copy of the workbook, whose task sheet is ours."""
    _run(case, 3, "check", case.source, "--annotate", case.target)


def _run(case: Case, code: int, *arguments: object) -> None:
    done = installed.run(*arguments)
    if done.returncode == WorkbookUnusable.exit_code:
        raise WorkbookUnusable(done.stderr.strip())
    _held(case, done.returncode == code, f"{done.returncode}: {done.stderr}")


def _held(case: Case, fact: bool, complaint: str) -> None:
    if not fact:
        case.complaints.append(complaint[:300])


def judged_at_once(case: Case) -> None:
    """The judges that need no other program."""
    if not case.target.exists():
        _held(case, False, "nothing was written")
        return
    grid = by_calamine(case.target, case.title) if case.title else ()
    columns = result_columns(grid, 1) if case.title else {}
    _held(case, len(columns) == 4 * bool(case.title), f"result columns: {columns}")
    for row, result in case.written.items():
        told = [str(grid[row - 1][column]) for column in columns.values()]
        expected = [result.outcome.value, result.code, cut(visible(result.detail)), result.job]
        _held(case, told == expected, f"row {row} says {str(told)[:100]}")
    case.complaints += differences(sheets(case.source), sheets(case.target))
    case.complaints += sorted(lint(case.target) - lint(case.source))[:3]


def judged_by_programs(cases: list[Case], folder: Path) -> None:
    """The Open XML SDK finds nothing new, and LibreOffice reads the same values."""
    cases = [case for case in cases if case.target.exists()]
    errors = all_open_xml_errors([case.target for case in cases])
    errors |= all_open_xml_errors([case.source for case in cases if errors[case.target]])
    sources = sheets_by_libreoffice([case.source for case in cases], folder / "before")
    targets = sheets_by_libreoffice([case.target for case in cases], folder / "after")
    differing = []
    for case in cases:
        case.complaints += sorted(set(errors[case.target]) - set(errors.get(case.source, ())))[:3]
        if differences(sources[case.source], targets[case.target]):
            differing.append(case)
    # Random numbers and the time of day differ each time; whoever formulates over blank columns sees ours.
    again = sheets_by_libreoffice([case.source for case in differing], folder / "again") if differing else {}
    for case in differing:
        if not differences(sources[case.source], again[case.source]):
            found = differences(sources[case.source], targets[case.target])
            case.complaints += [f"LibreOffice: {each}" for each in found]


def cases_of(path: Path, number: int, folder: Path, dice: random.Random, said: Counter[str]) -> list[Case]:
    """The written cases of one workbook; what was refused, and why, is counted."""
    try:
        read_workbook(path)
        own = titles(path)
    except (WorkbookUnusable, CalamineError) as error:
        said[f"not read: {type(error).__name__}"] += 1
        return []
    ways: list[tuple[str, Callable[[Case], None]]] = []
    if own:
        ways.append((own[0], functools.partial(onto_its_own_sheet, dice=dice)))
    if dice.random() < float(os.environ.get("SHARE", "0.3")):
        ways += [(TASKS, loaded), ("", marked)]
    cases = []
    for way, (title, write) in enumerate(ways):
        name = f"{number}x{way}{path.suffix}"
        case = Case(folder / "sources" / name, folder / "targets" / name, title)
        try:
            (with_task_sheet if write in (loaded, marked) else shutil.copyfile)(path, case.source)
            write(case)
            judged_at_once(case)
            cases.append(case)
            said["written"] += 1
        except WorkbookUnusable as error:
            said[f"refused: {error.message[:100]}"] += 1
        except CalamineError as error:
            said[f"calamine: {error}"] += 1
    return cases


def main(folder: Path) -> int:
    """Prints what was refused, and a line for each complaint."""
    dice, said = random.Random(int(os.environ.get("SEED", "0"))), Counter[str]()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        os.environ["XLSX2OPEASY_HOME"] = str(work / "home")
        for each in ("sources", "targets"):
            (work / each).mkdir()
        paths = sorted(path for path in folder.rglob("*.xls[xm]") if path.is_file())
        names: dict[Path, str] = {}
        cases = []
        for number, path in enumerate(paths):
            for case in cases_of(path, number, work, dice, said):
                names[case.source] = path.name
                cases.append(case)
        judged_by_programs(cases, work)
        for case in cases:
            for each in case.complaints:
                print(f"{names[case.source]} ({case.target.stem}): {each}")
    for words, count in sorted(said.items()):
        print(f"{count:6} {words}")
    bad = sum(bool(case.complaints) for case in cases)
    print(f"{len(paths)} workbooks, {len(cases)} written, {bad} with a complaint")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
