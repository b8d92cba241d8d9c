"""Where the results workbook goes, and writing it there without ever overwriting what is not ours."""

import contextlib
import itertools
import re
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from xlsx2opeasy.durable import what_helps, why_refused
from xlsx2opeasy.errors import LocalFailure, TakenOver, UsageError, WorkbookUnusable
from xlsx2opeasy.load.events import Listener, Notice
from xlsx2opeasy.load.job.journal import Fact
from xlsx2opeasy.load.job.open_job import OpenJob
from xlsx2opeasy.load.job.state import JOB
from xlsx2opeasy.load.job.store import WORKBOOK
from xlsx2opeasy.load.results.row_results import RowResults
from xlsx2opeasy.ooxml.replace import replacing
from xlsx2opeasy.paths import is_file_there, is_taken, is_there
from xlsx2opeasy.spec.outcomes import RowResult
from xlsx2opeasy.workbook.edited_copy import UnwritableWorkbook
from xlsx2opeasy.workbook.mapping import kept_mapping
from xlsx2opeasy.workbook.protection import protected_like
from xlsx2opeasy.workbook.results.write import SheetResults, write_results

_REHEARSAL = re.compile(r"\.rehearsal(-\d+)?$")
_RESULTS = re.compile(r"\.results(-\d+)?$")


def choose_output(workbook: Path, *, wanted: Path | None, in_place: bool, rehearsal: bool) -> Path:
    """The path for the results: beside the workbook unless `wanted` or `in_place` say otherwise.

    A file that exists is never chosen, but for the workbook itself where that was asked for. Raises
    UsageError for another extension than the workbook's, WorkbookUnusable where no file can be written there:
    both are found out before anything is sent.
    """
    workbook = workbook.absolute()
    itself = in_place and wanted is None and not rehearsal
    if wanted is not None:
        _refuse_other_extension(wanted, workbook)
        place = wanted.absolute()
    elif rehearsal:
        place = workbook.with_name(f"{_REHEARSAL.sub('', workbook.stem)}.rehearsal{workbook.suffix}")
    else:
        place = workbook if itself else _beside(workbook)
    try:
        chosen = place if itself else free_name(place)
        _try_to_write(chosen)
    except OSError as error:
        raise WorkbookUnusable(
            f"the results cannot be written to {place}: {why_refused(error)}",
            f"nothing was sent; name {'another' if wanted else 'a'} file for them with --output FILE",
        ) from error
    return chosen


def _refuse_other_extension(wanted: Path, workbook: Path) -> None:
    if wanted.suffix.lower() != workbook.suffix.lower():
        raise UsageError(
            f"the results of {workbook.name} cannot be called {wanted.name}",
            f"give a name that ends in {workbook.suffix}",
        )


def _try_to_write(chosen: Path) -> None:
    """Makes a file and removes it: permissions are not all that a disk may have against one."""
    probe = chosen.with_name(f".{secrets.token_hex(8)}.tmp") if is_there(chosen) else chosen
    probe.touch(mode=0o600, exist_ok=False)
    probe.unlink()


def _beside(workbook: Path) -> Path:
    """`NAME.results.xlsx`, also where NAME is that of a rehearsal or of results whose cells were emptied."""
    stem = _RESULTS.sub("", _REHEARSAL.sub("", workbook.stem))
    return workbook.with_name(f"{stem}.results{workbook.suffix}")


def free_name(path: Path) -> Path:
    """`path`, or the first of `NAME-2`, `NAME-3`, … that does not exist."""
    candidates = itertools.chain([path], (path.with_stem(f"{path.stem}-{n}") for n in itertools.count(2)))
    return next(each for each in candidates if not is_taken(each))


