"""*New workbook*: a blank workbook for chosen commands."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xlsx2opeasy.spec.catalogue import TASK_TYPES
from xlsx2opeasy.web.pages.requests import desk_of, made_download
from xlsx2opeasy.workbook.template.file import write_template

NAME = "new-workbook.xlsx"


def choose(request: Request) -> Response:
    """The commands to choose from."""
    return desk_of(request).pages.page("new.html.j2", task_types=TASK_TYPES)


def workbook(request: Request) -> Response:
    """The blank workbook, for the chosen commands and columns; for all commands where none is chosen."""
    desk = desk_of(request)
    known = {name for each in TASK_TYPES for name in each.command_names}
    commands = [each for each in request.query_params.getlist("command") if each in known]

    essential = request.query_params.get("columns") == "essential"

    def make(place: Path) -> None:
        write_template(place, (), commands, essential=essential, replace=True, how_to_replace="")

    return made_download(desk.uploads.scratch(), NAME, make)


ROUTES = [Route("/new", choose), Route(f"/new/{NAME}", workbook)]
