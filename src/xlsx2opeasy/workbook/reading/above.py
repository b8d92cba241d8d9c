"""The rows above the headers."""

from collections.abc import Iterator, Mapping

from xlsx2opeasy.problems import Problem, Severity
from xlsx2opeasy.spec.model import TaskType
from xlsx2opeasy.workbook.mapping import SheetMapping
from xlsx2opeasy.workbook.reading.findings import first_shown
from xlsx2opeasy.workbook.reading.headers import Row


def title_rows(
    title: str, rows: Mapping[int, Row], number: int, names: TaskType | SheetMapping
) -> Iterator[Problem]:
    """A warning that names the rows above the headers, where they hold something."""
    above = {each: row for each, row in rows.items() if each < number}
    if above:
        quoted, value = first_shown(next(iter(above.values())), _secret_columns(rows, number, names))
        yield Problem(
            sheet=title,
            rule="title-rows",
            message=f"The headers are in row {number}; the rows above are left alone{quoted}.",
            hint="Delete the rows above, if they are none of yours.",
            row=number,
            value=value,
            severity=Severity.WARNING,
        )


def _secret_columns(rows: Mapping[int, Row], number: int, names: TaskType | SheetMapping) -> set[int]:
    """The columns that a header, or a text above the headers, names as those of a secret."""
    return {
        column
        for each, row in rows.items()
        if each <= number
        for column, text in row.items()
        if (found := names.column(text)) is not None and found.field.secret
    }
