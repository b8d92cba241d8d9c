"""`xlsx2opeasy doctor`: what is wrong with the connection, and what to do about it."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, NoReturn

import click

from xlsx2opeasy.cli.options import JSON, connection_options
from xlsx2opeasy.cli.output import say_json, say_styled
from xlsx2opeasy.display import on_terminal
from xlsx2opeasy.settings.resolved import Flags

if TYPE_CHECKING:
    from xlsx2opeasy.diagnosis import Finding

WORST_FIRST = (5, 4, 2)
_MARKS = {"ok": ("✓", "ok", "green"), "warning": ("!", "!", "yellow"), "failed": ("✗", "FAILED", "red")}
_INDENT = 16


@click.command(name="doctor")
@JSON
@connection_options
def command(flags: Flags, *, as_json: bool) -> NoReturn:
    """Look for what is wrong: settings, network, certificate, clock, API key, rights, disk.

    Nothing is changed, here or at the server. It ends with 0 where a load could begin.

    \b
    Examples:
      xlsx2opeasy doctor
      xlsx2opeasy doctor --profile acme
    """
    from xlsx2opeasy.cli.questions import dialog
    from xlsx2opeasy.diagnosis import diagnose

    found = diagnose(flags, dialog())
    codes = {each.exit_code for each in (_as_json(found) if as_json else _shown(found))}
    raise SystemExit(next((code for code in WORST_FIRST if code in codes), 0))


def _as_json(findings: "Iterable[Finding]") -> "list[Finding]":
    all_found = list(findings)
    names = ("name", "status", "message", "hint")
    say_json({"checks": [{name: getattr(each, name) for name in names} for each in all_found]})
    return all_found


def _shown(findings: "Iterable[Finding]") -> "list[Finding]":
    """Each as soon as it is there: some wait for the network."""
    all_found = []
    for each in findings:
        all_found.append(each)
        sign, word, colour = _MARKS.get(each.status, ("-", "-", ""))
        mark = click.style(sign if _can_be_shown(sign) else word, fg=colour or None)
        say_styled(f"{mark} {each.name + ':':{_INDENT - 2}}{on_terminal(each.message)}")
        if each.hint and each.status in ("warning", "failed"):
            say_styled(f"{'':{_INDENT}}-> {on_terminal(each.hint)}")
    return all_found


def _can_be_shown(sign: str) -> bool:
    """Whether the terminal's or pipe's encoding has the sign."""
    try:
        sign.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
