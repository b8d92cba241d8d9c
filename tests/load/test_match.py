"""Matching the server's tasks with ours: laws, and no more time than sorting needs."""

import copy
import random
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlsx2opeasy.load.run.match import match
from xlsx2opeasy.masking import SecretFields

USERS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), max_size=12)


def task(user: int, title: int) -> dict[str, Any]:
    return {"command": "ModifyUser", "content": {"user": {"userId": f"u{user}", "title": f"t{title}"}}}


@given(users=USERS, seed=st.integers(0, 999), enriched=st.booleans())
def test_a_shuffled_list_is_matched_whole_whatever_the_server_adds(
    users: list[tuple[int, int]], seed: int, enriched: bool
) -> None:
    ours = [task(*each) for each in users]
    theirs = copy.deepcopy(ours)
    random.Random(seed).shuffle(theirs)
    for each in theirs if enriched else ():
        each["content"]["groupId"] = "Dallas"
        each["content"]["user"]["extension"] = "1"
    found = match("Users", ours, theirs, {})
    assert found.complete
    assert sorted(each for each in found.pairs if each is not None) == list(range(len(ours)))
    for index, other in enumerate(found.pairs):
        assert other is not None
        assert theirs[other]["content"]["user"].items() >= ours[index]["content"]["user"].items()


@given(users=USERS, lost=st.integers(0, 11))
def test_what_is_missing_or_strange_is_never_matched(users: list[tuple[int, int]], lost: int) -> None:
    ours = [task(*each) for each in users]
    theirs = [each for index, each in enumerate(ours) if index != lost]
    strange = task(99, 99)
    found = match("Users", ours, [*theirs, strange], {})
    assert found.pairs.count(None) == (lost < len(ours))
    assert found.foreign == (len(theirs),)


def test_identical_rows_are_matched_in_their_order() -> None:
    ours = [task(1, 1)] * 3
    assert match("Users", ours, copy.deepcopy(ours), {}).pairs == (0, 1, 2)


def test_a_fuller_row_is_not_robbed_by_an_emptier_one() -> None:
    bare = {"command": "ModifyUser", "content": {"user": {"userId": "u1"}}}
    theirs = [
        {"command": "ModifyUser", "content": {"groupId": "D", "user": {"userId": "u1", "title": "t1"}}},
        {"command": "ModifyUser", "content": {"groupId": "D", "user": {"userId": "u1"}}},
    ]
    assert match("Users", [bare, task(1, 1)], theirs, {}).pairs == (1, 0)


def test_secret_values_are_neither_compared_nor_shown_also_under_another_wire_name() -> None:
    mine = {"command": "AddUser", "content": {"user": {"userId": "u1", "login": {"pass": "Canary-1"}}}}
    its = {"command": "AddUser", "content": {"user": {"userId": "u1", "login": {"pass": "***"}}}}
    wire_names = {"user.userPassword": "user.login.pass"}
    assert match("Users", [mine], [its], wire_names).complete
    assert not match("Users", [mine], [its], {}).complete
    secrets = SecretFields("Users", wire_names)
    assert "Canary" not in str(secrets.masked(mine["content"]))
    assert secrets.hidden_in("pass Canary-1 is weak", mine["content"]) == "pass ******** is weak"


@pytest.mark.parametrize(
    "strange",
    [
        {"user": {"userPassword": {"new": "Canary-1"}}},
        {"user": {"USERPASSWORD": "Canary-1"}},
        {"user": {"login": {"PASS": "Canary-1"}}},
        {"login": [{"Pass": ["Canary-1"]}]},
        {"other": {"sessionToken": {"value": ["Canary-1", {"kind": "Canary-1"}]}}},
        {"other": {"voicePortalPasscode": [["Canary-1"]]}},
        {"device": {"dect112Info": {"HandsetInfo": [{"RegistrationCode": "Canary-1"}]}}},
    ],
    ids=str,
)
def test_what_stands_under_the_name_of_a_secret_is_masked_in_any_shape_and_case(
    strange: dict[str, Any],
) -> None:
    secrets = SecretFields("Users", {"user.userPassword": "user.login.pass"})
    assert "Canary" not in str(secrets.masked(strange))
    assert secrets.hidden_in("Canary-1 is weak", strange) == "******** is weak"


def test_what_is_no_secret_stays_also_below_a_renamed_name_that_sounds_secret() -> None:
    content = {"tokens": {"userId": "u1", "pin": 7}, "user": {"hasPassword": True, "title": None}}
    secrets = SecretFields("Users", {"user.userId": "tokens.userId"})
    assert secrets.masked(content) == content
    assert SecretFields("Users", {}).masked(content) == content | {"tokens": "********"}


def test_many_shuffled_and_enriched_results_take_no_square_of_time() -> None:
    ours = [task(number, number) for number in range(20_000)]
    theirs = copy.deepcopy(ours)
    for each in theirs:
        each["content"]["groupId"] = "Dallas"
    random.Random(1).shuffle(theirs)
    began = time.process_time()
    assert match("Users", ours, theirs, {}).complete
    assert time.process_time() - began < 60  # about 1 s; comparing each with each takes minutes
