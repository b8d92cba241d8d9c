"""The work of `xlsx2opeasy convert`: the chunk files that a load would send, and nothing sent."""

from pathlib import Path

from xlsx2opeasy.check.checked import Checked, check_workbook
from xlsx2opeasy.cli.checking import problem_lines, summary
from xlsx2opeasy.cli.words import complain, counted, say, say_json, tell
from xlsx2opeasy.errors import InvalidWorkbook, Xlsx2OpeasyError
from xlsx2opeasy.load.plan.task_files import MANIFEST, write_task_files
from xlsx2opeasy.ooxml.limits import limits_for
from xlsx2opeasy.settings import read_limits_and_wire
from xlsx2opeasy.tasks.chunks import manifest
from xlsx2opeasy.tasks.limits import ChunkLimits
from xlsx2opeasy.workbook.read import read_workbook


def convert(
    workbook: Path,
    output: Path,
    profile: str | None,
    sizes: tuple[int | None, int | None],
    *,
    large: bool,
    as_json: bool,
) -> int:
    """Checks, converts and tells; `sizes` are the most tasks and bytes of a file. The exit code."""
    try:
        usual, wire_names = read_limits_and_wire(profile)
        limits = ChunkLimits(sizes[0] or usual.tasks, sizes[1] or usual.bytes)
        had_earlier = (output / MANIFEST).exists()
        checked = _checked(workbook, large=large)
        made = write_task_files(workbook, checked, output, limits, wire_names)
    except Xlsx2OpeasyError as error:
        if as_json:
            say_json(manifest(workbook, "", []) | {"message": error.message})
        complain(error.message, error.hint)
        return error.exit_code
    if had_earlier:
        tell(f"The files of an earlier conversion in {output} were replaced.")
    if as_json:
        say_json(made.manifest)
    else:
        files = counted(len(made.files), "file")
        say(f"{counted(made.tasks, 'task')} in {files}, and {MANIFEST}, in {output}")
    return 0


def _checked(workbook: Path, *, large: bool) -> Checked:
    checked = check_workbook(read_workbook(workbook, limits_for(large=large)))
    if checked.errors:
        for line in problem_lines(checked.problems):
            tell(line)
        raise InvalidWorkbook(
            f"{summary(workbook, checked)}: nothing was written",
            "correct the cells above, then convert again",
        )
    return checked
