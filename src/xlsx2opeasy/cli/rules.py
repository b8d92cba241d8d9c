"""`xlsx2opeasy rules`: every rule of the check. Reads the registry and imports nothing else."""

from collections.abc import Iterator

import click

from xlsx2opeasy.cli.options import JSON
from xlsx2opeasy.cli.output import counted, say, say_json
from xlsx2opeasy.registry import RULES, Entry, unknown_rule


@click.command(name="rules")
@click.argument("rule", required=False)
@JSON
def command(rule: str | None, *, as_json: bool) -> None:
    """Explain the rules of the check: severity, origin, and whether --allow can lower their errors.

    RULE is a rule's code, as the check prints it in brackets; without it, all rules are listed.

    \b
    Examples:
      xlsx2opeasy rules
      xlsx2opeasy rules unused
    """
    found = list(RULES.values()) if rule is None else [each for each in RULES.values() if each.code == rule]
    if not found:
        raise unknown_rule(str(rule))
    if as_json:
        say_json({"rules": [document(each) for each in found]})
        return
    for line in _list(found) if rule is None else _details(found[0]):
        say(line)


def document(entry: Entry) -> dict[str, object]:
    """The rule in `rules --json`."""
    return {
        "rule": entry.code,
        "says": entry.says,
        "severity": entry.severity.value,
        "origin": entry.origin,
        "allowed": entry.allowed,
    }


def _list(found: list[Entry]) -> Iterator[str]:
    width = max(len(each.code) for each in found)
    for each in found:
        yield f"{each.code:<{width}}  {each.severity.value:<7}  {each.says}"
    yield ""
    yield f"{counted(len(found), 'rule')}; one in full: xlsx2opeasy rules {found[0].code}"


def _details(entry: Entry) -> Iterator[str]:
    yield f"{entry.code}: {entry.says}"
    yield f"  {'Severity':<10}{entry.severity.value}, because {entry.why}"
    if entry.softer:
        yield f"  {'Warning':<10}{entry.softer}"
    yield f"  {'Origin':<10}{entry.origin}"
    yield f"  {'Allowed':<10}{allowed_in_words(entry)}"


def allowed_in_words(entry: Entry) -> str:
    """Whether `--allow` can lower the rule's errors."""
    if entry.severity.value == "warning":
        return "it is a warning already"
    return f"--allow {entry.code} makes its errors warnings" if entry.allowed else "no"
