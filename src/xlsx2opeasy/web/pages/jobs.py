"""Jobs: how they run, what became of each row, the history; stop, resume, settle, results, report, undo."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from xlsx2opeasy.errors import LocalFailure, UsageError, Xlsx2OpeasyError
from xlsx2opeasy.load.job.store import DONE, WORKBOOK, StoredJob
from xlsx2opeasy.load.jobs.earlier import peek
from xlsx2opeasy.load.jobs.listing import LocalJob
from xlsx2opeasy.load.run.undecided import Settling, may_have_no_run
from xlsx2opeasy.report.data import Row, report_data, rows_of
from xlsx2opeasy.report.write import rendered, style_hash
from xlsx2opeasy.settings.store import is_shared
from xlsx2opeasy.undo.workbook import undo_of, write_undo
from xlsx2opeasy.web.desk import MOST_LISTED, Desk, WaitingForPassword
from xlsx2opeasy.web.gate import POLICY
from xlsx2opeasy.web.live_view import JobView, job_view
from xlsx2opeasy.web.pages.requests import (
    apart,
    desk_of,
    download,
    fields_of,
    go_to,
    made_download,
    number_in,
)
from xlsx2opeasy.web.results_workbook import copy_of_results, has_results, results_here
from xlsx2opeasy.web.words import counts_in_words, results_in_words, state_of
from xlsx2opeasy.workbook.protection import opens

ROWS_A_PAGE = 200
_TICK = 0.5
_HEARTBEAT = 20
"""Ticks after which a stream says something, so that a closed browser is noticed."""


def run(request: Request) -> Response:
    """What was begun on the page: as soon as it is a job, that job's page."""
    desk = desk_of(request)
    found = desk.runs.get(request.path_params["run"])
    if found is None:
        raise UsageError("this load is not known any more", "look into the history")
    if found.job is not None:
        return go_to(f"/jobs/{found.job}")
    result = found.result
    named = desk.jobs_in(result.message) if result else []
    return desk.pages.page("run.html.j2", run=found, result=result, jobs=named)


def history(request: Request) -> Response:
    """All jobs, latest first."""
    desk, start = desk_of(request), number_in(request, "start")
    jobs = desk.jobs(start, MOST_LISTED + 1)
    return desk.pages.page(
        "history.html.j2",
        shared=is_shared(),
        jobs=jobs[:MOST_LISTED],
        earlier=f"?start={start + MOST_LISTED}" if len(jobs) > MOST_LISTED else "",
        state_of=state_of,
        counts_of=lambda job: counts_in_words(job.counts or {}),
        name_of=lambda job: Path(job.workbook or "").name or job.id,
        created_of=lambda job: job.created,
    )


def job(request: Request) -> Response:
    """One job: live while it runs, then what became of each row."""
    desk = desk_of(request)
    stored, found = desk.job(request.path_params["job"])
    return _job(desk, request, stored, found)


def _job(
    desk: Desk,
    request: Request,
    stored: StoredJob,
    found: LocalJob,
    problem: Xlsx2OpeasyError | None = None,
) -> Response:
    view = _view(desk, stored, found)
    rows = _every_row(stored, running=view.running)
    if rows:
        view.counts = results_in_words(Counter(row.kind for row in rows))
    upload = desk.upload_of(found)
    return desk.pages.page(
        "job.html.j2",
        200 if problem is None else 422,
        view=view,
        upload=upload,
        problem=problem,
        has_results=has_results(desk.store, stored, found),
        can_undo=not found.rehearsal and stored.exists(DONE) and not view.running and not view.resumable,
        **_found(request, rows),
    )


def _view(desk: Desk, stored: StoredJob, found: LocalJob) -> JobView:
    return job_view(stored, found, desk.runs.last_of_job(stored.job_id))


def _every_row(stored: StoredJob, *, running: bool) -> list[Row]:
    """The rows of a job that does not run; none where its files are damaged, as its message says."""
    if not running:
        with suppress(LocalFailure):
            return rows_of(stored)
    return []


