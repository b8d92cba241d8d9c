"""The obvious build, to be measured against: pandas and openpyxl read, pandera checks, json writes.

It does less than ours: no rules by command, no messages at cells, no look at what Excel hides.
"""

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa

from xlsx2opeasy.spec.rules import Digits, MaxLength, OneOf
from xlsx2opeasy.spec.users import USERS

_CHUNK = 1000


def build(workbook: Path, folder: Path) -> None:
    """Reads, checks and converts a workbook of Users into files of a thousand tasks."""
    frame = pd.read_excel(workbook, engine="openpyxl", dtype=str, keep_default_na=False)
    _schema(list(frame.columns)).validate(frame, lazy=True)
    tasks = [_task(row) for row in frame.to_dict("records")]
    for start in range(0, len(tasks), _CHUNK):
        text = json.dumps({"tasks": {"Users": tasks[start : start + _CHUNK]}})
        (folder / f"tasks-{start // _CHUNK:05}.json").write_text(text, encoding="utf-8")


def _schema(columns: list[str]) -> pa.DataFrameSchema:
    fields = {each.name: each for each in USERS.fields}
    named = {name: pa.Column(str, _checks(fields[name].rules)) for name in columns if name in fields}
    return pa.DataFrameSchema({"command": pa.Column(str, pa.Check.isin(USERS.command_names)), **named})


def _checks(rules: tuple[Any, ...]) -> list[pa.Check]:
    checks = []
    for rule in rules:
        if isinstance(rule, MaxLength):
            checks.append(pa.Check.str_length(max_value=rule.limit))
        elif isinstance(rule, Digits):
            checks.append(pa.Check.str_matches(r"^[0-9]*$"))
        elif isinstance(rule, OneOf):
            words = "|".join(re.escape(word) for word in rule.values)
            checks.append(pa.Check.str_matches(f"^(?i:{words})?$"))
    return checks


def _task(row: dict[Any, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for name, text in row.items():
        if text and name != "command":
            *parents, key = name.split(".")
            place = content
            for parent in parents:
                place = place.setdefault(parent, {})
            place[key] = text.split(";") if key == "servicePacks" else text
    return {"command": row["command"], "content": content}
