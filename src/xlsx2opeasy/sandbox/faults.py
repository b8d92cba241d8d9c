"""Fault rules: what the server, or a network before it, is to do wrong, and at which call.

A rule is a line of three words, `CALL WHICH ACTION`:

    PATCH 2 drop-after                 the second PATCH is applied, but the answer never comes
    scheduleOperation 1 later:2        the first schedule call is cut, and applied two seconds later
    GET * status:503:1                 every GET is answered with 503 and Retry-After: 1
    appendTasks 2+ delay:0.5           from the second append on, each waits half a second, and is applied

CALL is an HTTP method, the name of an endpoint (`xlsx2opeasy.spec.endpoints`) or `*`. WHICH counts the calls
that fit CALL, from 1: `N`, `N-M`, `N+` or `*`. The first rule that hits a call decides; `ACTIONS` has the
actions.
"""

import re
from dataclasses import dataclass
from typing import Final

from xlsx2opeasy.spec.endpoints import BY_ENDPOINT_NAME

ACTIONS: Final[dict[str, str]] = {
    "drop-before": "cuts the connection; the call is not applied",
    "drop-after": "applies the call, then cuts the connection without an answer",
    "delay": "waits SECONDS, then applies the call",
    "delay-after": "applies the call, then waits SECONDS before the answer",
    "later": "cuts the connection, and applies the call SECONDS later",
    "twice": "applies the call twice, and gives the second answer",
    "status": "answers CODE (with Retry-After, where a third part gives it); the call is not applied",
    "status-after": "applies the call, then answers CODE instead, as a gateway does",
    "redirect": "answers 307 with this Location; the call is not applied",
    "html": "answers 200 with a page of HTML, as a captive portal does; the call is not applied",
    "html-after": "applies the call, then answers 200 with a page of HTML",
    "truncate": "applies the call, and cuts the connection in the middle of the answer",
    "drip": "applies the call, and gives one byte of the answer every SECONDS",
    "replace": "applies the call, and in the answer's body replaces each OLD by NEW (replace:OLD=>NEW)",
    "query": "applies the call as if this had been its query (query:pageNumber=0)",
    "lose": "applies the call, and leaves the last COUNT items out of the list in the answer",
}
"""Each action; words in capitals follow it after a colon."""

_METHODS: Final = frozenset({"GET", "POST", "PATCH", "DELETE"})
_SECONDS: Final = frozenset({"delay", "delay-after", "later", "drip"})
_CODES: Final = frozenset({"status", "status-after"})
_OTHERS: Final = {"redirect": r"\S+", "replace": ".+=>.*", "query": r"\S+", "lose": "[1-9][0-9]{0,5}"}
"""What must follow the colon of the other actions that have one."""


class FaultRuleError(ValueError):
    """A rule that cannot be understood; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class FaultRule:
    """A parsed rule. `last` None means without end; `argument` is the text after the colon."""

    text: str
    call: str
    first: int
    last: int | None
    action: str
    argument: str = ""
    retry_after: str = ""

    def fits(self, method: str, endpoint: str | None) -> bool:
        """Whether it is about such calls."""
        return self.call in ("*", method, endpoint)

    def hits(self, number: int) -> bool:
        """Whether it is about the `number`th of these calls."""
        return self.first <= number and (self.last is None or number <= self.last)

    @property
    def seconds(self) -> float:
        """The argument of an action that waits."""
        return float(self.argument)


def parse_rule(text: str) -> FaultRule:
    """Raises `FaultRuleError`."""
    words = text.split(maxsplit=2)
    if len(words) != 3:
        raise FaultRuleError(f'"{text}": a fault is three words, such as "PATCH 2 drop-after"')
    call, which, deed = words
    if call not in _METHODS and call != "*" and call not in BY_ENDPOINT_NAME:
        raise FaultRuleError(f'"{text}": {call} is neither a method nor the name of an endpoint')
    first, last = _which(text, which)
    action, _, argument = deed.partition(":")
    retry_after = ""
    if action in _CODES:
        argument, _, retry_after = argument.partition(":")
    rule = FaultRule(text, call, first, last, action, argument, retry_after)
    _require_sound(rule)
    return rule


def _which(text: str, which: str) -> tuple[int, int | None]:
    if which == "*":
        return 1, None
    first, dash, last = which.removesuffix("+").partition("-")
    numbers = [first, last] if dash else [first]
    if not all(each.isascii() and each.isdigit() and int(each) > 0 for each in numbers):
        raise FaultRuleError(f'"{text}": {which} is not a number from 1, a range such as 2-4, 2+ or *')
    if which.endswith("+"):
        return int(first), None
    if int(numbers[-1]) < int(first):
        raise FaultRuleError(f'"{text}": {which} ends before it begins')
    return int(first), int(numbers[-1])


def _require_sound(rule: FaultRule) -> None:
    if rule.action not in ACTIONS:
        raise FaultRuleError(f'"{rule.text}": {rule.action} is not one of {", ".join(ACTIONS)}')
    if rule.action in _CODES:
        if not (rule.argument.isascii() and rule.argument.isdigit() and 200 <= int(rule.argument) <= 599):
            raise FaultRuleError(f'"{rule.text}": {rule.action} needs a status code, such as status:503')
    elif rule.action in _SECONDS:
        if not _is_seconds(rule.argument):
            raise FaultRuleError(f'"{rule.text}": {rule.action} needs seconds, such as {rule.action}:0.5')
    elif rule.action in _OTHERS:
        if not re.fullmatch(_OTHERS[rule.action], rule.argument):
            raise FaultRuleError(f'"{rule.text}": {ACTIONS[rule.action]}')
    elif rule.argument:
        raise FaultRuleError(f'"{rule.text}": {rule.action} takes nothing after a colon')


def _is_seconds(text: str) -> bool:
    try:
        return 0 <= float(text) < 86_400
    except ValueError:
        return False


class FaultRules:
    """All rules of a sandbox, each with its count of the calls that fitted it."""

    def __init__(self, texts: tuple[str, ...]) -> None:
        """Raises `FaultRuleError`."""
        self._rules = [parse_rule(text) for text in texts]
        self._counts = [0] * len(self._rules)

    def hit(self, method: str, endpoint: str | None) -> FaultRule | None:
        """Counts a call, and answers the rule that decides what becomes of it."""
        decisive = None
        for place, rule in enumerate(self._rules):
            if rule.fits(method, endpoint):
                self._counts[place] += 1
                if decisive is None and rule.hits(self._counts[place]):
                    decisive = rule
        return decisive
