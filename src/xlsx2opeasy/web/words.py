"""Words of the page: counts, times, the states of jobs, and commands of messages as controls of the page."""

import math
import re
from collections.abc import Mapping
from datetime import datetime
from itertools import takewhile
from typing import Final

from xlsx2opeasy.job_model import parse_time
from xlsx2opeasy.load.jobs.listing import LocalJob
from xlsx2opeasy.settings.resolved import Value

COUNT_WORDS: Final = {
    "succeeded": ("succeeded", "SUCCESS"),
    "failed": ("failed", "FAILED"),
    "rejected": ("rejected", "REJECTED"),
    "invalid": ("invalid", "INVALID"),
    "notSent": ("not sent", "NOT SENT"),
    "running": ("running", "RUNNING"),
    "unknown": ("unknown", "UNKNOWN"),
    "skipped": ("skipped, as they succeeded before", "EARLIER"),
}
"""The counts of `load --json` in words, and what such a row's Result says."""

_STATES: Final = {
    "completed": ("done", "good"),
    "completedWithErrors": ("done, with errors", "warn"),
    "rejected": ("rejected by the server", "bad"),
    "invalid": ("invalid workbook", "bad"),
    "unknown": ("undecided", "unknown"),
    "abandoned": ("given up", "calm"),
    "running": ("running", "calm"),
}
_COMMANDS = (
    "abandon|check|completion|config|convert|doctor|fields|help|import|init|jobs|load|login|map|operations|plan"
    "|queue|report|resume|rules|sandbox|scheduled|store|support|template|undo|web|webex|webhooks|worker"
)
_OPTIONS = (
    "again|all|allow|api-key-file|ca-bundle|canary|chunk-bytes|enterprise-id|force|large|mapping|not-scheduled"
    "|notify|on-rejected|output|port|profile|sandbox|sandbox-state|scheduled-id|skip-invalid|stop-after|undecided"
    "|url|webex|webhook-url|workbook-password-file"
)
_COMMAND = re.compile(rf"xlsx2opeasy (?:{_COMMANDS})\b(?: (?:'[^']*'|\"[^\"]*\"|[^\s;,)]+))*")
_TYPED = re.compile(rf"\0|--(?:{_OPTIONS})\b|\b(?:XLSX2OPEASY|OPEASY|WEBEX)_[A-Z_]+")
"""What is typed into a terminal, after commands became NUL."""
_IN_PARENTHESES = re.compile(r" ?\([^()]*\)")
_OF_OPTION = re.compile(rf" (?:of|for) --(?:{_OPTIONS})\b")
_CONDITION = re.compile(r"(?:if|or|then|where)\b", re.IGNORECASE)
_CALL = re.compile(r" ?\((?:GET|POST|PATCH|DELETE) /v1/[^()\s]*?(?:, (\d{3}))?\)")
"""The call of a sentence about the server, and the status of its answer."""
_LABELLED = re.compile(r"([A-Z][A-Za-z ]*?) *: (.+)", re.DOTALL)
_LEADING = re.compile(r"^(?:else|or|then) ", re.IGNORECASE)
_RESULTS_IN = re.compile(r"; its results are in .*", re.DOTALL)
_ALLOWING = re.compile(r",? or allow the rule [a-z-]+(?:, which leaves it out)?")
_CERTIFICATE = re.compile(r"give its file(?:: --ca-bundle or OPEASY_CA_BUNDLE| with --ca-bundle)")


def counted(number: int, noun: str) -> str:
    """`1 row`, `1,234 rows`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def counts_in_words(counts: Mapping[str, int]) -> list[tuple[str, str, int]]:
    """`55 succeeded`, the Result of such rows, and the number, for every count that is not 0."""
    return results_in_words({result: counts.get(name, 0) for name, (_, result) in COUNT_WORDS.items()})


def results_in_words(numbers: Mapping[str, int], left: int = 0) -> list[tuple[str, str, int]]:
    """The same of numbers by Result; `left` rows have none yet."""
    words = [(words, result, numbers.get(result, 0)) for words, result in COUNT_WORDS.values()]
    return [
        (f"{number:,} {said}", result, number)
        for said, result, number in (*words, ("still to come", "OPEN", left))
        if number
    ]


def state_of(job: LocalJob) -> tuple[str, str]:
    """The state of a job in words, and how it is coloured."""
    if job.load_status is None:
        return "cannot be read", "bad"
    if job.runs_at_server:
        return "running at the server", "calm"
    if job.rehearsal and job.load_status not in _STATES:
        return "broken off", "warn"
    return _STATES.get(job.load_status, ("unfinished", "warn"))


def plain(message: str) -> str:
    """A message without what is typed into a terminal, found in folders or called at the server.

    Of a clause that names a command, an option or a variable the parts before it are kept, unless they say
    only when that is to be typed.
    """
    text = _CERTIFICATE.sub("ask whoever installed this program to name its file", message)
    text = _RESULTS_IN.sub("", without_allowing(text))
    text = _CALL.sub(lambda call: f" ({call[1]})" if call[1] else "", text)
    text = _COMMAND.sub("\0", _OF_OPTION.sub("", text))
    text = _IN_PARENTHESES.sub(lambda found: "" if _TYPED.search(found[0]) else found[0], text)
    clauses = [_untyped(each) for each in re.split(r"(?<=[;.]) |\n\s*", text)]
    return _LEADING.sub("", " ".join(filter(None, clauses)), count=1).rstrip(":;, ")


def laid_out(message: str) -> list[tuple[str, str]]:
    """Label and text of each line of a message, without what is typed; the label is "" where there is none.

    Lines that are indented belong to the one before.
    """
    lines = []
    for line in re.split(r"\n(?=\S)", message):
        labelled = _LABELLED.fullmatch(line) if "\n" in message else None
        label, text = labelled.groups() if labelled else ("", line)
        lines.append((label, plain(text)))
    return [each for each in lines if each[1]]


def without_allowing(text: str) -> str:
    """A problem without the offer to allow its rule, which is made in a profile."""
    return _ALLOWING.sub("", text)


def _untyped(clause: str) -> str:
    if not _TYPED.search(clause):
        return clause
    kept = list(takewhile(lambda part: not _TYPED.search(part), clause.split(", ")))
    return "" if not kept or _CONDITION.match(kept[0]) else ", ".join(kept) + ";"


def source_in_words(value: Value) -> str:
    """Where a setting comes from."""
    if value.keys:
        return "kept on this machine"
    if value.origin.startswith("option "):
        return "in force until the program ends"
    if value.origin.startswith("environment variable "):
        return "set in the environment of this machine"
    return value.origin


def time_in_words(seconds: float) -> str:
    """`40 seconds`, `3 minutes`, `2 hours`: rounded up."""
    for size, noun in ((3600, "hour"), (60, "minute")):
        if seconds > 2 * size:
            return counted(math.ceil(seconds / size), noun)
    return counted(max(1, math.ceil(seconds)), "second")


def when(text: str | datetime | None) -> str:
    """A time as people read it, in the zone of this machine."""
    time = parse_time(text) if isinstance(text, str) else text
    return f"{time.astimezone():%Y-%m-%d %H:%M}" if time else ""
