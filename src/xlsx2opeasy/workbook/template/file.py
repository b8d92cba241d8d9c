"""A blank workbook, or the filled-in example, as a file that never replaces another one by accident."""

from collections.abc import Callable, Collection
from pathlib import Path

from xlsx2opeasy.durable import write_file
from xlsx2opeasy.errors import UsageError, WorkbookUnusable
from xlsx2opeasy.workbook.template.write import template_bytes

_PACKAGE = Path(__file__).parents[2]
_EXAMPLE = "new-branch-office.xlsx"


def write_template(
    file: Path,
    task_types: Collection[str],
    commands: Collection[str],
    *,
    essential: bool = False,
    replace: bool,
    how_to_replace: str,
) -> None:
    """Writes a blank workbook with these task types and commands; all where none is named.

    With `essential` rarely used columns are left out.
    Raises UsageError where the name does not end in `.xlsx`, WorkbookUnusable where the file exists (the hint
    is `how_to_replace`) or cannot be written.
    """
    _write(
        file,
        lambda: template_bytes(task_types, commands, essential=essential),
        replace=replace,
        how_to_replace=how_to_replace,
    )


def write_example(file: Path, *, replace: bool, how_to_replace: str) -> None:
    """Writes the filled-in workbook of a new branch office, which a rehearsal loads; raises as above."""
    _write(file, _example_bytes, replace=replace, how_to_replace=how_to_replace)


def _example_bytes() -> bytes:
    """The example out of the wheel, or of the checkout."""
    carried = _PACKAGE / "templates" / _EXAMPLE
    return (
        carried if carried.is_file() else _PACKAGE.parents[1] / "example_workbooks" / _EXAMPLE
    ).read_bytes()


def _write(file: Path, content: Callable[[], bytes], *, replace: bool, how_to_replace: str) -> None:
    if file.suffix.lower() != ".xlsx":
        raise UsageError(f"{file} does not end in .xlsx", f"write {file.with_suffix('.xlsx')}")
    if file.exists() and not replace:
        raise WorkbookUnusable(f"{file} exists and is not replaced", how_to_replace)
    try:
        write_file(file, content(), shared=True)
    except OSError as error:
        raise WorkbookUnusable(
            f"{file} cannot be written: {error.strerror or error}", "choose another folder"
        ) from error
