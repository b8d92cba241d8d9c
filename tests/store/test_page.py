"""The page on a machine of a shared store: what was loaded elsewhere."""

import io
from collections.abc import Callable
from pathlib import Path

import openpyxl

from foreign.server import ForeignServer
from load.books import user_book
from web.page import running
from xlsx2opeasy.store.jobs import PostgresStore

from .fleet import Machine


def test_the_results_of_a_job_of_another_machine_come_from_the_store(
    machine: Callable[[str], Machine], server: ForeignServer, store: PostgresStore, tmp_path: Path
) -> None:
    server.settings.fail = lambda _, task: ("101", "no") if "user0001" in str(task) else None
    one, other = machine("one"), machine("other")
    book = user_book(tmp_path / "branch.xlsx", 2)
    results = one.json("load", book, "--yes", code=1)
    Path(results["results"]).unlink()
    book.unlink()
    with running(env={**other.env, "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}) as page:
        visitor = page.client().go(f"/jobs/{results['job']}")
        found = visitor.http.get(f"{page.origin}/jobs/{results['job']}/results")
        assert 'filename="branch.results.xlsx"' in found.headers["content-disposition"]
        rows = openpyxl.load_workbook(io.BytesIO(found.content))["Users"].iter_rows(min_row=2)
        assert [row[-4].value for row in rows] == ["SUCCESS", "FAILED"]
        assert "Download the results" in visitor.text
        visitor.press("Correct the rows that did not succeed")
        assert visitor.path.startswith("/workbooks/")
        assert "branch.results.xlsx" in visitor.text
        store.session.run(
            lambda connection: connection.execute(
                "UPDATE xlsx2opeasy_job SET results_until = now() - interval '1 day'"
            )
        )
        store.new_job(rehearsal=True).remove()  # whoever makes a job removes what is kept no longer
        visitor.go(f"/jobs/{results['job']}")
        assert "Download the results" not in visitor.text
        for refused in (
            visitor.http.get(f"{page.origin}/jobs/{results['job']}/results"),
            visitor.http.post(f"{page.origin}/jobs/{results['job']}/again"),
        ):
            assert refused.status_code == 422
            assert "the store keeps it no longer" in refused.text
            assert "report shows what became of each row" in refused.text
