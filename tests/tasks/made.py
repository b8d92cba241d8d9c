"""Tasks made at random from the catalogue, right ones only, in their canonical spelling."""

import unicodedata
from typing import Any

from hypothesis import strategies as st

from check.good_rows import GOOD
from xlsx2opeasy.spec.catalogue import BY_NAME
from xlsx2opeasy.spec.model import Field, Kind, TaskType
from xlsx2opeasy.spec.rules import Between, MaxItems, MaxLength, OneOf

Made = tuple[TaskType, dict[str, Any]]
ODD = [
    "=1+1",
    "+1-214",
    "-5",
    "@x",
    "0101",
    "1e5",
    "2026-11-22",
    "TRUE",
    "_x0041_",
    "{=A1}",
    "#N/A",
    "'quoted",
    "a;b",
    '"a"',
    "http://x",
]
UNIQUE = {
    "user.userId",
    "device.name",
    "device.linePort",
    "device.accessUserName",
    "user.phoneNumber",
    "user.extension",
}
EXACT = ("Id", "Ids", "Number", "phoneNumbers", "supervisors", "userProfile", "servicePacks", "LinePort")
LONGEST_ITEM_LIST = 4


def seen(text: str) -> bool:
    return (
        bool(text)
        and text == text.strip()
        and text != '""'
        and all(
            each == " "
            or not (each.isspace() or unicodedata.category(each) in ("Cf", "Cc", "Cs", "Co", "Cn", "Zs"))
            for each in text
        )
    )


FREE = st.sampled_from(ODD) | st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=30
).filter(seen)


def texts_of(field: Field, row: int) -> st.SearchStrategy[str]:
    rules = [rule for rule in field.rules if not isinstance(rule, MaxItems)]
    if field.name in UNIQUE:
        unique = {
            "user.userId": f"person.{row}@example.com",
            "user.phoneNumber": f"21455501{row:02}",
            "user.extension": f"{row:04}",
        }
        return st.just(unique.get(field.name, f"thing-{row}"))
    for rule in rules:
        if isinstance(rule, OneOf) and not rule.open:
            return st.sampled_from(rule.values)
    if field.name.endswith(EXACT) or not all(isinstance(rule, MaxLength) for rule in rules):
        return st.just(field.example.partition(";")[0])
    limit = min((rule.limit for rule in rules if isinstance(rule, MaxLength)), default=99)
    return FREE.filter(lambda text: len(text) <= limit)


@st.composite
def value_of(draw: st.DrawFn, field: Field, row: int, *, clearable: bool) -> Any:
    match field.kind:
        case Kind.BOOLEAN:
            return draw(st.booleans())
        case Kind.INTEGER:
            between = next(rule for rule in field.rules if isinstance(rule, Between))
            return draw(st.integers(between.low, between.high))
        case Kind.TEXTS:
            most = next((rule.limit for rule in field.rules if isinstance(rule, MaxItems)), LONGEST_ITEM_LIST)
            return draw(st.lists(texts_of(field, row), min_size=0, max_size=most))
        case _:
            return draw(st.just("") | texts_of(field, row)) if clearable else draw(texts_of(field, row))


@st.composite
def tasks(draw: st.DrawFn) -> list[Made]:
    made = []
    for row in range(draw(st.integers(1, 6))):
        type_name, command = draw(st.sampled_from(sorted(GOOD)))
        if command.startswith("Sync"):
            continue
        made.append(draw(one_task(BY_NAME[type_name], command, row)))
    return made or [(BY_NAME["Users"], {"command": "SyncDeletedTeamsUsers", "content": {}})]


@st.composite
def one_task(draw: st.DrawFn, of: TaskType, command: str, row: int) -> Made:
    needed = {name.replace("[0]", "[n]") for name in GOOD[(of.name, command)]}
    content: dict[str, Any] = {}
    objects: dict[str, int] = {}
    for field in of.fields:
        if command not in field.commands or (field.name not in needed and not draw(st.booleans())):
            continue
        if field.object_list is None:
            put(content, field.wire_name, draw(value_of(field, row, clearable=field.name not in needed)))
            continue
        count = objects.setdefault(field.object_list, draw(st.integers(1, 3)))
        for number in range(count):
            place = field.wire_name.replace("[n]", f".{number}")
            put(content, place, draw(value_of(field, row, clearable=False)))
    return of, {"command": command, "content": lists(content)}


def put(content: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for parent in parents:
        content = content.setdefault(parent, {})
    content[last] = value


def lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if node and all(key.isdecimal() for key in node):
        return [lists(node[key]) for key in sorted(node, key=int)]
    return {key: lists(value) for key, value in node.items()}