def write_workbook(job: OpenJob, row_results: RowResults, tell: Listener) -> Path | None:
    """Writes the results into a copy of the frozen workbook; gives the path where they are.

    Where the place that was chosen cannot be written, or holds something else by now, they go beside it; at
    the last they stay with the job, which is a path where that is a folder of this machine, else None. There
    they stay too where another machine ends the job, and has not its workbook in the place. Where the
    workbook itself cannot take them, a workbook of our own does. Raises WorkbookUnusable where no place takes
    them, LocalFailure where what was made on the way cannot be removed.
    """
    earlier = job.state.written
    chosen = Path(earlier if earlier and is_there(Path(earlier)) else job.facts.output)
    target = chosen if _is_ours(job, chosen) else free_name(_name_beside(chosen))
    with job.stored.as_path(WORKBOOK) as frozen, job.stored.scratch() as scratch:
        made = scratch / f"made{chosen.suffix}"
        _remove(made)  # that of a process which died, with what was known then
        writing = _Writing(job, _sheets(job, row_results), frozen, made)
        try:
            places = (target, free_name(_name_beside(target))) if _has_its_workbook(job) else ()
            place, problem = writing.put(places, chosen.suffix)
        except UnwritableWorkbook as refusal:
            return _write_substitute(job, row_results, frozen, refusal, tell)
        finally:
            _remove(made)
    if place != chosen:
        why = f"the workbook is on {job.facts.machine}" if not places else ""
        why = why or (problem.message if problem else f"{chosen} was changed since the load began")
        # rare: results put beside their place
        tell(Notice(f"The results are in {_named(job, place)}: {why.rstrip('.')}.", important=True))
    return place


def _remove(made: Path) -> None:
    """Removes a workbook that was made to be copied. Raises LocalFailure: it may hold passwords."""
    try:
        made.unlink(missing_ok=True)
    except OSError as error:
        raise LocalFailure(
            f"{made} cannot be removed: {why_refused(error)}", what_helps(error, made.parent)
        ) from error


def _has_its_workbook(job: OpenJob) -> bool:
    """Whether the job's paths are of this machine, or of a folder that both share."""
    if job.facts.is_of_this_machine:
        return True
    with contextlib.suppress(OSError):
        return job.digest(Path(job.facts.workbook).read_bytes()) == job.facts.workbook_sha256
    return False


def _named(job: OpenJob, place: Path | None) -> str:
    """Where the results are, in words."""
    fetch = f"xlsx2opeasy queue fetch {job.facts.job} --output FILE"
    return f"the store ({fetch} brings them)" if place is None else str(place)


def _write_substitute(
    job: OpenJob, row_results: RowResults, frozen: Path, refusal: UnwritableWorkbook, tell: Listener
) -> Path | None:
    """Writes a workbook of our own with the results; never in the place of the workbook itself."""
    from xlsx2opeasy.load.results.substitute import substitute_bytes  # with XlsxWriter, seldom needed

    name = Path(job.facts.workbook).name
    results = {each.title: each.results for each in _sheets(job, row_results)}
    made = substitute_bytes(frozen, name, refusal.message, results, kept_mapping(job.facts.mapping))
    content = protected_like(frozen.read_bytes(), made)
    job.stored.share_results(content, ".xlsx")
    wanted = Path(job.state.written or job.facts.output)
    in_place = str(wanted) == job.facts.workbook
    chosen = (_name_beside(wanted) if in_place else wanted).with_suffix(".xlsx")
    ours = str(chosen) != job.facts.workbook and _is_ours(job, chosen)
    place: Path | None = chosen if ours else free_name(_name_beside(chosen))
    assert place is not None
    _note_written(job, place, content)
    try:
        if not _has_its_workbook(job):
            raise WorkbookUnusable(f"the workbook is on {job.facts.machine}")
        with replacing(place, like=_model(job, frozen)) as file:
            file.write(content)
    except WorkbookUnusable:
        place = _keep_with_job(job, content, ".xlsx")
    reason = refusal.message.rstrip(".")
    said = f"{name} itself cannot take results: {reason}. They are in {_named(job, place)}, beside its rows."
    tell(Notice(said, important=True))
    return place


def _note_written(job: OpenJob, place: str | Path, content: bytes) -> None:
    """Notes a workbook of ours; where that fails, what the person needs is written all the same."""
    with contextlib.suppress(LocalFailure):
        job.note(JOB, Fact.WRITTEN, path=str(place), sha256=job.digest(content))


