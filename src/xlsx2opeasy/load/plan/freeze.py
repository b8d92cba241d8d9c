"""A job put on disk, whole, before anything is sent.

When this is done everything is there that the load and any `resume` need: the facts, the rows, the chunk
files, and the workbook's own bytes.
"""

import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path

from xlsx2opeasy.check.checked import Checked
from xlsx2opeasy.durable import what_helps, why_refused
from xlsx2opeasy.errors import LocalFailure, WorkbookUnusable
from xlsx2opeasy.load.events import Listener, Notice
from xlsx2opeasy.load.job.chunk_files import Digest, new_digest, sha256_of
from xlsx2opeasy.load.job.facts import JobFacts, PhaseFacts, Target, file_stamp, write_facts, write_rows
from xlsx2opeasy.load.job.store import SHELL, WORKBOOK, Store, StoredJob, chunk_place
from xlsx2opeasy.load.jobs.earlier import Candidate, refuse_if_done_or_unfinished
from xlsx2opeasy.load.plan.earlier_results import job_cells
from xlsx2opeasy.load.plan.phases import Phase
from xlsx2opeasy.load.plan.prepare import LoadOptions, Prepared
from xlsx2opeasy.load.plan.syncs import is_sync
from xlsx2opeasy.load.results.output import choose_output
from xlsx2opeasy.load.results.row_results import Place
from xlsx2opeasy.load.run.rechunk import chunk_file
from xlsx2opeasy.operating_system import user_name
from xlsx2opeasy.tasks.chunks import beyond_limit, chunk_name, cut
from xlsx2opeasy.tasks.limits import ChunkLimits

EMPTY_FILE = b'{"tasks":{}}'


def freeze(
    store: Store,
    workbook: Path,
    target: Target,
    options: LoadOptions,
    prepared: Prepared,
    candidate: Candidate,
    tell: Listener = lambda _: None,
) -> StoredJob:
    """Puts the job on disk, whole, before the first request.

    Raises LoadRefused where this workbook's tasks are loaded, done or undecided already, LocalFailure where
    the disk refuses, WorkbookUnusable where the workbook changed since it was read.
    """
    if not target.rehearsal and not prepared.stopped:
        refuse_if_done_or_unfinished(store, candidate, again=options.again)
    output = output_of(workbook, target, options, prepared)
    stored = store.new_job(rehearsal=target.rehearsal)
    try:
        digest = new_digest(stored)
        copied = _copy_workbook(workbook, stored, prepared.checked.workbook.sha256)
        stored.write(SHELL, EMPTY_FILE)
        phases = tuple(_write_phase(stored, phase, options.limits, digest, tell) for phase in prepared.phases)
        rows_sha256 = write_rows(stored, prepared.rows)
        write_facts(
            stored,
            JobFacts(
                job=stored.job_id,
                created=datetime.now(UTC).isoformat(timespec="milliseconds"),
                user=user_name(),
                workbook=str(workbook.absolute()),
                workbook_sha256=digest(copied),
                workbook_stamp=file_stamp(workbook),
                machine=store.machine,
                origin=target.origin,
                enterprise_id=target.enterprise_id,
                identity=prepared.marked.identity,
                rehearsal=target.rehearsal,
                output=str(output),
                drop_rejected=options.drop_rejected,
                keep=options.keep,
                sheets={each.sheet.title: each.sheet.header_row for each in prepared.checked.sheets},
                phases=phases,
                rows_sha256=rows_sha256,
                wire_names=dict(options.wire_names),
                tool_version=version("xlsx2opeasy"),
                stopped=prepared.stopped,
                called_with=options.called_with,
                allowed=tuple(sorted(options.allowed)),
                canary=options.staging.canary,
                failures_allowed=options.staging.allowed(prepared.tasks),
                notify="" if target.rehearsal else options.notify,
                mapping=tuple(each.without_secrets() for each in options.mapping.sheets),
                never_ours={
                    each.sheet.title: sorted(each.sheet.never_ours)
                    for each in prepared.checked.sheets
                    if each.sheet.never_ours
                },
            ),
        )
    except BaseException as error:
        with contextlib.suppress(OSError, LocalFailure):
            stored.remove()  # half a job holds the workbook's passwords
        if isinstance(error, OSError):
            raise LocalFailure(
                f"the job could not be put on disk: {why_refused(error)}",
                f"nothing was sent; {what_helps(error, stored.where())}",
            ) from error
        raise
    return stored


def output_of(workbook: Path, target: Target, options: LoadOptions, prepared: Prepared) -> Path:
    """Where the results will go. Raises UsageError or WorkbookUnusable where they cannot."""
    return choose_output(
        workbook,
        wanted=options.output,
        in_place=options.in_place or _is_results_workbook(prepared.checked),
        rehearsal=target.rehearsal,
    )


def candidate_of(workbook: Path, target: Target, prepared: Prepared) -> Candidate:
    """What is to be loaded, as earlier jobs look at it."""
    return Candidate(
        workbook,
        target.origin,
        target.enterprise_id,
        prepared.marked.identity,
        prepared.marked.marks,
        frozenset(cell.job for cell in job_cells(prepared.checked)),
        _sent(prepared),
        prepared.kept,
        prepared.changed,
        prepared.emptied,
        cache(partial(_earlier, prepared)),
    )


def _sent(prepared: Prepared) -> frozenset[Place]:
    """What is to be sent; but for Sync rows, which may go out as often as they like, and are all alike."""
    tasks = (task for phase in prepared.phases for task in phase.tasks)
    return frozenset((task.sheet, task.row) for task in tasks if not is_sync(task))


def _earlier(prepared: Prepared, origin: str, enterprise_id: str) -> tuple[str, Mapping[Place, str]]:
    found = prepared.earlier(origin, enterprise_id)
    return found.identity, found.marks


def _is_results_workbook(checked: Checked) -> bool:
    """Whether a load (not a rehearsal) wrote results into it: then it gets its new results in itself."""
    return any(not cell.rehearsal for cell in job_cells(checked))


def _copy_workbook(workbook: Path, stored: StoredJob, sha256: str) -> bytes:
    content = workbook.read_bytes()
    if sha256_of(content) != sha256:
        raise WorkbookUnusable(
            f"{workbook} changed while it was being checked", "close it in other programs, then load it again"
        )
    stored.write(WORKBOOK, content)
    return content


def _write_phase(
    stored: StoredJob, phase: Phase, limits: ChunkLimits, digest: Digest, tell: Listener
) -> PhaseFacts:
    chunks = []
    too_large = []
    for number, chunk in enumerate(cut(phase.tasks, limits), 1):
        name = chunk_name(phase.number, number)
        stored.write(chunk_place(name), chunk.body)
        chunks.append(chunk_file(name, chunk, digest))
        if len(chunk.body) > limits.bytes:
            too_large.append(chunk)
    if too_large:
        tell(Notice(beyond_limit(too_large, limits), important=True))
    return PhaseFacts(phase.number, phase.why, tuple(chunks), phase.stage)
