"""Any sequence of calls on operations leaves the server as the specification's rules say."""

import itertools
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from xlsx2opeasy.sandbox.serve import serve_in_thread

from .session import Session, add_user

_users = itertools.count(1)
COUNTS = st.tuples(st.integers(0, 3), st.integers(0, 2))


@dataclass
class Expected:
    """What an operation must be: its valid tasks and validation errors, and how far it has come."""

    id: str
    valid: int
    invalid: int
    scheduled_id: str | None = None
    was_scheduled: bool = False
    deleted: bool = False


def some_tasks(counts: tuple[int, int]) -> dict[str, list[dict[str, Any]]]:
    valid, invalid = counts
    good = [add_user(f"john.doe{next(_users)}@example.com") for _ in range(valid)]
    return {"Users": good + [add_user("short@example.com") for _ in range(invalid)]}


class Operations(RuleBasedStateMachine):
    """Calls in any order, and a plain model of what each must answer."""

    operations = Bundle("operations")

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        sandbox = self.stack.enter_context(serve_in_thread())
        self.session = Session(sandbox, "enterprise")
        self.stack.callback(self.session.http.close)
        self.all: list[Expected] = []

    def teardown(self) -> None:
        assert not self.session.sandbox.truth.crashes
        self.stack.close()

    @rule(target=operations, counts=COUNTS)
    def create(self, counts: tuple[int, int]) -> Any:
        operation = Expected(self.session.new(some_tasks(counts)), *counts)
        self.all.append(operation)
        return multiple(operation)

    @rule(operation=operations, counts=COUNTS)
    def append(self, operation: Expected, counts: tuple[int, int]) -> None:
        answer = self.session.append(operation.id, some_tasks(counts))
        if operation.deleted:
            assert answer.status_code == 404
        elif operation.was_scheduled:
            assert answer.status_code == 400
        else:
            assert answer.status_code == 200
            operation.valid += counts[0]
            operation.invalid += counts[1]

    @rule(operation=operations)
    def delete_one_error(self, operation: Expected) -> None:
        path = f"/v1/operations/{operation.id}/users/validationerrors"
        listed = self.session.http.get(path)
        if operation.deleted:
            assert listed.status_code == 404
        elif errors := listed.json()["Users"]:
            assert self.session.http.delete(f"{path}/{errors[0]['id']}").status_code == 204
            operation.invalid -= 1

    @rule(operation=operations)
    def schedule(self, operation: Expected) -> None:
        answer = self.session.schedule(operation.id)
        if operation.deleted:
            assert answer.status_code == 404
        elif operation.was_scheduled or operation.invalid:
            assert answer.status_code == 400
        else:
            assert answer.status_code == 202
            operation.scheduled_id = answer.json()["scheduledOperation"]["id"]
            operation.was_scheduled = True
            self.session.await_end(operation.scheduled_id)

    @rule(operation=operations)
    def delete_scheduled(self, operation: Expected) -> None:
        if operation.scheduled_id is not None:
            path = f"/v1/scheduledoperations/{operation.scheduled_id}"
            assert len(self.session.results(operation.scheduled_id, "Users")) == operation.valid
            assert [self.session.http.delete(path).status_code for _ in range(2)] == [204, 404]
            operation.scheduled_id = None

    @rule(operation=operations)
    def delete(self, operation: Expected) -> None:
        answer = self.session.http.delete(f"/v1/operations/{operation.id}")
        if operation.deleted:
            assert answer.status_code == 404
        elif operation.scheduled_id is not None:
            assert answer.status_code == 400
        else:
            assert answer.status_code == 204
            operation.deleted = True

    @invariant()
    def counts_agree(self) -> None:
        for operation in self.all:
            answer = self.session.http.get(f"/v1/operations/{operation.id}")
            assert answer.status_code == (404 if operation.deleted else 200)
            if not operation.deleted:
                users = answer.json()["tasks"]["Users"]
                errors = users.get("validationErrors", {"size": 0})["size"]
                assert (users["size"], errors) == (operation.valid, operation.invalid)

    @invariant()
    def what_was_scheduled_ran_once(self) -> None:
        ran = len(self.session.sandbox.truth.applied)
        assert ran == sum(each.valid for each in self.all if each.was_scheduled)


Operations.TestCase.settings = settings(max_examples=15, stateful_step_count=25)
TestOperations = Operations.TestCase
