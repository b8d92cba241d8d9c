"""Which field each header of a list probably means, and a mapping to correct that says so."""

import difflib
import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.importing.delimited import SHEET, read_delimited
from xlsx2opeasy.ooxml.limits import USUAL
from xlsx2opeasy.spec.catalogue import COMMAND_HEADER, TASK_TYPES, task_type_of_sheet
from xlsx2opeasy.spec.model import TaskType, folded
from xlsx2opeasy.spec.outcomes import RESULT_COLUMNS
from xlsx2opeasy.workbook.reading import SEARCHED_ROWS
from xlsx2opeasy.workbook.reading.child import ALL_SHEETS
from xlsx2opeasy.workbook.reading.reader_process import read_apart
from xlsx2opeasy.workbook.reading.source import read_source
from xlsx2opeasy.workbook.reading.task_sheet import top_rows

DELIMITED: Final = (".csv", ".tsv", ".tab", ".txt")
"""Endings of names of lists that are delimited text."""

_USER: Final = (
    *("e mail", "email", "mail", "login", "user", "user id"),
    *("username", "upn", "benutzer", "courriel"),
)
_CALLED: Final[dict[str, tuple[str, ...]]] = {
    COMMAND_HEADER: ("action", "operation", "task", "what to do"),
    "groupId": ("group", "site", "location", "branch", "office", "gruppe", "standort"),
    "userProfile": ("profile", "user type", "profil"),
    "user.userId": _USER,
    "userId": _USER,
    "agentId": ("agent", "e mail", "email", "mail", "login", "user", "user id"),
    "user.firstName": ("first", "first name", "given name", "forename", "vorname", "prenom"),
    "user.lastName": ("last", "last name", "surname", "family name", "nachname", "name", "nom"),
    "user.emailAddress": ("contact mail", "contact e mail", "notification mail"),
    "user.department": ("department", "dept", "abteilung", "cost center", "service"),
    "user.phoneNumber": (
        "phone",
        "phone number",
        "did",
        "ddi",
        "telephone",
        "tel",
        "number",
        "telefon",
        "rufnummer",
    ),
    "phoneNumbers": (
        "phone",
        "phone number",
        "did",
        "ddi",
        "range",
        "number",
        "numbers",
        "rufnummer",
        "telephone",
    ),
    "user.mobileNumber": ("mobile", "cell", "cell phone", "handy", "portable"),
    "user.extension": ("ext", "extension", "durchwahl", "short number", "nebenstelle", "poste"),
    "user.userPassword": ("password", "initial password", "passwort", "kennwort"),
    "user.voicePortalPasscode": ("pin", "passcode", "voicemail pin", "voice mail pin"),
    "user.servicePacks": ("service packs", "services", "service pack", "licence", "license"),
    "user.title": ("title", "job title", "position"),
    "user.timeZone": ("time zone", "timezone", "zeitzone"),
    "user.language": ("language", "sprache", "langue"),
    "user.zipPostalCode": ("zip", "zip code", "postal code", "postcode", "plz"),
    "user.stateProvince": ("state", "province"),
    "user.addressLine1": ("address", "street"),
    "device.name": ("device", "device name", "phone name"),
    "device.type": ("model", "phone model", "device type", "device model", "modell"),
    "device.macAddress": ("mac", "mac id", "mac address", "hardware address"),
    "device.linePort": ("line port", "lineport", "sip user"),
    "device.physicalLocation": ("room", "desk", "raum", "physical location"),
    "callCenterInfo[0].callCenterId": ("queue", "call center", "call centre", "acd"),
    "callCenterInfo[0].skillLevel": ("skill", "skill level"),
    "callRecording.recordCall": ("recording", "record", "record calls"),
    "callforwarding.callFwdAllNumber": ("forward to", "forwarding", "cfa", "destination"),
    "callforwarding.callFwdAllActive": ("forward", "forwarding active"),
    "activated": ("active", "activated"),
}
"""Field -> what people call it, in small letters without punctuation."""
_NEAR: Final = 0.84
_SAMPLES: Final = 3


@dataclass(frozen=True)
class ListSheet:
    """One list: its sheet, its headers in their order, the task type that fits best, and fields by header.

    `samples` are a few of the values below a header, in a workbook.
    """

    title: str
    headers: tuple[str, ...]
    task_type: TaskType
    suggested: dict[str, str]
    samples: dict[str, tuple[str, ...]] = field(default_factory=dict)


def lists_of(file: Path) -> list[ListSheet]:
    """The lists in a workbook or a text file with their suggestions; sheets without headers are left out.

    Raises WorkbookUnusable where the file cannot be read, or holds no list.
    """
    if file.suffix.lower() in DELIMITED:
        found = [best_fit(SHEET, read_delimited(file).headers)]
    else:
        found = list(_lists_in(file))
    if not found:
        raise WorkbookUnusable(
            f"{file} has no list with headers of its own", "task sheets need no mapping: xlsx2opeasy check"
        )
    return found


