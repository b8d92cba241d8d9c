"""A list with headers of its own: its columns are matched to fields, with suggestions."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xlsx2opeasy.errors import UsageError, Xlsx2OpeasyError
from xlsx2opeasy.importing.suggestions import ListSheet, lists_of, suggestions
from xlsx2opeasy.masking import is_secret_name, sounds_secret
from xlsx2opeasy.problems import MASK
from xlsx2opeasy.spec.catalogue import BY_NAME, COMMAND_HEADER
from xlsx2opeasy.spec.model import TaskType
from xlsx2opeasy.web.desk import Desk
from xlsx2opeasy.web.pages.requests import apart, desk_of, fields_of, go_to, upload_of
from xlsx2opeasy.web.uploads import Upload

HEADER = "header:"


def match(request: Request) -> Response:
    """The headers of a list, each with the field that it probably means."""
    return _match(desk_of(request), upload_of(request), request.query_params)


def _match(
    desk: Desk, upload: Upload, query: Mapping[str, str], problem: Xlsx2OpeasyError | None = None
) -> Response:
    """The page for the list that `query` names; the fields of its own form are shown as they were sent."""
    lists = lists_of(upload.path)
    chosen = _chosen(lists, query.get("sheet", ""))
    task_type = BY_NAME.get(query.get("type", ""), chosen.task_type)
    command = query.get("command", "")
    kept: dict[str, Any] = {}
    if problem is not None:
        suggested = {header: query.get(f"{HEADER}{header}", "") for header in chosen.headers}
    elif "type" not in query and (
        kept := upload.mappings.get(chosen.title) or desk.uploads.remembered(chosen.headers)
    ):
        task_type, suggested = BY_NAME[kept["task_type"]], kept["columns"]
        command = kept["constants"].get(COMMAND_HEADER, "")
    else:
        suggested = suggestions(chosen.headers, task_type)
    return desk.pages.page(
        "mapping.html.j2",
        200 if problem is None else 422,
        upload=upload,
        lists=lists,
        chosen=chosen,
        task_type=task_type,
        task_types=list(BY_NAME),
        suggested=suggested,
        samples={name: _samples(chosen, name, suggested.get(name, ""), task_type) for name in chosen.headers},
        command=command,
        matched=chosen.title in upload.mappings,
        kept=bool(kept),
        problem=problem,
    )


def _samples(chosen: ListSheet, header: str, name: str, task_type: TaskType) -> str:
    """Some values below the header; hidden where they are, or sound like, secrets."""
    column = task_type.column(name) if name else None
    values = chosen.samples.get(header, ())
    if values and (is_secret_name(name) or sounds_secret(header) or (column and column.field.secret)):
        return MASK
    return ", ".join(values)


def _chosen(lists: list[ListSheet], title: str) -> ListSheet:
    if not lists:
        raise UsageError("this workbook has no list with headers", "choose another workbook")
    return next((each for each in lists if each.title == title), lists[0])


async def take(request: Request) -> Response:
    """Reads the list as it was matched."""
    fields = await fields_of(request)
    return await apart(_take, desk_of(request), upload_of(request), fields)


def _take(desk: Desk, upload: Upload, fields: Mapping[str, str]) -> Response:
    chosen = _chosen(lists_of(upload.path), fields.get("sheet", ""))
    before = upload.mappings
    others = {title: each for title, each in before.items() if title != chosen.title}
    try:
        with upload.lock:
            mapping = {} if "leave" in fields else _mapping(chosen, fields)
            upload.mappings = {**others, chosen.title: mapping} if mapping else others
            upload.checked = None
            desk.checked(upload)
            upload.save()
        if mapping:
            desk.uploads.remember(chosen.headers, mapping)
    except Xlsx2OpeasyError as error:
        upload.mappings, upload.checked = before, None
        return _match(desk, upload, fields, error)
    return go_to(f"/workbooks/{upload.id}")


def _mapping(chosen: ListSheet, fields: Mapping[str, str]) -> dict[str, Any]:
    """The mapping as `upload.json` keeps it. Raises UsageError where two headers mean one field."""
    task_type = BY_NAME.get(fields.get("type", ""), chosen.task_type)
    columns: dict[str, str] = {}
    for header in chosen.headers:
        name = fields.get(f"{HEADER}{header}", "")
        if name and name in columns.values():
            raise UsageError(f"two columns are matched to {name}", "ignore one of them")
        if name and (name == COMMAND_HEADER or task_type.column(name) is not None):
            columns[header] = name
    constants = {}
    if COMMAND_HEADER not in columns.values():
        command = fields.get("command", "")
        if command not in task_type.command_names:
            raise UsageError("no command is chosen", "choose that of every row, or its column")
        constants[COMMAND_HEADER] = command
    ignored = [header for header in chosen.headers if header not in columns]
    return {
        "sheet": chosen.title,
        "task_type": task_type.name,
        "columns": columns,
        "constants": constants,
        "ignore": ignored,
    }


ROUTES = [
    Route("/workbooks/{upload}/mapping", match),
    Route("/workbooks/{upload}/mapping", take, methods=["POST"]),
]
