"""Lists of tasks, validation errors and results: page by page, or as a file where the server offers one."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeAlias, TypeVar

import orjson

from xlsx2opeasy.http.strict_json import BadAnswer, abridged, is_list_of, read_list
from xlsx2opeasy.opeasy import reading
from xlsx2opeasy.opeasy.caller import Caller
from xlsx2opeasy.opeasy.calls import FILE, Answer, ApiCall
from xlsx2opeasy.opeasy.errors import CallError, CallFailure, Classification, error_of
from xlsx2opeasy.opeasy.failures import misunderstood
from xlsx2opeasy.opeasy.models import Page, TaskResult

PAGE_SIZE: Final = 500

_NO_FILE: Final = frozenset({404, 406, 415})
"""Answers to the request for a file after which the pages are asked for."""

_Item = Mapping[str, Any]
_T = TypeVar("_T")
_K = TypeVar("_K")
Keep: TypeAlias = Callable[[Sequence[TaskResult], bool], _K]
"""Makes something of results; told whether they are of the tasks in their places: without contents then."""


def pages(caller: Caller, call: ApiCall, type_name: str, *, patient: bool = False) -> Iterator[Page]:
    """Every page of a list, asked for one after the other; page numbers begin from 0.

    Raises CallError where the pages do not belong together: another page than was asked for, totals that
    change, an empty page before the end, more or fewer items than were promised.
    """
    first: Page | None = None
    seen = number = 0
    while first is None or number < first.total_pages:
        page = _page(caller, call, type_name, number, patient)
        first = first or page
        if problem := _disagreement(first, page, number):
            raise _unreliable(call, problem)
        seen += len(page.items)
        yield page
        number += 1
    if seen != first.total_items:
        raise _unreliable(call, f"{seen} items came where {first.total_items} were promised")


def _page(caller: Caller, call: ApiCall, type_name: str, number: int, patient: bool) -> Page:
    query = {"pageSize": str(PAGE_SIZE), "pageNumber": str(number)}
    asking = replace(call, query=query)
    return caller.perform(asking, lambda answer: reading.page(answer.json(), type_name), patient=patient)


def _disagreement(first: Page, page: Page, number: int) -> str:
    if page.number != number:
        return f"page {number} was asked for and page {page.number} came"
    if (page.total_pages, page.total_items) != (first.total_pages, first.total_items):
        return "the totals changed from one page to the next"
    if not page.items and first.total_items:
        return f"page {number} of {first.total_pages} is empty"
    return ""


def _unreliable(call: ApiCall, problem: str) -> CallError:
    about = (call.endpoint.method, call.endpoint.path, call.request_id)
    reason = f"the pages do not belong together, {problem}"
    return error_of(CallFailure(Classification.UNKNOWN, *about, reason=reason))


class Listed(Collection[_T]):
    """The items of a list that the server gave as a file, each made again from its JSON when it is looked at.

    The JSON takes a fifth of the memory of the objects that are made of it.
    """

    def __init__(
        self, blocks: Sequence[bytes], size: int, answer: Answer, read: Callable[[_Item], _T]
    ) -> None:
        self._blocks = blocks
        self._size = size
        self._masked = replace(answer, body=b"").masked
        self._read = read

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[_T]:
        for block in self._blocks:
            yield from map(self._read, self._masked(orjson.loads(block)))

    def __contains__(self, item: object) -> bool:
        return any(each == item for each in self)


def whole(
    caller: Caller, call: ApiCall, type_name: str, read: Callable[[_Item], _T], *, patient: bool = False
) -> Collection[_T]:
    """A whole list: the file that the server makes of it, else its pages; each item as `read` understands it.

    Nothing of it is written to the disk, for tasks hold passwords. `patient` is for the pages: where there is
    no file yet there may be none at all. Raises CallError.
    """

    def read_file(answer: Answer) -> Collection[_T] | None:
        return _whole_file(answer, type_name, read)

    found = _file(caller, call, read_file, patient=patient)
    return tuple(of_pages(caller, call, type_name, read, patient=patient)) if found is None else found


def _whole_file(answer: Answer, type_name: str, read: Callable[[_Item], _T]) -> Collection[_T] | None:
    """The items of the file of a list; None where it is only one page of more."""
    size = 0

    def check(items: list[Any]) -> None:
        nonlocal size
        size += len(items)
        for item in items:
            read(reading.listed(item, type_name))

    blocks = read_list(answer.body, type_name, check)
    if blocks is not None:
        return Listed(blocks, size, answer, read)
    found = _items_of_file(answer.json(), type_name)
    return None if found is None else tuple(map(read, found))


def other_than(
    caller: Caller,
    call: ApiCall,
    type_name: str,
    read: Callable[[_Item], _T],
    lists: Callable[[], Iterable[bytes]],
) -> Collection[_T] | None:
    """The same; None where the server's file has the items of `lists` to the letter (`is_list_of`)."""
    same = False

    def read_file(answer: Answer) -> Collection[_T] | None:
        nonlocal same
        same = is_list_of(answer.body, type_name, lists())
        return () if same else _whole_file(answer, type_name, read)

    found = _file(caller, call, read_file, patient=False)
    if same:
        return None
    return tuple(of_pages(caller, call, type_name, read)) if found is None else found


