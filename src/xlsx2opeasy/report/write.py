"""Writes a job's report: one HTML file that needs nothing else and lets nothing else in.

The page's own style and script are named by their hashes in its content security policy; everything from
the workbook or the server is either escaped text or JSON that the script puts in as text. Called by `cli/`.
"""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from xlsx2opeasy.display import readable
from xlsx2opeasy.durable import require_overwritable, why_refused, write_file
from xlsx2opeasy.errors import LocalFailure
from xlsx2opeasy.job_model import parse_time
from xlsx2opeasy.load.job.store import StoredJob
from xlsx2opeasy.load.results.output import free_name
from xlsx2opeasy.report.data import KINDS, ReportData, report_data

_SELF = "'self'"
_ESCAPED = {ord(each): f"\\u{ord(each):04x}" for each in "<>&\u2028\u2029"}
_PACKAGE = Path(__file__).parents[1]


def write_report(stored: StoredJob, output: Path | None = None, *, replace: bool = False) -> Path:
    """Writes the report of a job; gives the file.

    Without `output` it goes beside the results, else beside the workbook, as `NAME.report.html` or the first
    such name that is free. WorkbookUnusable where `output` exists and may not be replaced, LocalFailure where
    the job is damaged or the disk refuses.
    """
    data = report_data(stored)
    if output is not None:
        require_overwritable(output, replace=replace, inputs=(data.facts.workbook, data.job.results))
    target = output or free_name(_beside(data))
    try:
        write_file(target, rendered(data).encode(), shared=True)
    except OSError as error:
        what = f"the report {target} cannot be written: {why_refused(error)}"
        raise LocalFailure(what, f"xlsx2opeasy report {stored.job_id} --output FILE") from error
    return target


def rendered(data: ReportData, *, script_address: str = "") -> str:
    """The page, with its script in it, or referring to one at an address where it is served."""
    environment = _environment()
    environment.filters |= {"time": _time, "status": _status}
    style, script = (_source(environment, name) for name in ("report.css", "report.js"))
    page = environment.get_template("report.html.j2").render(
        data=data,
        kinds=KINDS,
        style=style,
        script=script,
        script_address=script_address,
        policy=_policy(style, script, script_address),
        rows_json=_json(_compact(data)),
        name=Path(data.facts.workbook).name,
    )
    return readable(page)


def style_hash() -> str:
    """The source expression that allows the page's own style, for a policy that is sent with it."""
    return _hash(_source(_environment(), "report.css"))


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(templates_folder("report")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _time(text: str) -> str:
    """An ISO 8601 time as people read it; one that cannot be understood as it is."""
    parsed = parse_time(text)
    return f"{parsed:%Y-%m-%d %H:%M:%S} UTC" if parsed else text


def _status(exit_code: str | None) -> str:
    """`COMPLETED_WITH_ERRORS` as people say it; a job without an end is running."""
    return "running" if exit_code in (None, "UNKNOWN") else exit_code.replace("_", " ").lower()


def _beside(data: ReportData) -> Path:
    workbook = Path(data.facts.workbook)
    place = Path(data.job.results) if data.job.results else workbook
    return place.with_name(f"{workbook.stem}.report.html")


def _source(environment: Environment, name: str) -> str:
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0].strip()


def _policy(style: str, script: str, script_address: str) -> str:
    """The content security policy: this style, this script, and nothing else from anywhere."""
    sources = f"style-src {_hash(style)}; script-src {_SELF if script_address else _hash(script)}"
    return f"default-src 'none'; {sources}; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _compact(data: ReportData) -> dict[str, Any]:
    """Rows with the titles and details that recur by number: 100,000 rows are a few megabytes."""
    sheets = list(dict.fromkeys(row.sheet for row in data.rows))
    details = list(dict.fromkeys(row.detail for row in data.rows))
    sheet_number = {text: number for number, text in enumerate(sheets)}
    detail_number = {text: number for number, text in enumerate(details)}
    rows = [
        [sheet_number[row.sheet], row.row, KINDS.index(row.kind), row.code, detail_number[row.detail]]
        for row in data.rows
    ]
    return {"kinds": KINDS, "sheets": sheets, "details": details, "rows": rows}


def _json(value: object) -> str:
    """JSON in which no HTML parser can find a tag's end."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPED)


def templates_folder(name: str) -> Path:
    """The folder `templates/NAME`: within the package in the wheel, beside `src` in a checkout."""
    packaged = _PACKAGE / "templates" / name
    return packaged if packaged.is_dir() else _PACKAGE.parents[1] / "templates" / name