def _lists_in(file: Path) -> Iterator[ListSheet]:
    source = read_source(file, USUAL)
    raw = read_apart(source.data, file.name, USUAL, (ALL_SHEETS,))
    for sheet in raw.sheets:
        if task_type_of_sheet(sheet.title) is None and sheet.disorder is None:
            rows = top_rows(sheet)
            fits = {
                number: best_fit(sheet.title, list(row.values()))
                for number, row in rows.items()
                if number <= SEARCHED_ROWS
            }
            if fits:
                header = max(
                    fits, key=lambda number: (len(fits[number].suggested), len(fits[number].headers))
                )
                yield replace(fits[header], samples=_samples(rows, header))


def _samples(rows: Mapping[int, Mapping[int, str]], header: int) -> dict[str, tuple[str, ...]]:
    below = [row for number, row in rows.items() if number > header]
    found = {}
    for column, name in rows[header].items():
        values = dict.fromkeys(row[column] for row in below if column in row)
        found[name] = tuple(values)[:_SAMPLES]
    return found


def best_fit(title: str, headers: Sequence[str]) -> ListSheet:
    """The list as tasks of the type for which most of its headers have a suggestion."""
    own = tuple(header for header in headers if header.strip() and folded(header) not in _RESULTS)
    fits = [ListSheet(title, own, each, suggestions(own, each)) for each in TASK_TYPES]
    return max(fits, key=lambda fit: len(fit.suggested))


_RESULTS: Final = frozenset(map(folded, RESULT_COLUMNS))


def suggestions(headers: Sequence[str], task_type: TaskType) -> dict[str, str]:
    """The probable field by header; no field twice, and none for a header that nothing is near to."""
    names = _names(task_type)
    found: dict[str, str] = {}
    for exact in (True, False):  # so that a header that is only near takes no other's field
        for header in headers:
            name = None if header in found else _meant(header, names, task_type, exact=exact)
            if name is not None and name not in found.values():
                found[header] = name
    return {header: found[header] for header in headers if header in found}


def _names(task_type: TaskType) -> dict[str, str]:
    """Field by what it is called, its own last word included."""
    names = {COMMAND_HEADER: COMMAND_HEADER}
    for each in task_type.fields:
        names.setdefault(_plain(each.name.rpartition(".")[2]), each.name.replace("[n]", "[0]"))
    for name, called in _CALLED.items():
        if name == COMMAND_HEADER or task_type.column(name) is not None:
            names |= dict.fromkeys(called, name)
    return names


def _meant(header: str, names: dict[str, str], task_type: TaskType, *, exact: bool) -> str | None:
    if (column := task_type.column(header)) is not None:
        return column.name
    plain = _plain(header)
    if exact:
        return names.get(plain)
    near = difflib.get_close_matches(plain, names, n=1, cutoff=_NEAR)
    return names[near[0]] if near else None


def _plain(text: str) -> str:
    """Small letters and single blanks: `E-Mail:` and `eMail` are `e mail`."""
    spaced = "".join(
        f" {letter}" if letter.isupper() and before.islower() else letter
        for before, letter in zip(" " + text, text, strict=False)
    )
    return " ".join("".join(each if each.isalnum() else " " for each in spaced.casefold()).split())


def mapping_text(file: Path, lists: Sequence[ListSheet]) -> str:
    """A mapping of these lists in TOML, with what is left to decide as comments."""
    several = len(lists) > 1
    lines = [
        f"# Which field each header of {file.name} means. Correct the lines, and delete what must not be",
        "# loaded; then: xlsx2opeasy check LIST.xlsx --mapping THIS_FILE.toml. Fields: xlsx2opeasy fields",
    ]
    for each in lists:
        lines += ["", *(["[[sheets]]"] if several else []), *_sheet_lines(each, "sheets." if several else "")]
    return "\n".join(lines) + "\n"


def _sheet_lines(each: ListSheet, prefix: str) -> Iterator[str]:
    left = [header for header in each.headers if header not in each.suggested]
    commands = ", ".join(each.task_type.command_names)
    yield f"sheet = {_quoted(each.title)}"
    yield f"task_type = {_quoted(each.task_type.name)}"
    if left:
        yield "# Headers without a suggestion. To leave them out, remove the # of the next line:"
        yield f"# ignore = [{', '.join(map(_quoted, left))}]"
    yield ""
    yield f"[{prefix}columns]"
    for header, name in each.suggested.items():
        yield f"{_quoted(header)} = {_quoted(name)}"
    for header in left:
        yield f'# {_quoted(header)} = ""'
    yield ""
    yield f"[{prefix}constants]"
    if COMMAND_HEADER not in each.suggested.values():
        yield from textwrap.wrap(
            f"The command of every row, one of {commands}:", 100, initial_indent="# ", subsequent_indent="# "
        )
        yield f'# command = "{each.task_type.command_names[0]}"'
    if each.task_type.column("groupId") and "groupId" not in each.suggested.values():
        yield '# groupId = "Dallas"'


def _quoted(text: str) -> str:
    """A TOML basic string, whose escapes are those of JSON."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