def _keep_with_job(job: OpenJob, content: bytes, suffix: str) -> Path | None:
    """Keeps the results with the job. Raises WorkbookUnusable."""
    _note_written(job, job.stored.where(f"results{suffix}"), content)
    try:
        return job.stored.keep_results(content, suffix)
    except OSError as error:
        where = job.stored.where()
        raise WorkbookUnusable(f"the results could not be kept in {where}: {why_refused(error)}") from error


def _sheets(job: OpenJob, row_results: RowResults) -> list[SheetResults]:
    by_sheet: dict[str, dict[int, RowResult]] = {}
    for (sheet, row), result in {**row_results.results, **row_results.restored}.items():
        by_sheet.setdefault(sheet, {})[row] = result
    return [
        SheetResults(title, header_row, by_sheet.get(title, {}), job.facts.never_ours.get(title, ()))
        for title, header_row in job.facts.sheets.items()
    ]


@dataclass(frozen=True)
class _Writing:
    """The results of a job, made of the workbook `frozen` in the file `made` before they have a place."""

    job: OpenJob
    sheets: Sequence[SheetResults]
    frozen: Path
    made: Path

    def put(self, places: Sequence[Path], suffix: str) -> tuple[Path | None, WorkbookUnusable | None]:
        """The first of the places that takes them, else the job; and why the first of all did not."""
        problem: WorkbookUnusable | None = None
        for place in dict.fromkeys(places):
            try:
                self._write(place)
            except UnwritableWorkbook:
                raise
            except WorkbookUnusable as error:
                problem = problem or error
            else:
                return place, problem
        try:
            if not places:
                self._make(suffix)
            if problem and not self.made.exists():
                raise problem
            return _keep_with_job(self.job, self.made.read_bytes(), suffix), problem
        except WorkbookUnusable as error:
            raise problem or error from None
        except OSError as error:
            why = f"the results could not be kept in {self.job.stored.where()}: {why_refused(error)}"
            raise problem or WorkbookUnusable(why) from error

    def _make(self, suffix: str) -> None:
        if not self.made.exists():
            write_results(self.frozen, self.made, self.sheets)
            self.job.stored.share_results(self.made.read_bytes(), suffix)

    def _write(self, place: Path) -> None:
        """Makes the workbook, notes its hash, and puts it in its place.

        So the journal knows the file before it is there: after a crash it is ours, and may be replaced. Where
        the journal's disk is full or broken the file is written all the same: it is what the person needs.
        """
        try:
            self._make(place.suffix)
            digest = self.job.digest(self.made.read_bytes())
            self.job.note(JOB, Fact.WRITTEN, path=str(place), sha256=digest)
        except (UnwritableWorkbook, TakenOver):
            raise
        except (WorkbookUnusable, LocalFailure, OSError):
            write_results(self.frozen, place, self.sheets)
            return
        with replacing(place, like=_model(self.job, self.frozen)) as file, self.made.open("rb") as source:
            shutil.copyfileobj(source, file)


def _model(job: OpenJob, frozen: Path) -> Path:
    """The file whose permission bits the results get: the workbook itself, while it is there."""
    workbook = Path(job.facts.workbook)
    return workbook if is_file_there(workbook) else frozen


def _name_beside(path: Path) -> Path:
    stem = path.stem if ".results" in path.stem or ".rehearsal" in path.stem else f"{path.stem}.results"
    return path.with_stem(stem)


def _is_ours(job: OpenJob, path: Path) -> bool:
    """Whether nothing of somebody else's would be lost by writing there."""
    try:
        digest = job.digest(path.read_bytes())
    except FileNotFoundError:
        return not is_taken(path)
    except OSError:
        return False
    unchanged_input = str(path) == job.facts.workbook and digest == job.facts.workbook_sha256
    return digest in job.state.written_hashes or (unchanged_input and str(path) == job.facts.output)
