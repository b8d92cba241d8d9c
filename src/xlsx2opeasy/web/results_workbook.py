"""The results workbook of a job: where it was written on this machine, else as a shared store keeps it."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path, PureWindowsPath
from typing import TypeAlias

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.load.job.store import Store, StoredJob
from xlsx2opeasy.load.jobs.listing import LocalJob
from xlsx2opeasy.paths import is_file_there

NamedCopy: TypeAlias = tuple[str, Callable[[Path], object]]
"""A file's name, and what writes it to a path."""


def results_here(store: Store, job: LocalJob) -> Path | None:
    """The workbook on this machine; None where it is not there, or not for this account to read."""
    if not job.results or job.machine not in (None, "", store.machine):
        return None
    path = Path(job.results)
    return path if os.access(path, os.R_OK) and is_file_there(path) else None


def has_results(store: Store, stored: StoredJob, job: LocalJob) -> bool:
    """Whether there is a results workbook to be had."""
    return bool(job.results) and (results_here(store, job) is not None or stored.has_results())


def copy_of_results(store: Store, stored: StoredJob, job: LocalJob) -> NamedCopy:
    """The workbook, to be copied. Raises WorkbookUnusable where it is nowhere any more."""
    if (path := results_here(store, job)) is not None:
        return path.name, lambda place: shutil.copyfile(path, place)
    if (kept := stored.results()) is not None:
        content, suffix = kept
        stem = PureWindowsPath(job.workbook or stored.job_id).stem.removesuffix(".results")
        return f"{stem}.results{suffix}", lambda place: place.write_bytes(content)
    if not job.results:
        raise WorkbookUnusable("no results workbook was written", _WHAT_ELSE)
    place = f"it was {job.results}" + (f" on {job.machine}" if job.machine else "")
    kept_before = ", and the store keeps it no longer" if store.machine else ""
    raise WorkbookUnusable(
        f"the results workbook is not where it was written{kept_before}: {place}", _WHAT_ELSE
    )


_WHAT_ELSE = "the job's report shows what became of each row"
