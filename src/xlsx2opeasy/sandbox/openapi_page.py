"""The description of the API as a page to read, whole in itself: no script, nothing from elsewhere."""

import json
from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from xlsx2opeasy.sandbox.openapi import openapi

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1b1b1b }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h2 { border-bottom: 2px solid #1f4e78; margin-top: 2.5rem }
details { border: 1px solid #ccc; border-radius: 4px; margin: .5rem 0; padding: .4rem .8rem }
summary { cursor: pointer }
code, pre { font: 14px/1.4 ui-monospace, monospace }
pre { background: #f4f4f4; padding: .8rem; overflow: auto; max-height: 30rem }
.method { display: inline-block; width: 4.5rem; font-weight: bold; color: #1f4e78 }
@media (prefers-color-scheme: dark) {
  body { background: #16181c; color: #e6e6e6 } pre { background: #22252b } .method { color: #8ab8e6 }
}
"""


def routes() -> list[Route]:
    """`/openapi.json` and `/docs`; the description is made once."""
    document = openapi()
    page = render(document)

    async def description(_: Request) -> Response:
        return JSONResponse(document)

    async def docs(_: Request) -> Response:
        return HTMLResponse(page)

    return [Route("/openapi.json", description, name="openapi"), Route("/docs", docs, name="docs")]


def render(document: dict[str, Any]) -> str:
    """The page, in HTML."""
    info, schemas = document["info"], document["components"]["schemas"]
    title = f"{info['title']} {info['version']}"
    parts = [f"<p>{escape(info['description'])} <a href='/openapi.json'>openapi.json</a></p>"]
    for tag in document["tags"]:
        parts.append(f"<h2>{escape(tag['name'])}</h2>")
        for path, item in document["paths"].items():
            parts += [
                _operation(path, method, each) for method, each in item.items() if tag["name"] in each["tags"]
            ]
    parts.append("<h2>Bodies</h2>")
    parts += [
        _details(f"<code id='{escape(name)}'>{escape(name)}</code>", schema)
        for name, schema in schemas.items()
    ]
    return (
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{escape(title)}</title>"
        f"<meta name='viewport' content='width=device-width'><style>{_STYLE}</style>"
        f"<h1>{escape(title)}</h1>{''.join(parts)}</html>"
    )


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    head = (
        f"<span class='method'>{method.upper()}</span><code>{escape(path)}</code>"
        f"<br>{escape(operation['summary'])}"
    )
    shown = {key: operation[key] for key in ("parameters", "requestBody", "responses") if key in operation}
    return _details(head, shown)


def _details(head: str, shown: Any) -> str:  # noqa: ANN401
    body = escape(json.dumps(shown, indent=2, ensure_ascii=False))
    return f"<details><summary>{head}</summary><pre>{body}</pre></details>"