def _found(request: Request, every: Sequence[Row]) -> dict[str, object]:
    """The rows that the filter and the search leave, a page of them."""
    wanted, text = request.query_params.get("result", ""), request.query_params.get("q", "").strip()
    kinds = list(dict.fromkeys(row.kind for row in every))
    needle = text.casefold()
    found = [
        row
        for row in every
        if (not wanted or row.kind == wanted)
        and (
            not needle or needle in f"{row.sheet}!{row.row} {row.identity} {row.code} {row.detail}".casefold()
        )
    ]
    last = max(1, -(-len(found) // ROWS_A_PAGE))
    page = min(max(1, number_in(request, "page", 1)), last)

    def address(number: int) -> str:
        return "?" + urlencode({"result": wanted, "q": text, "page": number}) + "#rows"

    return {
        "rows": found[(page - 1) * ROWS_A_PAGE : page * ROWS_A_PAGE],
        "all_rows": len(every),
        "found_rows": len(found),
        "kinds": kinds,
        "wanted": wanted,
        "text": text,
        "page": page,
        "pages": last,
        "next_page": address(page + 1) if page < last else "",
        "page_before": address(page - 1) if page > 1 else "",
    }


async def live(request: Request) -> Response:
    """The live part of a job's page as a stream: sent whenever it changes, until the job does not run.

    Its end says `gone` where the program ends: there is nothing to go to then.
    """
    desk = desk_of(request)
    stored, _ = await apart(desk.job, request.path_params["job"])

    async def stream() -> AsyncIterator[bytes]:
        last, silent = "", 0
        while True:
            text, running = await apart(_live_text, desk, stored)
            if text != last or silent >= _HEARTBEAT:
                yield f"data: {json.dumps(text)}\n\n".encode() if text != last else b": still here\n\n"
                last, silent = text, 0
            if desk.is_closing or not running:
                yield b"event: gone\ndata: 0\n\n" if desk.is_closing else b"event: end\ndata: 0\n\n"
                return
            silent += 1
            await asyncio.sleep(_TICK)

    return StreamingResponse(stream(), media_type="text/event-stream")


def _live_text(desk: Desk, stored: StoredJob) -> tuple[str, bool]:
    view = _view(desk, stored, desk.job(stored.job_id)[1])
    return desk.pages.text("live.html.j2", view=view), view.running


async def stop(request: Request) -> Response:
    """Interrupts the load, as Ctrl-C does."""
    desk, job_id = desk_of(request), request.path_params["job"]
    await fields_of(request)
    if (found := desk.runs.of_job(job_id)) is not None:
        found.stop()
    return go_to(f"/jobs/{job_id}")


async def answer(request: Request) -> Response:
    """Takes the answer after a canary: whether the other rows follow."""
    desk, job_id = desk_of(request), request.path_params["job"]
    fields = await fields_of(request)
    operation, given = fields.get("operation", ""), fields.get("answer", "")
    if given not in ("go-on", "no-more") or not (operation.isascii() and operation.isdigit()):
        raise UsageError("nothing was answered", "choose one of the two answers on the page of the load")
    if (found := desk.runs.of_job(job_id)) is not None:
        found.answer(int(operation), goes_on=given == "go-on")
    return go_to(f"/jobs/{job_id}")


async def resume(request: Request) -> Response:
    """Goes on with an unfinished job."""
    await fields_of(request)
    return await apart(_resume, desk_of(request), request.path_params["job"], None)


def _resume(desk: Desk, job_id: str, settling: Settling | None) -> Response:
    stored = desk.store.job(job_id)
    if _is_locked(stored):
        desk.waiting[job_id] = WaitingForPassword(settling)
        return go_to(f"/jobs/{job_id}/password")
    desk.start_resume(stored, settling)
    return go_to(f"/jobs/{job_id}")


def _is_locked(stored: StoredJob) -> bool:
    """Whether the job's workbook is protected, and its password not known to this program."""
    if not stored.exists(WORKBOOK):
        return False
    with stored.as_path(WORKBOOK) as path:
        return not opens(path, stored.job_id)


def settle_form(request: Request) -> Response:
    """What to look for in the portal, and the two answers."""
    desk = desk_of(request)
    stored, found = desk.job(request.path_params["job"])
    return _settle(desk, stored, found)


def _settle(
    desk: Desk, stored: StoredJob, found: LocalJob, problem: Xlsx2OpeasyError | None = None
) -> Response:
    facts, state = peek(stored)
    undecided = next((each for each in state.phases.values() if each.undecided is not None), None)
    return desk.pages.page(
        "settle.html.j2",
        200 if problem is None else 422,
        view=_view(desk, stored, found),
        facts=facts,
        undecided=undecided,
        may_have_no_run=undecided is not None and may_have_no_run(undecided),
        problem=problem,
    )


async def settle(request: Request) -> Response:
    """Takes one of the two answers that `resume` takes, and goes on with the job."""
    desk = desk_of(request)
    fields = await fields_of(request)
    stored, found = await apart(desk.job, request.path_params["job"])
    answer, run_id = fields.get("answer", ""), fields.get("scheduled_id", "").strip()
    if answer == "not-scheduled" and fields.get("operation"):
        return await apart(_resume, desk, stored.job_id, Settling(not_scheduled=fields["operation"]))
    if answer == "scheduled" and run_id:
        return await apart(_resume, desk, stored.job_id, Settling(scheduled_id=run_id))
    problem = UsageError("nothing was settled", "choose one of the two answers; the first needs the run's id")
    return await apart(_settle, desk, stored, found, problem)


def results(request: Request) -> Response:
    """The results workbook."""
    desk = desk_of(request)
    stored, found = desk.job(request.path_params["job"])
    if (path := results_here(desk.store, found)) is not None:
        return download(path, path.name)
    name, copy = copy_of_results(desk.store, stored, found)

    def make(place: Path) -> None:
        copy(place)

    return made_download(desk.uploads.scratch(), name, make)


def report(request: Request) -> Response:
    """The job's report; its style is its own, so its policy names that style by its hash."""
    stored, _ = desk_of(request).job(request.path_params["job"])
    text = rendered(report_data(stored), script_address="/static/report.js")
    policy = f"{POLICY}; style-src 'self' {style_hash()}"
    return HTMLResponse(text, headers={"content-security-policy": policy})


async def undo(request: Request) -> Response:
    """Opens the workbook with the inverse of what succeeded, in the same walk."""
    desk = desk_of(request)
    await fields_of(request)
    return await apart(_opened, desk, request, inverse=True)


async def again(request: Request) -> Response:
    """Opens the results workbook, to correct the rows that did not succeed and load it again."""
    desk = desk_of(request)
    await fields_of(request)
    return await apart(_opened, desk, request, inverse=False)


def _opened(desk: Desk, request: Request, *, inverse: bool) -> Response:
    stored, found = desk.job(request.path_params["job"])
    stem = Path(found.workbook or "").stem.removesuffix(".results")
    try:
        if inverse:
            inverted = undo_of(stored)
            upload = desk.uploads.add(f"{stem}.undo.xlsx", lambda place: write_undo(inverted, place))
        else:
            upload = desk.uploads.add(*copy_of_results(desk.store, stored, found))
    except Xlsx2OpeasyError as error:
        return _job(desk, request, stored, found, error)
    return go_to(f"/workbooks/{upload.id}")


ROUTES = [
    Route("/runs/{run}", run),
    Route("/jobs", history),
    Route("/jobs/{job}", job),
    Route("/jobs/{job}/live", live),
    Route("/jobs/{job}/stop", stop, methods=["POST"]),
    Route("/jobs/{job}/canary", answer, methods=["POST"]),
    Route("/jobs/{job}/resume", resume, methods=["POST"]),
    Route("/jobs/{job}/settle", settle_form),
    Route("/jobs/{job}/settle", settle, methods=["POST"]),
    Route("/jobs/{job}/results", results),
    Route("/jobs/{job}/report", report),
    Route("/jobs/{job}/undo", undo, methods=["POST"]),
    Route("/jobs/{job}/again", again, methods=["POST"]),
]
