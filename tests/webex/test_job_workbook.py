"""The workbook of jobs: real dates and durations, texts that are no formulas, whole or not at all."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.job_model import Job
from xlsx2opeasy.webex.job_workbook import write_jobs

from .items import EXAMPLE, JUST_STARTED, NUMBER_MOVE, USER_MOVE


def utc(*parts: int) -> datetime:
    """A time as Excel has it: without a zone."""
    return datetime(*parts, tzinfo=UTC).replace(tzinfo=None)


def sheet_of(path: Path, title: str) -> list[dict[str, Any]]:
    head, *rows = openpyxl.load_workbook(path)[title].iter_rows()
    return [{str(name.value): cell for name, cell in zip(head, row, strict=True)} for row in rows]


def test_jobs_executions_and_steps(tmp_path: Path) -> None:
    path = tmp_path / "jobs.xlsx"
    write_jobs(path, [Job.from_json(each) for each in (EXAMPLE, JUST_STARTED, NUMBER_MOVE, USER_MOVE)])
    first, started, numbers, users = sheet_of(path, "Jobs")
    assert first["Created (UTC)"].value == utc(2022, 8, 15, 12, 54, 50, 350_000)
    assert first["Created (UTC)"].is_date
    assert first["Duration"].value == timedelta(seconds=11, milliseconds=393)
    assert first["Devices"].value == 23
    assert first["Location customizations"].value is False
    assert first["Id"].value == EXAMPLE["id"]
    assert started["Devices"].value is None
    assert "numbersMoved 7" in numbers["Counts"].value
    assert users["Exit code"].value == "COMPLETED_WITH_PENDING_ORDERS"
    assert users["CSV file expires (UTC)"].value == utc(2022, 9, 15, 12, 54, 50, 350_000)
    execution, step, just_started = sheet_of(path, "Executions and steps")
    assert execution["Started (UTC)"].value == utc(2022, 8, 15, 12, 54, 50, 380_000)
    assert step["Step name"].value == "calldevicesettingsOverrideProcess"
    assert step["Duration"].value == timedelta(seconds=11, milliseconds=393)
    assert just_started["Status"].value == "STARTING"


@pytest.mark.parametrize(
    ("sent", "stands"),
    [
        ('=HYPERLINK("http://evil.example")', '=HYPERLINK("http://evil.example")'),
        ("+1", "+1"),
        ("#N/A", "#N/A"),
        ("{=1}", "{=1}"),
        ("a\x00b\x1b[0m\ud800", "a\\u{0000}b\\u{001B}[0m\\u{D800}"),
        ("_x0041_", "_x0041_"),
        ("x" * 40_000, None),
        ("http://evil.example/", "http://evil.example/"),
    ],
)
def test_texts_stay_texts(tmp_path: Path, sent: str, stands: str | None) -> None:
    path = tmp_path / "jobs.xlsx"
    write_jobs(path, [Job.from_json({"id": sent, "jobExecutionStatus": [{"createdTime": sent}]})])
    cell = sheet_of(path, "Jobs")[0]["Id"]
    assert cell.data_type == "s"
    assert cell.quotePrefix
    assert cell.hyperlink is None
    if stands is None:
        assert len(cell.value) <= 32_767
        assert cell.value.endswith("characters]")
    else:
        assert cell.value.replace("_x005F_", "_") == stands
    assert sheet_of(path, "Executions and steps")[0]["Created (UTC)"].data_type == "s"


def test_times_that_excel_has_not_stand_as_text(tmp_path: Path) -> None:
    path = tmp_path / "jobs.xlsx"
    execution = {"createdTime": "1800-01-01T00:00:00Z", "timeElapsed": "P1Y"}
    write_jobs(path, [Job.from_json({"instanceId": 10**17, "jobExecutionStatus": [execution]})])
    job = sheet_of(path, "Jobs")[0]
    assert job["Created (UTC)"].data_type == "s"
    assert job["Instance"].value == str(10**17)
    assert sheet_of(path, "Executions and steps")[0]["Duration"].value == "P1Y"


def test_no_jobs_make_a_workbook_too(tmp_path: Path) -> None:
    path = tmp_path / "jobs.xlsx"
    write_jobs(path, [])
    assert sheet_of(path, "Jobs") == []


def test_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "jobs.xlsx"
    with pytest.raises(WorkbookUnusable):
        write_jobs(path, [])
    kept = tmp_path / "kept.xlsx"
    kept.mkdir()
    with pytest.raises(WorkbookUnusable):
        write_jobs(kept, [])
    assert [each.name for each in tmp_path.iterdir()] == ["kept.xlsx"]
