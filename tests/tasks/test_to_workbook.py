"""Tasks become a workbook that becomes the same tasks again; what no workbook can say is told with its place."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings

from xlsx2opeasy.check.checked import Checked
from xlsx2opeasy.errors import InvalidWorkbook, WorkbookUnusable
from xlsx2opeasy.importing.task_files import ParsedTask, ParsedTasks, read_task_file
from xlsx2opeasy.importing.workbook import TaskWorkbook, read_back, task_workbook, workbook_bytes
from xlsx2opeasy.spec.outcomes import Outcome, RowResult
from xlsx2opeasy.tasks.build import all_tasks

from .made import Made, tasks

SECRET = "Canary-Passw0rd"


def written(folder: Path, document: Any) -> Path:
    path = folder / "TASKS.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def imported(folder: Path, document: Any) -> TaskWorkbook:
    return task_workbook([read_task_file(written(folder, document))], results_are_notes=True)


def again(workbook: TaskWorkbook) -> tuple[Checked, dict[str, list[dict[str, Any]]]]:
    checked = read_back(workbook, workbook_bytes(workbook))
    by_type = defaultdict(list)
    for task in all_tasks(checked.sheets):
        by_type[task.type].append(task.as_sent())
    return checked, dict(by_type)


def told(workbook: TaskWorkbook) -> list[tuple[str, str]]:
    return [(each.place, each.words) for each in workbook.notes]


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(made=tasks())
def test_tasks_become_a_workbook_that_becomes_the_same_tasks(
    made: list[Made], tmp_path_factory: pytest.TempPathFactory
) -> None:
    document: dict[str, list[Any]] = defaultdict(list)
    for of, task in made:
        document[of.name].append(task)
    workbook = imported(tmp_path_factory.mktemp("law"), {"tasks": document})
    assert told(workbook) == []
    checked, found = again(workbook)
    assert checked.errors == ()
    assert found == document


def test_formulas_stay_texts_and_cells_are_marked_as_texts(tmp_path: Path) -> None:
    title = '=HYPERLINK("http://x","y")'
    content = {"user": {"userId": "john.doe@example.com", "title": title, "addressLine1": "_x0041_"}}
    path = tmp_path / "made.xlsx"
    path.write_bytes(
        workbook_bytes(imported(tmp_path, {"Users": [{"command": "ModifyUser", "content": content}]}))
    )
    (row,) = list(openpyxl.load_workbook(path)["Users"].iter_rows(min_row=2))
    cells = {cell.value: cell for cell in row}
    assert {cell.data_type for cell in row} == {"s"}
    assert cells[title].quotePrefix
    assert cells[title].number_format == "@"
    assert b"<f>" not in ZipFile(path).read("xl/worksheets/sheet1.xml")


def test_misspelt_paths_in_any_case_are_understood(tmp_path: Path) -> None:
    device = {"name": "d", "eriRecordName": "E", "audioCodesDeviceSettngs": {"SasRegistrar": "s.example.com"}}
    document = {
        "tasks": {
            "users": [{"command": "modifydevice", "content": {"device": device}}],
            "PhoneNumbers": [
                {"command": "Assign", "content": {"groupId": "G", "phoneNumbers": "1", "Activated": True}}
            ],
            "CallCenterAgent": [
                {"command": "Remove", "content": {"agentId": "a", "callCenterInfo": [{"CallCenterId": "c"}]}}
            ],
        }
    }
    workbook = imported(tmp_path, document)
    assert told(workbook) == []
    checked, found = again(workbook)
    assert checked.errors == ()
    assert found["Users"][0]["content"]["device"] == {
        "name": "d",
        "erlRecordName": "E",
        "audioCodesDeviceSettings": {"sasRegistrar": "s.example.com"},
    }
    inner = {"groupId": "G", "phoneNumbers": "1", "activated": True}
    assert found["PhoneNumbers"][0]["content"] == {"phoneNumbers": inner}
    assert found["CallCenterAgent"][0]["content"]["callCenterInfo"] == [{"callCenterId": "c"}]


MISFITS = [
    ({"user": {"shoeSize": 43}}, "content.user.shoeSize", "is no field of Users"),
    ({"user": {"tittle": "x"}}, "content.user.tittle", "is no field of Users; did you mean user.title?"),
    ({"user": {"extension": True}}, "content.user.extension", "is no text"),
    ({"user": "x"}, "content.user", "is no object"),
    (
        {"device": {"dect112Info": {"handsetInfo": "x"}}},
        "content.device.dect112Info.handsetInfo",
        "is no list of objects",
    ),
    ({"user": {"title": {"a": 1}}}, "content.user.title", "is no text"),
    ({"user": {"title": ["a"]}}, "content.user.title", "is no text"),
    ({"user": {"servicePacks": "a"}}, "content.user.servicePacks", "is no list of texts"),
    ({"user": {"servicePacks": ["a", 1]}}, "content.user.servicePacks", "is no list of texts"),
    (
        {"user": {"servicePacks": ["a", ""]}},
        "content.user.servicePacks",
        "has an item that is empty, which a workbook cannot say",
    ),
    ({"user": {"title": '""'}}, "content.user.title", 'is "", which in a workbook stands for an empty text'),
    (
        {"user": {"title": "a\u0001"}},
        "content.user.title",
        "has a character, or more characters, than a cell can hold",
    ),
    (
        {"user": {"title": "x" * 40_000}},
        "content.user.title",
        "has a character, or more characters, than a cell can hold",
    ),
    (
        {"device": {"dect112Info": {"handsetInfo": [{}]}}},
        "content.device.dect112Info.handsetInfo[0]",
        "is an empty object, which a workbook cannot say",
    ),
    (
        {"device": {"dect112Info": {"handsetInfo": ["x"]}}},
        "content.device.dect112Info.handsetInfo[0]",
        "is no object",
    ),
    (
        {"device": {"dect112Info": {"handsetInfo": []}}},
        "content.device.dect112Info.handsetInfo",
        "is an empty list of objects, which a workbook cannot say",
    ),
    (
        {"device": {"erlRecordName": "a", "eriRecordName": "b"}},
        "content.device.eriRecordName",
        "fills device.erlRecordName a second time",
    ),
]


@pytest.mark.parametrize(("content", "place", "words"), MISFITS)
def test_what_a_workbook_cannot_say_is_told_with_its_place(
    tmp_path: Path, content: Any, place: str, words: str
) -> None:
    workbook = imported(tmp_path, {"Users": [{"command": "ModifyUser", "content": content}]})
    assert [(each.place, each.words) for each in workbook.blocking_notes] == [
        (f"TASKS.json: Users[0].{place}", words)
    ]


UNDERSTOOD = [
    (
        {"user": {"extension": 101}},
        "content.user.extension",
        "is a number; it becomes a text",
        {"user": {"extension": "101"}},
    ),
    (
        {"user": {"useExistingPingAccount": "False"}},
        "content.user.useExistingPingAccount",
        "is a text; it becomes a boolean",
        {"user": {"useExistingPingAccount": False}},
    ),
    (
        {"device": None, "groupId": "G"},
        "content.device",
        "is null; the cell is left blank, so nothing is sent",
        {},
    ),
    ({"groupId": None}, "content.groupId", "is null; the cell is left blank, so nothing is sent", None),
    ({"device": {}}, "content.device", "is an empty object, which a workbook cannot say", {}),
]


@pytest.mark.parametrize(("content", "place", "words", "becomes"), UNDERSTOOD)
def test_what_is_understood_otherwise_than_it_stands_is_told_too(
    tmp_path: Path, content: dict[str, Any], place: str, words: str, becomes: dict[str, Any] | None
) -> None:
    base: dict[str, Any] = {"groupId": "G", "user": {"userId": "john.doe@example.com"}}
    given = base | content | {"user": base["user"] | content.get("user", {})}
    workbook = imported(tmp_path, {"Users": [{"command": "AddUser", "content": given}]})
    assert told(workbook) == [(f"TASKS.json: Users[0].{place}", words)]
    assert workbook.blocking_notes == ()
    checked, found = again(workbook)
    if becomes is None:
        assert [(problem.rule, problem.field) for problem in checked.errors] == [("required", "groupId")]
    else:
        user = base["user"] | becomes.get("user", {})
        assert found["Users"][0]["content"] == base | becomes | {"user": user}


SHAPES = [
    ({"Nonsense": []}, "TASKS.json: Nonsense", "is no type of task"),
    ({"User": []}, "TASKS.json: User", "is no type of task; did you mean Users?"),
    ({"tasks": {"Users": {"size": 1}}}, "TASKS.json: tasks.Users", "is no list of tasks"),
    ({"tasks": []}, "TASKS.json: tasks", "is no type of task"),
    ({"Users": ["x"]}, "TASKS.json: Users[0]", "is no object"),
    ({"Users": [{"content": {}}]}, "TASKS.json: Users[0].command", "is no text"),
    ({"Users": [{"command": " ", "content": {}}]}, "TASKS.json: Users[0].command", "is blank"),
    ({"Users": [{"command": "x", "content": []}]}, "TASKS.json: Users[0].content", "is no object"),
    (
        {"Users": [{"command": "x", "content": {}, "comment": "y"}]},
        "TASKS.json: Users[0].comment",
        "is no field of a task",
    ),
    (
        {"Users": [{"command": "x", "content": {}, "status": "MAYBE"}]},
        "TASKS.json: Users[0].status",
        "is neither SUCCESS nor FAILED",
    ),
    ({"items": [{"command": "x"}]}, "TASKS.json: items[0]", "has no type"),
    (
        {"pageSize": 1, "pageNumber": 0, "totalPages": 2, "totalItems": 2, "Users": []},
        "TASKS.json",
        "is one page of 2; the others are files of their own",
    ),
]


@pytest.mark.parametrize(("document", "place", "words"), SHAPES)
def test_files_of_another_shape_are_told_with_their_place(
    tmp_path: Path, document: Any, place: str, words: str
) -> None:
    assert told(imported(tmp_path, document)) == [(place, words)]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"tasks": {}, "tasks": {}}', b"\xff"])
def test_a_file_that_is_no_json_object_is_invalid(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "TASKS.json"
    path.write_bytes(content)
    with pytest.raises(InvalidWorkbook, match=r"TASKS\.json"):
        read_task_file(path)


def test_a_file_that_is_not_there_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(WorkbookUnusable, match=r"nothing\.json"):
        read_task_file(tmp_path / "nothing.json")


def test_downloads_of_results_and_validation_errors_keep_what_was_said(tmp_path: Path) -> None:
    task = {"command": "DeleteUser", "content": {"user": {"userId": "john.doe@example.com"}}}
    document = {
        "Users": [
            {**task, "status": "SUCCESS"},
            {**task, "status": "FAILED", "errorCode": 103, "errorDescription": "=no such user"},
            {"id": "e1", "validationErrors": ["too short", "too odd"], "task": task},
        ]
    }
    workbook = imported(tmp_path, document)
    assert told(workbook) == []
    (sheet,) = workbook.sheets
    assert [row.result for row in sheet.rows] == [
        RowResult(Outcome.SUCCESS),
        RowResult(Outcome.FAILED, "103", "=no such user"),
        RowResult(Outcome.REJECTED, "", "too short; too odd"),
    ]
    assert sheet.all_headers[-3:] == ("# Result", "# Error code", "# Error detail")
    checked, _ = again(workbook)
    assert {problem.rule for problem in checked.errors} == {"after-delete"}


def test_secrets_are_kept_and_masked_ones_are_left_blank_with_a_note(tmp_path: Path) -> None:
    def modify(number: int, password: str) -> dict[str, Any]:
        return {
            "command": "ModifyUser",
            "content": {"user": {"userId": f"john.doe{number}@example.com", "userPassword": password}},
        }

    workbook = imported(tmp_path, {"tasks": {"Users": [modify(1, SECRET), modify(2, "********")]}})
    (sheet,) = workbook.sheets
    assert sheet.rows[0].cells["user.userPassword"] == SECRET
    assert "user.userPassword" not in sheet.rows[1].cells
    assert [row.note for row in sheet.rows] == ["", "masked, and left blank: user.userPassword"]
    assert sheet.all_headers[-1] == "# note"
    _, found = again(workbook)
    assert found["Users"] == [
        modify(1, SECRET),
        {"command": "ModifyUser", "content": {"user": {"userId": "john.doe2@example.com"}}},
    ]


def test_columns_are_those_that_are_used_in_the_catalogues_order(tmp_path: Path) -> None:
    info = [
        {"callCenterId": "a@example.com", "supervisors": ["x;y", "z"]},
        {"callCenterId": "b@example.com", "supervisors": ["v", "w"], "join": False},
    ]
    content = {"callCenterInfo": info, "agentId": "a"}
    (sheet,) = imported(tmp_path, {"CallCenterAgent": [{"command": "Assign", "content": content}]}).sheets
    assert sheet.all_headers == (
        "command",
        "agentId",
        "callCenterInfo[0].callCenterId",
        "callCenterInfo[0].supervisors[0]",
        "callCenterInfo[0].supervisors[1]",
        "callCenterInfo[1].callCenterId",
        "callCenterInfo[1].join",
        "callCenterInfo[1].supervisors",
    )


def test_the_configurations_wire_names_are_understood(tmp_path: Path) -> None:
    task = ParsedTask(
        imported(tmp_path, {"Users": [{"command": "x"}]}).sheets[0].task_type,
        "DeleteUser",
        {"user": {"id": "x"}},
        "it",
    )
    assert task_workbook([ParsedTasks([task])]).blocking_notes
    (sheet,) = task_workbook([ParsedTasks([task])], {"user.userId": "user.id"}).sheets
    assert sheet.rows[0].cells == {"user.userId": "x"}
