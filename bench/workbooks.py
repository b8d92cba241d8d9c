"""The workbooks to measure with: Users, texts in shared strings, rows and styles as Excel writes them.

Written as XML directly: a library for it would take longer than everything that is measured.
"""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

from openpyxl.utils import get_column_letter

from xlsx2opeasy.spec.users import USERS


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns beside the command, and the command of every row; without one all commands occur."""

    names: tuple[str, ...]
    command: str = ""


WIDE = Layout(
    (
        "groupId",
        "user.userId",
        "user.lastName",
        "user.firstName",
        "user.department",
        "user.clidLastName",
        "user.clidFirstName",
        "user.clidPhoneNumber",
        "user.phoneNumber",
        "user.phoneNumberActivation",
        "user.extension",
        "user.userPassword",
        "user.emailAddress",
        "user.voicePortalPasscode",
        "user.endpointType",
        "user.vmTranscription",
        "user.servicePacks",
        "user.callPickupGroup",
        "user.language",
        "user.timeZone",
        "user.title",
        "user.mobileNumber",
        "user.addressLocation",
        "user.addressLine1",
        "user.addressLine2",
        "user.city",
        "user.stateProvince",
        "user.zipPostalCode",
        "user.country",
        "device.name",
        "device.level",
        "device.type",
        "device.linePort",
        "device.template",
        "device.templateLevel",
        "device.physicalLocation",
        "device.macAddress",
        "device.vlanId",
        "device.description",
    )
)
"""40 columns, which an AddUserDevice row fills all."""

NARROW = Layout(("groupId", "user.userId", "user.lastName"), "AddUser")
"""4 columns, all of them filled."""

MODIFY = Layout(
    (
        "groupId",
        "user.userId",
        "user.lastName",
        "user.firstName",
        "user.department",
        "user.clidLastName",
        "user.clidFirstName",
        "user.clidPhoneNumber",
        "user.phoneNumber",
        "user.extension",
        "user.userPassword",
        "user.emailAddress",
        "user.title",
        "user.mobileNumber",
        "user.addressLine1",
        "user.city",
        "user.stateProvince",
        "user.zipPostalCode",
        "user.country",
    ),
    "ModifyUser",
)
"""20 columns, all of them filled."""

_UNIQUE = {
    "user.userId": "user{n:07}@example.com",
    "user.phoneNumber": "+1214{n:07}",
    "user.clidPhoneNumber": "1214{n:07}",
    "user.extension": "{n:07}",
    "user.userPassword": "Sample-Passw0rd-{n}",
    "user.emailAddress": "mail{n:07}@example.com",
    "device.name": "DAL-6930-{n:07}",
    "device.linePort": "214{n:07}.primary",
    "device.macAddress": "{n:012X}",
}
_POOLS = {"user.lastName": 1000, "user.firstName": 400, "user.department": 40, "user.addressLine1": 200}
_FEW = 12
_FREE_TEXTS = {
    "groupId",
    "user.department",
    "user.lastName",
    "user.firstName",
    "user.clidLastName",
    "user.clidFirstName",
    "user.callPickupGroup",
    "user.title",
    "user.addressLocation",
    "user.addressLine1",
    "user.addressLine2",
    "user.city",
    "device.template",
    "device.physicalLocation",
    "device.description",
}
_RARE = ("DeleteUser", "DeleteDevice", "DeleteUserAndDevices", "SuspendUser", "RestoreUser")
_LAST = ("SyncAddedModifiedTeamsUsers", "SyncDeletedTeamsUsers")
_FIELDS = {each.name: each for each in USERS.fields}

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
        f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_TYPE}.sharedStrings+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'<workbook {_MAIN} xmlns:r="{_OFFICE}">'
        '<sheets><sheet name="Users" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/>'
        f'<Relationship Id="rId3" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
    ),
    "xl/styles.xml": (
        f'<styleSheet {_MAIN}><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        '<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs>'
        "</styleSheet>"
    ),
}
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_BLOCK = 2000
_SPREAD = 7919
"""Spreads wrong rows over all commands: no factor of 1000."""


@dataclass
class _Strings:
    """The shared strings: each text once, in the order of its first use."""

    places: dict[str, int] = field(default_factory=dict)
    used: int = 0

    def place(self, text: str) -> int:
        self.used += 1
        return self.places.setdefault(text, len(self.places))

    def xml(self) -> Iterator[bytes]:
        yield f'{_XML}<sst {_MAIN} count="{self.used}" uniqueCount="{len(self.places)}">'.encode()
        texts = list(self.places)
        for start in range(0, len(texts), _BLOCK):
            block = texts[start : start + _BLOCK]
            yield "".join(f"<si><t>{escape(text)}</t></si>" for text in block).encode()
        yield b"</sst>"


def make_workbook(
    path: Path, rows: int, *, wrong: float = 0.0, narrow: bool = False, modify: bool = False
) -> Path:
    """A workbook of so many task rows, a share of them `wrong` (0 to 1); made once, then taken as it is.

    It has 40 columns, or, as NARROW or MODIFY, fewer and one command.
    """
    if path.exists():
        return path
    layout = NARROW if narrow else MODIFY if modify else WIDE
    path.parent.mkdir(parents=True, exist_ok=True)
    part, strings = path.with_suffix(".part"), _Strings()
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as package:
        for name, text in _PARTS.items():
            package.writestr(name, _XML + text)
        with package.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as stream:
            for block in _sheet(rows, wrong, layout, strings):
                stream.write(block)
        with package.open("xl/sharedStrings.xml", "w", force_zip64=True) as stream:
            for block in strings.xml():
                stream.write(block)
    return part.replace(path)


def _sheet(rows: int, wrong: float, layout: Layout, strings: _Strings) -> Iterator[bytes]:
    columns = ["command", *layout.names]
    last = get_column_letter(len(columns))
    yield f'{_XML}<worksheet {_MAIN}><dimension ref="A1:{last}{rows + 1}"/><sheetData>'.encode()
    letters = {name: get_column_letter(number) for number, name in enumerate(columns, 1)}
    yield _row(1, {name: name for name in columns}, letters, strings).encode()
    for start in range(0, rows, _BLOCK):
        block = []
        for n in range(start, min(rows, start + _BLOCK)):
            command = layout.command or _command(n, rows)
            cells = {"command": command} | {name: _value(name, n) for name in _of(command, layout.names)}
            if n * _SPREAD % 1000 < 1000 * wrong:
                _spoil(cells, n)
            block.append(_row(n + 2, cells, letters, strings))
        yield "".join(block).encode()
    yield b"</sheetData></worksheet>"


def _command(n: int, rows: int) -> str:
    """The command of row `n`: 15 of 20 are AddUserDevice, and all of the Appendix's occur."""
    if n >= rows - len(_LAST):
        return _LAST[n - rows + len(_LAST)]
    others = {15: "AddUser", 16: "ModifyUser", 17: "AddDevice", 18: "ModifyDevice", 19: _RARE[n // 20 % 5]}
    return others.get(n % 20, "AddUserDevice")


_USED: dict[tuple[str, tuple[str, ...]], list[str]] = {}


def _of(command: str, names: tuple[str, ...]) -> list[str]:
    """The columns that a command fills."""
    key = command, names
    if key not in _USED:
        _USED[key] = [name for name in names if command in _FIELDS[name].commands]
    return _USED[key]


def _value(name: str, n: int) -> str:
    if name in _UNIQUE:
        return _UNIQUE[name].format(n=n)
    if name in _FREE_TEXTS:
        return f"{name.rpartition('.')[2]} {n % _POOLS.get(name, _FEW)}"
    return _FIELDS[name].example


def _spoil(cells: dict[str, str], n: int) -> None:
    """One cell of the row breaks a rule; which one differs from row to row."""
    name = ("user.extension", "device.macAddress", "user.city")[n % 3]
    spoiled = {"user.extension": f"12A{n}", "device.macAddress": f"00:08:zz:{n}", "user.city": "x" * 51}
    if name in cells:
        cells[name] = spoiled[name]
    else:
        cells["command"] = "AddUsr"


def _row(number: int, cells: dict[str, str], letters: dict[str, str], strings: _Strings) -> str:
    made = "".join(
        f'<c r="{letters[name]}{number}" t="s"><v>{strings.place(text)}</v></c>'
        for name, text in cells.items()
    )
    return f'<row r="{number}" spans="1:{len(letters)}">{made}</row>'
