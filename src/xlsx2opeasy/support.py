"""An archive of one job for whoever helps: how it went, without secrets and without what the workbook says.

Everything in it is on a list of what may be in it, so that a fact that is new to the program stays out until
somebody has thought of it.
"""

import io
import json
import platform
import re
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path, PurePath
from typing import Any, Final

from xlsx2opeasy.errors import LocalFailure, Xlsx2OpeasyError
from xlsx2opeasy.load.job.facts import JobFacts, JobRow, read_facts, read_rows
from xlsx2opeasy.load.job.journal import Record
from xlsx2opeasy.load.job.store import WORKBOOK, StoredJob
from xlsx2opeasy.load.results.outcomes import read_outcomes
from xlsx2opeasy.settings.resolved import Flags, resolve
from xlsx2opeasy.spec.catalogue import BY_NAME

_LIBRARIES: Final = ("httpx", "numpy", "openpyxl", "pandas", "pandera", "psycopg", "pyarrow", "XlsxWriter")
_SHOWN_SETTINGS: Final = frozenset({"profile", "chunk_tasks", "chunk_bytes"})
"""Settings whose values are in the archive; of all others only where they come from."""
_RECORDED: Final = frozenset(
    {
        "verdict",
        "http",
        "id",
        "request_id",
        "attempt",
        "operation",
        "scheduled",
        "counts",
        "before",
        "expect",
        "status",
        "chunk",
        "size",
    }
)
"""Details of the journal's records that are numbers, ids of the server, or words of the protocol."""
_PLAIN_TEXT: Final = re.compile(r"[A-Za-z0-9_-]{0,80}")
_LONGEST_CODE: Final = 4
_USUAL_PARTS: Final = frozenset(
    {"workbook", "sheet", "styles", "sharedStrings", "theme", "rels", "ContentTypes", "table", "app", "core"}
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One file of the archive: its name, what is in it, and its text."""

    name: str
    about: str
    text: str


def pieces(stored: StoredJob) -> list[Piece]:
    """What the archive of a job holds, to be shown before it is written.

    What cannot be read is named in its place. Raises LocalFailure where the job itself is damaged.
    """
    facts = read_facts(stored)
    rows = read_rows(stored, facts)
    found = {
        "versions.json": ("versions of this program, Python, the system and libraries", _json(_versions())),
        "settings.json": ("where each setting comes from; values of chunk sizes only", _json(_settings())),
        "job.json": ("when, which version, how many rows, operations and chunks", _json(_job(facts))),
        "rows.json": ("rows of each sheet and command, counted by result", _rows(stored, rows)),
        "journal.jsonl": ("each request and answer: kind, time, status, ids; no texts", _journal(stored)),
        "workbook.json": ("parts of the workbook and their sizes; no cell", _json(_shape(stored, facts))),
    }
    return [Piece(name, about, text) for name, (about, text) in found.items()]


def archive(stored_pieces: Sequence[Piece]) -> bytes:
    """The archive (ZIP) of these pieces, and a list of them."""
    content = io.BytesIO()
    listed = "".join(f"{each.name}: {each.about}\n" for each in stored_pieces)
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("README.txt", f"What is in this archive:\n\n{listed}")
        for each in stored_pieces:
            package.writestr(each.name, each.text)
    return content.getvalue()


def _json(value: Any) -> str:  # noqa: ANN401
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def _versions() -> dict[str, Any]:
    return {
        "xlsx2opeasy": metadata.version("xlsx2opeasy"),
        "python": sys.version.split()[0],
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "libraries": dict(_installed()),
    }


def _installed() -> Iterator[tuple[str, str]]:
    for name in _LIBRARIES:
        try:
            yield name, metadata.version(name)
        except metadata.PackageNotFoundError:
            continue


def _settings() -> list[dict[str, Any]]:
    try:
        found = resolve(Flags())
    except Xlsx2OpeasyError as error:
        return [{"error": type(error).__name__}]
    return [
        {
            "setting": each.name if "." not in each.name else each.name.partition(".")[0],
            "set": each.value is not None,
            "from": "config.toml" if each.keys else each.origin.partition(" ")[0],
            **({"value": each.value} if each.name in _SHOWN_SETTINGS else {}),
        }
        for each in found
    ]


def _job(facts: JobFacts) -> dict[str, Any]:
    return {
        "job": facts.job,
        "created": facts.created,
        "made by": facts.tool_version,
        "format": facts.schema_version,
        "rehearsal": facts.rehearsal,
        "workbook ends in": PurePath(facts.workbook).suffix.lower(),
        "results ends in": PurePath(facts.output).suffix.lower(),
        "drop rejected": facts.drop_rejected,
        "keep": facts.keep,
        "canary": facts.canary,
        "failures allowed": facts.failures_allowed,
        "rules allowed": list(facts.allowed),
        "lists with headers of their own": len(facts.mapping),
        "fields that [wire] renames": len(facts.wire_names),
        "operations": [
            {
                "number": phase.number,
                "tasks": phase.tasks,
                "chunks": [{"bytes": each.bytes, "counts": dict(each.counts)} for each in phase.chunks],
            }
            for phase in facts.phases
        ],
    }


def _rows(stored: StoredJob, rows: Sequence[JobRow]) -> str:
    """Counts; the person's own names of sheets become numbers."""
    try:
        outcomes = _outcomes(stored)
    except LocalFailure as failure:
        return _json({"error": type(failure).__name__})
    titles = {title: number for number, title in enumerate(dict.fromkeys(row.sheet for row in rows), 1)}
    counts: Counter[tuple[int, str, str, int, str, str]] = Counter()
    for row in rows:
        outcome, code = outcomes.get((row.sheet, row.row), (row.outcome, ""))
        command = row.command if row.command in BY_NAME[row.type].command_names else ""
        counts[titles[row.sheet], row.type, command, row.phase, outcome, code] += 1
    names = ("sheet", "type", "command", "operation", "result", "code")
    return _json([dict(zip(names, key, strict=True)) | {"rows": count} for key, count in counts.items()])


def _outcomes(stored: StoredJob) -> dict[tuple[str, int], tuple[str, str]]:
    """Result and error code by sheet and row, as far as they are kept; a code is a short word."""
    found: dict[tuple[str, int], tuple[str, str]] = {}
    for sheet, row, _, outcome, code, _ in read_outcomes(stored):
        found[sheet, row] = outcome, code if len(code) <= _LONGEST_CODE and code.isdecimal() else ""
    return found


def _journal(stored: StoredJob) -> str:
    try:
        records = stored.read_journal()
    except LocalFailure as failure:
        return json.dumps({"error": type(failure).__name__}) + "\n"
    return "".join(json.dumps(_record(each), ensure_ascii=False) + "\n" for each in records)


def _record(record: Record) -> dict[str, Any]:
    return {
        "seq": record.seq,
        "at": record.at,
        "kind": record.kind,
        "operation": record.phase,
        "call": record.call,
        "answers": record.answers,
        "detail": {name: _plain(value) for name, value in record.detail.items() if name in _RECORDED},
        "left out": sorted(name for name in record.detail if name not in _RECORDED),
    }


def _plain(value: Any) -> Any:  # noqa: ANN401
    """A number, a short word without blanks, or counts of these; anything else is only named."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str) and _PLAIN_TEXT.fullmatch(value):
        return value
    if isinstance(value, Mapping) and all(name in BY_NAME for name in value):
        return {name: _plain(each) for name, each in value.items()}
    return f"({type(value).__name__} left out)"


def _shape(stored: StoredJob, facts: JobFacts) -> dict[str, Any]:
    shape: dict[str, Any] = {"task sheets": len(facts.sheets), "header rows": sorted(facts.sheets.values())}
    if not stored.exists(WORKBOOK):
        return shape | {"copy": "removed: the job is finished"}
    try:
        with zipfile.ZipFile(io.BytesIO(stored.read(WORKBOOK))) as package:
            parts = [
                {"part": _part(each.filename), "bytes": each.file_size, "packed": each.compress_size}
                for each in package.infolist()
            ]
    except LocalFailure:
        return shape | {"copy": "it cannot be read"}
    except (OSError, zipfile.BadZipFile):
        return shape | {"copy": "no package: protected with a password, or damaged"}
    return shape | {"parts": parts}


def _part(name: str) -> str:
    """Folder and kind of a part; its own name, which another program chose, only where it is a usual one."""
    path = Path(name)
    usual = "".join(each for each in path.stem if each.isalpha() and each.isascii())
    return f"{usual if usual in _USUAL_PARTS else 'other'}{path.suffix if len(path.suffix) <= 6 else ''}"
