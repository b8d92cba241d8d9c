"""The problems of an uploaded workbook, their correction, and the copies of it to take home."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xlsx2opeasy.errors import UsageError, Xlsx2OpeasyError
from xlsx2opeasy.problems import Severity
from xlsx2opeasy.web.desk import Desk
from xlsx2opeasy.web.pages.requests import (
    apart,
    desk_of,
    download,
    fields_of,
    go_to,
    made_download,
    number_in,
    upload_of,
)
from xlsx2opeasy.web.problem_view import CELLS_SHOWN, CellView, ProblemView
from xlsx2opeasy.web.uploads import Upload
from xlsx2opeasy.workbook.annotate.problem_list import write_problem_list
from xlsx2opeasy.workbook.annotate.write import write_annotated
from xlsx2opeasy.workbook.corrections import write_corrections
from xlsx2opeasy.workbook.edited_copy import UnwritableWorkbook

ROWS_A_PAGE = 50
NOTHING_TYPED: Mapping[str, str] = MappingProxyType({})
CELL = "cell:"
"""The names of fields that correct a cell: this, then `Users!A3`."""


def problems(request: Request) -> Response:
    """The problems of the workbook."""
    shows_warnings = request.query_params.get("show") == "warnings"
    return _problems(desk_of(request), upload_of(request), request, shows_warnings=shows_warnings)


def _problems(
    desk: Desk,
    upload: Upload,
    request: Request,
    *,
    shows_warnings: bool,
    refusal: Xlsx2OpeasyError | None = None,
    typed: Mapping[str, str] = NOTHING_TYPED,
) -> Response:
    """The page of the problems. `typed` are corrections by cell that were not saved because of `refusal`."""
    checked = desk.checked(upload)
    errors, warnings = (_view(upload, desk, each) for each in (Severity.ERROR, Severity.WARNING))
    shows_warnings = shows_warnings or not errors.problems
    view = warnings if shows_warnings else errors
    return desk.pages.page(
        "workbook.html.j2",
        HTTPStatus.OK if refusal is None else HTTPStatus.UNPROCESSABLE_ENTITY,
        upload=upload,
        checked=checked,
        errors=errors,
        warnings=warnings,
        view=view,
        shows_warnings=shows_warnings,
        cells_shown=CELLS_SHOWN,
        refusal=refusal,
        saved=number_in(request, "saved"),
        once=desk.once.value("rehearse", upload.id, upload.version),
        cell_link=lambda problem: _cell_link(
            view, upload, shows_warnings, problem.sheet, problem.row, problem.cell
        ),
        **_grid(request, view, typed, shows_warnings=shows_warnings),
    )


def rows(request: Request) -> Response:
    """More rows of the grid, for the script that fetches them as they come into view."""
    desk, upload = desk_of(request), upload_of(request)
    shows_warnings = request.query_params.get("show") == "warnings"
    view = _view(upload, desk, Severity.WARNING if shows_warnings else Severity.ERROR)
    grid = _grid(request, view, NOTHING_TYPED, shows_warnings=shows_warnings)
    answer = desk.pages.page("rows.html.j2", **grid)
    if grid["next_page"]:
        answer.headers["x-next-rows"] = f"/workbooks/{upload.id}/rows{grid['next_page']}"
    return answer


def _view(upload: Upload, desk: Desk, severity: Severity) -> ProblemView:
    """Kept with the checked workbook, for every page of the grid asks it."""
    checked = desk.checked(upload)
    with upload.lock:
        if upload.views.get(severity, (None, None))[0] is not checked:
            upload.views[severity] = checked, ProblemView(checked, severity)
        view: ProblemView = upload.views[severity][1]
        return view


def _grid(
    request: Request, view: ProblemView, typed: Mapping[str, str], *, shows_warnings: bool
) -> dict[str, object]:
    """The rows of the page that is asked for, and the addresses of the pages around it.

    Where something is `typed`, all rows with such cells and no others.
    """
    if typed:
        typed_in = view.rows(sorted({each for each in map(view.position_of, typed) if each is not None}))
        whole = {"chosen": None, "page": 1, "pages": 1, "next_page": "", "page_before": ""}
        return {**whole, "rows": typed_in, "places": len(view.places), "typed": typed}
    group = request.query_params.get("group", "")
    chosen = next((each for each in view.groups if str(each.key) == group), None)
    positions = chosen.positions if chosen else range(len(view.places))
    last = max(1, -(-len(positions) // ROWS_A_PAGE))
    page = min(max(1, number_in(request, "page", 1)), last)
    query = {"show": "warnings"} if shows_warnings else {}
    query |= {"group": group} if chosen else {}

    def address(number: int) -> str:
        return "?" + urlencode({**query, "page": number})

    return {
        "rows": view.rows(positions[(page - 1) * ROWS_A_PAGE : page * ROWS_A_PAGE]),
        "chosen": chosen,
        "page": page,
        "pages": last,
        "places": len(positions),
        "next_page": address(page + 1) if page < last else "",
        "page_before": address(page - 1) if page > 1 else "",
        "typed": typed,
    }


def _cell_link(
    view: ProblemView, upload: Upload, shows_warnings: bool, sheet: str, row: int, cell: str
) -> str:
    """The address of a cell's field, on whichever page of the grid it is."""
    position = view.position(sheet, row)
    query = {"show": "warnings"} if shows_warnings else {}
    query |= {"page": str(position // ROWS_A_PAGE + 1)} if position >= ROWS_A_PAGE else {}
    return f"/workbooks/{upload.id}{'?' if query else ''}{urlencode(query)}#cell-{sheet}!{cell}"


async def correct(request: Request) -> Response:
    """Writes corrected cells into the next revision, and checks that at once."""
    desk, upload = desk_of(request), upload_of(request)
    fields = await fields_of(request)
    return await apart(_correct, desk, upload, request, fields)


def _correct(desk: Desk, upload: Upload, request: Request, fields: Mapping[str, str]) -> Response:
    with upload.lock:
        try:
            if fields.get("revision") != str(upload.revision):
                raise UsageError(
                    "the workbook was corrected in another tab since this page was shown",
                    "look at its problems as they are now",
                )
            changed = _changed_cells(desk, upload, fields)
            if changed:
                with desk.uploads.next_revision(upload) as place:
                    write_corrections(upload.path, place, changed)
        except Xlsx2OpeasyError as error:
            return _problems(
                desk,
                upload,
                request,
                shows_warnings=fields.get("show") == "warnings",
                refusal=error,
                typed={cell.name: text for cell, text in _changes(desk, upload, fields) if not cell.secret},
            )
        desk.checked(upload)
    count = sum(len(row) for sheet in changed.values() for row in sheet.values())
    show = "show=warnings&" if fields.get("show") == "warnings" else ""
    return go_to(f"/workbooks/{upload.id}?{show}saved={count}")


def _changed_cells(
    desk: Desk, upload: Upload, fields: Mapping[str, str]
) -> dict[str, dict[int, dict[int, str]]]:
    """The new texts by sheet, row and column."""
    changed: dict[str, dict[int, dict[int, str]]] = {}
    for cell, text in _changes(desk, upload, fields):
        changed.setdefault(cell.sheet, {}).setdefault(cell.row, {})[cell.column] = text
    return changed


def _changes(desk: Desk, upload: Upload, fields: Mapping[str, str]) -> Iterator[tuple[CellView, str]]:
    """The corrected cells with their new texts. Only cells with a problem can be corrected here."""
    views = [_view(upload, desk, each) for each in (Severity.ERROR, Severity.WARNING)]
    for name, text in fields.items():
        if not name.startswith(CELL):
            continue
        cell = next((found for view in views if (found := view.cell(name.removeprefix(CELL)))), None)
        typed = text.replace("\r\n", "\n").strip()
        if cell is not None and _is_changed(cell, fields, typed):
            yield cell, typed


def _is_changed(cell: CellView, fields: Mapping[str, str], text: str) -> bool:
    """Whether something else was typed; a secret that is left blank stays, unless it is to be emptied."""
    if cell.secret:
        return bool(text) or f"empty:{cell.name}" in fields
    return text != cell.value.replace("\r\n", "\n").strip()


def marked(request: Request) -> Response:
    """A copy with the problems marked at their cells; where it cannot be marked, a list of them."""
    desk, upload = desk_of(request), upload_of(request)
    checked = desk.checked(upload)

    def make(place: Path) -> tuple[Path, str] | None:
        try:
            write_annotated(upload.path, place, checked.problems)
        except UnwritableWorkbook as refusal:
            listed = place.with_name(upload.named("problems", ".xlsx"))
            write_problem_list(listed, upload.path, refusal.message, checked.problems, upload.name)
            return listed, listed.name
        return None

    return made_download(upload.folder, upload.named("marked"), make)


def corrected(request: Request) -> Response:
    """The workbook as it is now."""
    upload = upload_of(request)
    return download(upload.path, upload.named("corrected") if upload.revision else upload.name)


ROUTES = [
    Route("/workbooks/{upload}", problems),
    Route("/workbooks/{upload}/rows", rows),
    Route("/workbooks/{upload}/corrections", correct, methods=["POST"]),
    Route("/workbooks/{upload}/marked", marked),
    Route("/workbooks/{upload}/corrected", corrected),
]
