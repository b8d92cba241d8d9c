"""Where the results workbook goes, and writing it there without ever overwriting what is not ours."""

import hashlib
import itertools
from pathlib import Path

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.load.events import Listener, Notice
from xlsx2opeasy.load.open_job import OpenJob
from xlsx2opeasy.load.settle import Settlement
from xlsx2opeasy.load.state import JOB, Fact
from xlsx2opeasy.spec.outcomes import RowResult
from xlsx2opeasy.workbook.results import SheetResults, write_results


def choose_output(workbook: Path, *, wanted: Path | None, in_place: bool, rehearsal: bool) -> Path:
    """The path for the results: beside the workbook unless `wanted` or `in_place` say otherwise.

    A file that exists is never chosen, but for the workbook itself where that was asked for.
    """
    workbook = workbook.absolute()
    if wanted is not None:
        return free_name(wanted.absolute())
    if rehearsal:
        stem = workbook.stem.removesuffix(".rehearsal")
        return free_name(workbook.with_name(f"{stem}.rehearsal{workbook.suffix}"))
    return workbook if in_place else _beside(workbook)


def _beside(workbook: Path) -> Path:
    return free_name(workbook.with_name(f"{workbook.stem}.results{workbook.suffix}"))


def free_name(path: Path) -> Path:
    """`path`, or the first of `NAME-2`, `NAME-3`, … that does not exist."""
    candidates = itertools.chain([path], (path.with_stem(f"{path.stem}-{n}") for n in itertools.count(2)))
    return next(each for each in candidates if not each.exists() and not each.is_symlink())


def write_workbook(job: OpenJob, settlement: Settlement, tell: Listener) -> Path:
    """Writes the results into a copy of the frozen workbook; gives the path where they are.

    Where the place that was chosen cannot be written, or holds something else by now, they go beside it; at
    the last into the job's folder. Raises WorkbookUnusable where no place takes them.
    """
    by_sheet: dict[str, dict[int, RowResult]] = {}
    for (sheet, row), result in settlement.results.items():
        by_sheet.setdefault(sheet, {})[row] = result
    sheets = [
        SheetResults(title, header_row, by_sheet.get(title, {}))
        for title, header_row in job.facts.sheets.items()
    ]
    chosen = Path(job.state.written or job.facts.output)
    target = chosen if _is_ours(job, chosen) else free_name(_name_beside(chosen))
    kept = job.folder.path / f"results{chosen.suffix}"
    problem: WorkbookUnusable | None = None
    for place in dict.fromkeys((target, free_name(_name_beside(target)), kept)):
        try:
            write_results(job.folder.workbook, place, sheets)
        except WorkbookUnusable as error:
            problem = problem or error
        else:
            if place != chosen:
                why = problem.message if problem else f"{chosen} was changed since the load began"
                tell(Notice(f"The results are in {place}: {why}."))
            _remember(job, place)
            return place
    raise problem or WorkbookUnusable(f"the results could not be written beside {chosen}")


def _name_beside(path: Path) -> Path:
    stem = path.stem if ".results" in path.stem or ".rehearsal" in path.stem else f"{path.stem}.results"
    return path.with_stem(stem)


def _is_ours(job: OpenJob, path: Path) -> bool:
    """Whether nothing of somebody else's would be lost by writing there."""
    if not path.exists():
        return True
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    unchanged_input = str(path) == job.facts.workbook and digest == job.facts.workbook_sha256
    return digest == job.state.written_sha256 or (unchanged_input and str(path) == job.facts.output)


def _remember(job: OpenJob, place: Path) -> None:
    digest = hashlib.sha256(place.read_bytes()).hexdigest()
    job.note(JOB, Fact.WRITTEN, path=str(place), sha256=digest)
