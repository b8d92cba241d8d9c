"""Lines about commands that only start, or have fifty rows."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.context import Context
from bench.lines import Floor, Line
from bench.measure import Before, Figures, measure_commands

COMMAND = str(Path(sys.executable).with_name("xlsx2opeasy"))
_OFFICE = Path(__file__).parent.parent / "example_workbooks" / "new-branch-office.xlsx"


def _python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def small_workbook(context: Context) -> list[Line]:
    """`check` and the rehearsal of the branch office, of the wall."""
    folder = context.scratch / "office"
    book = folder / _OFFICE.name

    def fresh() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        shutil.copyfile(_OFFICE, book)

    pandas, libraries, reader, server, check, rehearsal = _in_turn(
        context,
        ("import pandas", _python("import pandas")),
        ("import pandas, pandera, pyarrow", _python("import pandas, pandera.pandas, pyarrow.compute")),
        ("import numpy, pyarrow", _python("import numpy, pyarrow")),
        ("import httpx, starlette, uvicorn", _python("import httpx, starlette.applications, uvicorn")),
        ("check", [COMMAND, "check", str(book)]),
        ("load --sandbox", [COMMAND, "load", str(book), "--sandbox", "--quiet"]),
        env={"XLSX2OPEASY_HOME": str(folder / "home")},
        before=fresh,
    )
    floors = (
        Floor("importing pandas, pandera and pyarrow, and nothing else", libraries.wall),
        Floor("importing numpy and pyarrow, which the reading process does meanwhile", reader.wall),
    )
    against = "`import pandas` alone, wall"
    return [
        Line(
            "check : pandas",
            "`check` of a branch office of 55 rows, wall",
            against,
            1.6,
            check.wall,
            pandas.wall,
            "s",
            floors=floors,
        ),
        Line(
            "rehearsal : pandas",
            "`load --sandbox` of it, wall",
            against,
            3,
            rehearsal.wall,
            pandas.wall,
            "s",
            floors=(*floors, Floor("importing httpx, starlette and uvicorn", server.wall)),
        ),
    ]


def help_page(context: Context) -> list[Line]:
    """`--help`, of the processor."""
    empty, click, ours = _in_turn(
        context,
        ("pass", _python("pass")),
        ("import click", _python("import click")),
        ("--help", [COMMAND, "--help"]),
    )
    mine, other, floor = (each.cpu * 1000 for each in (ours, empty, click))
    return [
        Line(
            "--help : python",
            "`xlsx2opeasy --help`",
            "`python -c pass`",
            3,
            mine,
            other,
            "ms",
            floors=(Floor("`python -c 'import click'`", floor),),
        )
    ]


def _in_turn(
    context: Context,
    *commands: tuple[str, Sequence[str]],
    env: dict[str, str] | None = None,
    before: Before = lambda: None,
) -> list[Figures]:
    found = measure_commands(
        *(command for _, command in commands), runs=context.sizes.start_runs, env=env, before=before
    )
    for (name, _), figures in zip(commands, found, strict=True):
        context.tell(f"{name}: {figures.wall:.3f} s wall, {figures.cpu:.3f} s processor")
    return found
