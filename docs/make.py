"""Makes the reference documents from the catalogue, through the Jinja2 templates in `templates/docs/`.

    python docs/make.py [FOLDER]

`make docs` calls it, and a test fails when what is committed is stale.
"""

import json
import sys
from pathlib import Path

from commands import HELP_PAGE, commands, help_page
from conformance import CLIENT_TEST, SANDBOX_TEST, rows
from exit_codes import EXIT_CODES
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from xlsx2opeasy.registry import RULES
from xlsx2opeasy.report.write import templates_folder
from xlsx2opeasy.sandbox.openapi import openapi
from xlsx2opeasy.spec.catalogue import TASK_TYPES
from xlsx2opeasy.spec.error_codes import ERROR_CODES
from xlsx2opeasy.spec.words import API_VERSION, needs_in_words, rule_words, users_in_words

HERE = Path(__file__).parent
_SUFFIX = ".j2"


def _cell(text: str) -> str:
    """A text for a cell of a Markdown table, where a bar would end it and an angle bracket begin a tag."""
    return _angle(text.replace("|", "\\|"))


def _angle(text: str) -> str:
    return text.replace("<", "&lt;")


def _cell_code(text: str) -> str:
    """The same within backquotes, where only the bar matters."""
    return text.replace("|", "\\|")


def _roff(text: str) -> str:
    """A text for the manual page, in which no line begins a request and each hyphen stays one."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join(f"\\&{line}" if line.startswith((".", "'")) else line for line in escaped.splitlines())


def _environment() -> Environment:
    environment = Environment(  # noqa: S701 - Markdown, and nothing in it is from outside
        loader=FileSystemLoader(templates_folder("docs")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(angle=_angle, cell=_cell, cell_code=_cell_code, roff=_roff)
    environment.globals.update(
        api_version=API_VERSION,
        client_test=CLIENT_TEST,
        commands=commands(),
        conformance=rows(),
        exit_codes=EXIT_CODES,
        error_codes=list(ERROR_CODES.values()),
        needs_in_words=needs_in_words,
        openapi=json.dumps(openapi(), indent=1, ensure_ascii=False),
        rule_words=rule_words,
        rules=list(RULES.values()),
        sandbox_test=SANDBOX_TEST,
        task_types=TASK_TYPES,
        users_in_words=users_in_words,
    )
    return environment


def main(folder: Path) -> None:
    """Writes every document into the folder."""
    environment = _environment()
    for name in environment.list_templates(extensions=[_SUFFIX.removeprefix(".")]):
        document = environment.get_template(name).render()
        (folder / name.removesuffix(_SUFFIX)).write_text(document, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        main(HERE)
        HELP_PAGE.write_text(help_page(), encoding="ascii", newline="\n")
