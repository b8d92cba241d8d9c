"""The catalogue in sentences: what a field allows, and which commands use and need it.

Read by the blank workbooks, the command `fields` and the generated documents, so that all three say the same.
"""

from xlsx2opeasy.spec.model import Field, Kind, Required, TaskType

API_VERSION = "OpEasy Provisioning API 1.5.0"
"""The specification that the catalogue is of."""

_KINDS = {
    Kind.TEXT: "",
    Kind.BOOLEAN: "TRUE or FALSE",
    Kind.INTEGER: "",
    Kind.TEXTS: "a list, its items separated by semicolons",
}


def rule_words(field: Field) -> str:
    """What the field allows (`digits only; at most 20 characters`); "" where any text is allowed."""
    each = "each " if field.kind is Kind.TEXTS else ""
    rules = [rule.words if rule.code == "max-items" else each + rule.words for rule in field.rules]
    return "; ".join(part for part in (_KINDS[field.kind], *rules) if part)


def using(task_type: TaskType, field: Field) -> tuple[str, ...]:
    """The commands that use the field, in the Appendix's order."""
    return tuple(name for name in task_type.command_names if name in field.commands)


def users_in_words(field: Field, commands: tuple[str, ...]) -> str:
    """Which of `commands` use the field, in the shorter of two ways (`all but DeleteUser`)."""
    users = [name for name in commands if name in field.commands]
    others = [name for name in commands if name not in field.commands]
    if not others:
        return "all commands" if len(commands) > 1 else commands[0]
    listed, all_but = ", ".join(users), f"all but {', '.join(others)}"
    return listed if len(listed) <= len(all_but) else all_but


def needs_in_words(task_type: TaskType, field: Field, commands: tuple[str, ...]) -> str:
    """Which of `commands` need the field filled, and when (`AddUser; AddDevice unless …`); "" where none does."""
    needs = [_need(task_type, field, required, commands) for required in field.required]
    for rule in task_type.at_least_one:
        if field.name in rule.fields and field.object_list is None:
            asking = [name for name in commands if name in rule.commands]
            needs += [f"{', '.join(asking)}: {rule.words}"] if asking else []
    return "; ".join(need for need in needs if need)


def _need(task_type: TaskType, field: Field, required: Required, commands: tuple[str, ...]) -> str:
    asking = ", ".join(name for name in commands if name in required.commands)
    if not asking:
        return ""
    if field.object_list is not None:
        words = [rule.words for rule in task_type.at_least_one if field.name in rule.fields]
        return ", ".join([f"{asking}: in each {field.object_list}[n] that is filled", *words])
    return f"{asking}{condition_in_words(required)}"


def condition_in_words(required: Required) -> str:
    """When the field may stay blank although the command needs it (` unless userProfile is filled`)."""
    if required.unless is None:
        return ""
    return f" unless {required.unless} is {required.value or 'filled'}"
