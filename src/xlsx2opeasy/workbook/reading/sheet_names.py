"""Which sheets are task sheets: their names, near misses, two of one name, headers under other names."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from xlsx2opeasy.ooxml.relations import SheetPart
from xlsx2opeasy.problems import Problem, Severity
from xlsx2opeasy.spec.catalogue import BY_NAME, TASK_TYPES, nearest, task_type_of_sheet
from xlsx2opeasy.spec.model import TaskType
from xlsx2opeasy.workbook.mapping import NO_MAPPING, ListMapping, SheetMapping
from xlsx2opeasy.workbook.reading.findings import visible
from xlsx2opeasy.workbook.reading.headers import is_command

_NEAR = 0.8
_FEWEST_HEADERS = 2
_COPY = re.compile(r"\s*(?:\(\d+\)|[_ -]?(?:copy|\d+))\s*$", re.IGNORECASE)


@dataclass(slots=True)
class NamedSheets:
    """The task sheets by title, the titles of the others, and what is wrong with the names."""

    task_sheets: dict[str, tuple[TaskType, SheetMapping | None]] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def enter(self, sheet: SheetPart, task_type: TaskType, mapping: SheetMapping | None) -> None:
        """Count a sheet among the task sheets."""
        self.task_sheets[sheet.title] = task_type, mapping
        if sheet.hidden:
            self.problems.append(_hidden(sheet.title))


def sort_sheets(sheets: tuple[SheetPart, ...], mapping: ListMapping = NO_MAPPING) -> NamedSheets:
    """Sort the worksheets by their names; those of the `mapping` are task sheets whatever their name is.

    Raises UsageError where the workbook lacks a sheet that the mapping names.
    """
    mapping.require_sheets(sheet.title for sheet in sheets)
    named = NamedSheets()
    by_type: dict[str, list[SheetPart]] = defaultdict(list)
    for sheet in sheets:
        if (mapped := mapping.of(sheet.title)) is not None:
            named.enter(sheet, mapped.task_type, mapped)
        elif (task_type := task_type_of_sheet(sheet.title)) is not None:
            by_type[task_type.name].append(sheet)
        else:
            named.others.append(sheet.title)
    for name, same in by_type.items():
        if len(same) > 1:
            named.problems.append(_two_of(name, same))
            continue
        named.enter(same[0], BY_NAME[name], None)
    named.problems += [_near_miss(title, near) for title in named.others if (near := _meant(title))]
    return named


def _meant(title: str) -> str | None:
    """The task type whose sheet this was probably meant to be: "User", "Users (2)", "Users copy"."""
    names = [task_type.name for task_type in TASK_TYPES]
    bare = _COPY.sub("", title)
    exact = task_type_of_sheet(bare)
    return exact.name if exact is not None else nearest(bare, names, _NEAR)


def _near_miss(title: str, near: str) -> Problem:
    return Problem(
        sheet=title,
        rule="sheet-name",
        message=f'The sheet "{visible(title)}" is no task sheet, but its name is nearly "{near}".',
        hint=f'Rename it to "{near}", or to something else if it is none.',
        value=title,
    )


def _two_of(name: str, same: list[SheetPart]) -> Problem:
    titles = " and ".join(f'"{visible(sheet.title)}"' for sheet in same)
    return Problem(
        sheet=same[0].title,
        rule="sheet-twice",
        message=f"The sheets {titles} both mean {name}.",
        hint="Move the rows into one sheet, or rename the other.",
        value=same[1].title,
    )


def _hidden(title: str) -> Problem:
    return Problem(
        sheet=title,
        rule="hidden-sheet",
        message=f'The sheet "{visible(title)}" is hidden; its rows are read.',
        hint="Rename the sheet if it is not to be loaded.",
        severity=Severity.WARNING,
    )


def unread_sheets(
    named: NamedSheets, tops: Mapping[str, list[list[str]]], own: Collection[str]
) -> Iterator[Problem]:
    """A warning for each sheet that is no task sheet, but has a header row of known fields."""
    near = {problem.sheet for problem in named.problems}
    for title in named.others:
        if title in own or title in near:
            continue
        if (task_type := _task_type_of(tops.get(title, []))) is not None:
            yield Problem(
                sheet=title,
                rule="sheet-not-read",
                message=f'The sheet "{visible(title)}" has headers of {task_type.name}, but another name; '
                "its rows are not read.",
                hint=f'Name it "{task_type.name}" if its rows are to be sent.',
                value=title,
                severity=Severity.WARNING,
            )


def _task_type_of(rows: list[list[str]]) -> TaskType | None:
    """The task type whose headers one of the rows has: half of its cells at least, and two of them."""
    best: tuple[int, TaskType] | None = None
    for row in rows:
        texts = [text for text in row if text.strip()]
        for task_type in TASK_TYPES:
            known = sum(is_command(text) or task_type.column(text) is not None for text in texts)
            if known >= _FEWEST_HEADERS and 2 * known >= len(texts) and (best is None or known > best[0]):
                best = known, task_type
    return best[1] if best else None


def no_tasks(named: NamedSheets) -> Problem:
    """The problem of a workbook without a single task row."""
    wanted = ", ".join(task_type.name for task_type in TASK_TYPES)
    if named.task_sheets:
        what, hint = (
            "has no task row: its task sheets are empty",
            "Fill in at least one row below the headers.",
        )
    else:
        listed = ", ".join(f'"{visible(title)}"' for title in named.others[:10]) or "none"
        what, hint = f"has no task sheet; its sheets are {listed}", f"Name its sheets {wanted}."
    return Problem(sheet="", rule="no-tasks", message=f"The workbook {what}.", hint=hint)
