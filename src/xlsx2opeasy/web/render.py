"""Pages from templates: every text is escaped, and every page has the same frame."""

from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from xlsx2opeasy.errors import Xlsx2OpeasyError
from xlsx2opeasy.report.write import templates_folder
from xlsx2opeasy.web.words import counted, laid_out, plain, source_in_words, when, without_allowing

STATIC = {
    "app.css": "text/css",
    "app.js": "text/javascript",
    "icon.svg": "image/svg+xml",
    "report.js": "text/javascript",
}
"""The files that pages refer to, with their media types."""


class Pages:
    """The templates of `templates/web`."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader([templates_folder("web"), templates_folder("report")]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals |= {"counted": counted}
        self._environment.filters |= {
            "plain": plain,
            "laid_out": laid_out,
            "without_allowing": without_allowing,
            "source": source_in_words,
            "when": when,
        }

    def text(self, template: str, **values: Any) -> str:  # noqa: ANN401
        """A page, or a piece of one."""
        return self._environment.get_template(template).render(**values)

    def page(self, template: str, status: int = 200, /, **values: Any) -> HTMLResponse:  # noqa: ANN401
        """A whole page as an answer."""
        return HTMLResponse(self.text(template, **values), status)

    def static(self, name: str) -> bytes:
        """One of the files that pages refer to."""
        assert self._environment.loader is not None
        source, _, _ = self._environment.loader.get_source(self._environment, name)
        return source.encode()

    def failure(self, error: Xlsx2OpeasyError, *, status: int = 422) -> HTMLResponse:
        """A page that says what stopped the request, and what to do."""
        return self.page("failure.html.j2", status, message=error.message, hint=error.hint)
