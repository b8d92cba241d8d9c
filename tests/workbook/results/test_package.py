"""Packages: every entry is taken over as it is, whatever zip feature wrote it; harmful ones are refused."""

import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.package import open_package
from xlsx2opeasy.ooxml.package_copy import copy_package

from .books import FAILED, MAIN, SHEET, book, compressed, contents, part, sheet_xml, write

MACROS = b"\xd0\xcf\x11\xe0 macros" * 100


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return book(
        tmp_path / "book.xlsm", sheet_xml(), {"xl/vbaProject.bin": MACROS, "xl/médi\u00e4/ü.png": b"\x89PNG"}
    )


def rewritten(path: Path, change: dict[str, dict[str, object]] | None = None, comment: bytes = b"") -> None:
    """Writes the package anew with zip features of other writers."""
    parts = contents(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.comment = comment
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name, (2019, 5, 17, 13, 37, 58))
            entry.compress_type = zipfile.ZIP_DEFLATED
            for key, value in (change or {}).get(name, {}).items():
                setattr(entry, key, value)
            archive.writestr(entry, content)


def test_entries_keep_bytes_order_times_attributes_and_comments(source: Path) -> None:
    rewritten(
        source,
        {
            "xl/vbaProject.bin": {
                "compress_type": zipfile.ZIP_STORED,
                "comment": b"of an entry",
                "external_attr": 0o600 << 16,
            },
            "xl/workbook.xml": {"extra": struct.pack("<HH4s", 0xA220, 4, b"grow"), "create_system": 0},
            SHEET: {"comment": b"of the sheet", "compress_type": zipfile.ZIP_STORED},
        },
        b"of the archive",
    )
    written = write(source, {2: FAILED})
    before, after = compressed(source), compressed(written.target)
    assert {name for name in after if before.get(name) != after[name]} == set(written.changed_parts)
    with zipfile.ZipFile(source) as one, zipfile.ZipFile(written.target) as other:
        assert other.comment == b"of the archive"
        for old, new in zip(one.infolist(), other.infolist(), strict=False):
            for key in (
                "filename",
                "date_time",
                "comment",
                "extra",
                "external_attr",
                "internal_attr",
                "create_system",
            ):
                assert getattr(old, key) == getattr(new, key)
            if old.filename not in written.changed_parts:
                assert (old.compress_type, old.CRC) == (new.compress_type, new.CRC)


def test_data_descriptors_and_zip64_records_are_understood(source: Path) -> None:
    parts = contents(source)

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise io.UnsupportedOperation

        def tell(self) -> int:
            raise io.UnsupportedOperation

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as entry:
                entry.write(content)
    source.write_bytes(pipe.getvalue())
    with zipfile.ZipFile(source) as archive:
        assert all(entry.flag_bits & 0x8 for entry in archive.infolist())
    written = write(source, {2: FAILED})
    before, after = contents(source), contents(written.target)
    assert {name for name in after if before.get(name) != after[name]} == set(written.changed_parts)


def test_macros_stay_and_the_extension_too(source: Path) -> None:
    target = write(source, {2: FAILED}).target
    assert target.suffix == ".xlsm"
    assert contents(target)["xl/vbaProject.bin"] == MACROS


def test_bytes_before_the_package_are_refused(source: Path) -> None:
    source.write_bytes(b"#!/bin/sh\n" + source.read_bytes())
    assert "bytes before it" in refusal(source)


def test_a_copy_without_changes_has_the_same_parts(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.xlsm"
    with open_package(source) as package, target.open("w+b") as file:
        copy_package(package, file, {}, {})
    assert contents(target) == contents(source)
    assert compressed(target) == compressed(source)


def test_no_results_change_no_part(source: Path) -> None:
    written = write(source, {})
    assert written.changed_parts == ()
    assert compressed(written.target) == compressed(source)


def refusal(source: Path) -> str:
    before = sorted(each.name for each in source.parent.iterdir())
    with pytest.raises(WorkbookUnusable) as refused:
        write(source, {2: FAILED})
    assert sorted(each.name for each in source.parent.iterdir()) == before
    return refused.value.message


def test_a_signed_package_is_refused(source: Path) -> None:
    signature = "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature/origin"
    relations = part(source, "_rels/.rels")
    link = f'<Relationship Id="s" Type="{signature}" Target="_xmlsignatures/origin.sigs"/></Relationships>'
    book(source, sheet_xml(), {"_rels/.rels": relations.replace("</Relationships>", link)})
    assert "signed" in refusal(source)


def test_what_is_no_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_text("command,user.userId\n")
    assert "not an .xlsx workbook" in refusal(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    assert "not an .xlsx" in refusal(path)
    with pytest.raises(WorkbookUnusable, match="does not exist"):
        write(tmp_path / "missing.xlsx", {2: FAILED})


def test_a_sheet_that_stands_twice_is_refused(source: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(source, "a") as archive:
        archive.writestr(SHEET, sheet_xml())
    assert "twice" in refusal(source)


def test_a_missing_part_is_refused(source: Path) -> None:
    book(source, sheet_xml(), sheet_target="worksheets/sheet9.xml")
    assert "lacks its part xl/worksheets/sheet9.xml" in refusal(source)


def test_a_damaged_sheet_is_refused(source: Path) -> None:
    rewritten(source, {SHEET: {"compress_type": zipfile.ZIP_STORED}})
    data = source.read_bytes()
    source.write_bytes(data.replace(b"AddUser", b"AddUsee"))
    assert "damaged" in refusal(source)


def test_a_sheet_with_any_byte_wrong_is_refused(source: Path) -> None:
    with zipfile.ZipFile(source) as archive:
        entry = archive.getinfo(SHEET)
    assert entry.compress_type == zipfile.ZIP_DEFLATED
    data = source.read_bytes()
    start = entry.header_offset + 30 + len(SHEET)
    assert zlib.decompress(data[start : start + entry.compress_size], -15)
    for place in range(start, start + entry.compress_size, 3):
        source.write_bytes(data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :])
        assert refusal(source)


def test_overlapping_entries_are_refused(source: Path) -> None:
    with zipfile.ZipFile(source) as archive:
        first, second = archive.infolist()[:2]
    data = bytearray(source.read_bytes())
    offset = struct.pack("<L", second.header_offset)
    place = data.rindex(offset)
    data[place : place + 4] = struct.pack("<L", first.header_offset)
    source.write_bytes(data)
    assert "overlap" in refusal(source) or "damaged" in refusal(source)


def test_an_encrypted_sheet_is_refused(source: Path) -> None:
    data = bytearray(source.read_bytes())
    with zipfile.ZipFile(source) as archive:
        place = archive.getinfo(SHEET).header_offset
    data[place + 6] |= 1
    central = data.rindex(SHEET.encode()) - 46
    data[central + 8] |= 1
    source.write_bytes(data)
    assert "encrypted" in refusal(source)


def test_a_workbook_without_its_main_part_is_refused(source: Path) -> None:
    relations = part(source, "_rels/.rels")
    book(source, sheet_xml(), {"_rels/.rels": relations.replace("xl/workbook.xml", "xl/workbook.bin")})
    assert "lacks its part xl/workbook.bin" in refusal(source)


def test_an_invalid_relationships_part_is_refused(source: Path) -> None:
    book(source, sheet_xml(), {"xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{MAIN}">'})
    assert "no valid XML" in refusal(source)
