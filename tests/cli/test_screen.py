"""What a load leaves on a terminal and in a pipe: events through the screen, and the installed command."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from installed import COMMAND
from workbooks import write_workbook
from xlsx2opeasy.cli.screen import Screen
from xlsx2opeasy.load.events import (
    CallDelayed,
    ChunkAccepted,
    DraftVerified,
    Event,
    Notice,
    OperationScheduled,
    PhaseStarted,
    ResultsSaved,
    StatusSeen,
)

_STEERING = re.compile(rb"\x1b\[(\?)?([0-9;]*)([A-Za-z])")


def shown(written: bytes) -> list[str]:
    """The lines that stay on a terminal, for the steering that progress bars use."""
    rows: list[str] = [""]
    row = column = place = 0
    while place < len(written):
        if steering := _STEERING.match(written, place):
            number, letter = int(steering[2] or 1) if steering[2].isdigit() else 1, steering[3]
            row -= min(row, number) if letter == b"A" else 0
            if letter == b"K":
                rows[row] = "" if steering[2] == b"2" else rows[row][:column]
            place = steering.end()
            continue
        length = 1 + sum(written[place] >= limit for limit in (0xC0, 0xE0, 0xF0))
        sign = written[place : place + length].decode()
        place += length
        if sign == "\n":
            row += 1
            rows += [""] * (row + 1 - len(rows))
        elif sign == "\r":
            column = 0
        else:
            rows[row] = rows[row][:column].ljust(column) + sign + rows[row][column + 1 :]
            column += 1
    return [each.rstrip() for each in rows if each.strip()]


@pytest.mark.skipif(os.name == "nt", reason="There is no pseudo-terminal on Windows.")
def test_progress_that_is_over_leaves_no_line(tmp_path: Path) -> None:
    import pty

    book = write_workbook(
        tmp_path / "branch.xlsx",
        {"Users": "| command | groupId | user.userId |\n| AddUser | Dallas | john.doe@example.com |"},
    )
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm", COLUMNS="150")
        os.execv(COMMAND, [str(COMMAND), "load", str(book), "--sandbox"])
    written = b""
    try:
        while piece := os.read(terminal, 65536):
            written += piece
    except OSError:
        pass  # the other end is closed
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, written
    assert "reading and checking" in written.decode()
    assert "running" in written.decode()
    left = "\n".join(shown(written))
    assert "1 row checked" in left
    assert "1 result fetched" in left
    for over in ("reading and checking", "uploading", "comparing", "running", "completed", "━", "0:00:0"):
        assert over not in left, left


def said(capsys: pytest.CaptureFixture[str], *events: Event) -> list[str]:
    with Screen(quiet=False) as screen:
        for event in events:
            screen(event)
    out, err = capsys.readouterr()
    assert out == ""
    return err.splitlines()


def test_a_line_for_each_change_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    polls = [StatusSeen(1, each, 1.0) for each in ("pending", "pending", "processing", "completed")]
    assert said(
        capsys,
        PhaseStarted(1, "numbers first", 2, 1),
        ChunkAccepted(1, 1, 2),
        DraftVerified(1, "id", 1),
        OperationScheduled(1, "id"),
        *polls,
        CallDelayed("opeasy.example.com: busy", 2),
        CallDelayed("opeasy.example.com: busy", 120),
        CallDelayed("opeasy.example.com: busy", 121),
        ResultsSaved(1, 2),
        Notice("one [bold]thing"),
    ) == [
        "Operation 1 (numbers first): uploading 2 tasks",
        "Operation 1: uploaded and verified, 1 rejected by the server",
        "Operation 1: running",
        "Operation 1: pending",
        "Operation 1: processing",
        "Operation 1: completed",
        "note: opeasy.example.com: busy; trying again in 120 s",
        "Operation 1: 2 results fetched",
        "note: one [bold]thing",
    ]


def test_many_files_are_told_by_tenths_with_their_rate(capsys: pytest.CaptureFixture[str]) -> None:
    uploads = [ChunkAccepted(1, number, 1000) for number in range(1, 41)]
    lines = said(capsys, PhaseStarted(1, "", 40_000, 40), *uploads)
    assert [line.split(",")[0] for line in lines[1:]] == [
        f"Operation 1: {number} of 40 files" for number in range(4, 40, 4)
    ]
    assert all(line.endswith(" tasks a second") for line in lines[1:])


def test_an_operation_that_was_started_earlier_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, StatusSeen(2, "processing", 0.1)) == ["Operation 2: processing"]


def test_a_closed_terminal_stops_no_load(tmp_path: Path) -> None:
    code = (
        "import os, sys; from xlsx2opeasy.cli.screen import Screen; from xlsx2opeasy.load.events import Notice\n"
        "with Screen(quiet=False) as screen:\n"
        "    os.close(2); screen(Notice('one')); screen(Notice('two'))\n"
        "print('went on')"
    )
    done = subprocess.run([COMMAND.with_name("python"), "-c", code], capture_output=True, check=False)
    assert done.stdout == b"went on\n"