def kept(
    caller: Caller,
    call: ApiCall,
    type_name: str,
    keeping: Callable[[], Keep[_K]],
    sent: Callable[[], Iterable[tuple[str, bytes]]],
    *,
    patient: bool = False,
) -> list[_K]:
    """What is made of a whole list of results, some thousand of them at a time; else as `whole`.

    `keeping` begins with the first of them: again where they are looked at again. `sent` gives command and
    content, as JSON, of each task of the type as it was sent.
    """

    def read_file(answer: Answer) -> list[_K] | None:
        if (made := _kept_as_sent(answer, type_name, keeping(), sent())) is not None:
            return made
        made, keep = [], keeping()

        def check(items: list[Any]) -> None:
            objects = [reading.listed(item, type_name) for item in answer.masked(items)]
            made.append(keep([reading.task_result(item) for item in objects], False))

        if read_list(answer.body, type_name, check) is not None:
            return made
        found = _items_of_file(answer.json(), type_name)
        return None if found is None else [keeping()(tuple(map(reading.task_result, found)), False)]

    if (found := _file(caller, call, read_file, patient=patient)) is not None:
        return found
    results = tuple(of_pages(caller, call, type_name, reading.task_result, patient=patient))
    return [keeping()(results, False)]


def _kept_as_sent(
    answer: Answer, type_name: str, keep: Keep[_K], sent: Iterable[tuple[str, bytes]]
) -> list[_K] | None:
    """The same where the file has the results of `sent` in this order, their contents to the letter; or None.

    Such a content is read only where the server says something of it.
    """
    commands: list[str] = []

    def contents() -> Iterator[bytes]:
        for command, content in sent:
            commands.append(command)
            yield content

    if (found := abridged(answer.body, "content", contents())) is None:
        return None
    expected = zip(commands, found.begins, found.ends, strict=True)
    made: list[_K] = []
    alike: dict[tuple[str, str], TaskResult] = {}

    def result(item: Any) -> TaskResult:  # noqa: ANN401
        command, begin, end = next(expected, ("", 0, 0))
        item = reading.listed(item, type_name)
        if item.get("content") != found.word or item.get("command") != command:
            raise BadAnswer("it is of another task than the one in its place")
        if len(item) > 3:  # more than a status
            return reading.task_result({**item, "content": orjson.loads(answer.body[begin:end])})
        key = (command, str(item.get("status")))
        if key not in alike:
            alike[key] = reading.task_result({**item, "content": {}})
        return alike[key]

    def check(items: list[Any]) -> None:
        made.append(keep(list(map(result, answer.masked(items))), True))

    try:
        is_list = read_list(found.body, type_name, check) is not None
    except BadAnswer:
        return None
    return made if is_list and next(expected, None) is None else None


def _file(
    caller: Caller, call: ApiCall, read_file: Callable[[Answer], _T | None], *, patient: bool
) -> _T | None:
    """What is made of the file of a list; None where the server has none."""
    try:
        return caller.perform(replace(call, accept=FILE), read_file)
    except CallError as error:
        if error.http_status not in _NO_FILE and not (patient and error.http_status == 409):
            raise
        return None


def of_pages(
    caller: Caller, call: ApiCall, type_name: str, read: Callable[[_Item], _T], *, patient: bool = False
) -> Iterator[_T]:
    """The items of all pages, each as `read` understands it; raises CallError as `pages` does."""
    for page in pages(caller, call, type_name, patient=patient):
        try:
            yield from [read(item) for item in page.items]
        except BadAnswer as problem:
            raise misunderstood(call, Answer(200, b""), problem) from None


def _items_of_file(body: object, type_name: str) -> tuple[_Item, ...] | None:
    """The items of a file; None where it is only one page of more."""
    if not reading.is_paged(body):
        return reading.items(body, type_name)
    page = reading.page(body, type_name)
    is_all = page.number == 0 and page.total_pages <= 1 and page.total_items == len(page.items)
    return page.items if is_all else None
