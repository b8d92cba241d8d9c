"""How long the page keeps the password of a workbook."""

import time
from pathlib import Path

import pytest
from msoffcrypto.format.ooxml import OOXMLFile

from web.page import EXAMPLES
from xlsx2opeasy.settings.resolved import Flags
from xlsx2opeasy.web.desk import Desk
from xlsx2opeasy.web.uploads import USED_SECONDS, Upload
from xlsx2opeasy.workbook.protection import opens


@pytest.fixture
def desk(home: Path) -> Desk:
    return Desk(Flags())


def sealed(desk: Desk, password: str) -> Upload:
    """An upload whose password was typed."""

    def write(place: Path) -> None:
        with (EXAMPLES / "leavers.xlsx").open("rb") as plain, place.open("wb") as target:
            OOXMLFile(plain).encrypt(password, target)

    upload = desk.uploads.add("leavers.xlsx", write)
    assert not opens(upload.path, upload.name)
    assert opens(upload.path, upload.name, password)
    desk.checked(upload)
    return upload


def is_open(upload: Upload) -> bool:
    return upload.checked is not None and opens(upload.path, upload.name)


def test_a_password_is_forgotten_when_nobody_works_with_its_workbook_any_more(desk: Desk) -> None:
    left, worked_with = sealed(desk, "first"), sealed(desk, "second")
    desk.forget_passwords()
    assert is_open(left)
    left.used = time.monotonic() - USED_SECONDS - 1
    desk.forget_passwords()
    assert is_open(worked_with)
    assert left.checked is None
    assert not opens(left.path, left.name)
    with desk.uploads.next_revision(worked_with) as place:
        place.write_bytes(worked_with.path.read_bytes())
    desk.forget_passwords()
    assert opens(worked_with.path, worked_with.name)
