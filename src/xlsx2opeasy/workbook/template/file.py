"""A blank workbook as a file, which never takes the place of another one by accident."""

from collections.abc import Collection
from pathlib import Path

from xlsx2opeasy.durable import write_file
from xlsx2opeasy.errors import UsageError, WorkbookUnusable
from xlsx2opeasy.workbook.template.write import template_bytes


def write_template(
    file: Path, task_types: Collection[str], commands: Collection[str], *, replace: bool, how_to_replace: str
) -> None:
    """Writes a blank workbook with these task types and commands; all where none is named.

    Raises UsageError where the name does not end in `.xlsx`, WorkbookUnusable where the file exists (the hint
    is `how_to_replace`) or cannot be written.
    """
    if file.suffix.lower() != ".xlsx":
        raise UsageError(f"{file} does not end in .xlsx", f"write {file.with_suffix('.xlsx')}")
    if file.exists() and not replace:
        raise WorkbookUnusable(f"{file} exists and is not replaced", how_to_replace)
    content = template_bytes(task_types, commands)
    try:
        write_file(file, content)
    except OSError as error:
        raise WorkbookUnusable(
            f"{file} cannot be written: {error.strerror or error}", "choose another folder"
        ) from error
