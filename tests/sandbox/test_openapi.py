"""The description that the sandbox serves: it names every endpoint, is read by others, and is kept by the sandbox."""

import json
import re
from pathlib import Path

from xlsx2opeasy.sandbox.openapi import openapi
from xlsx2opeasy.spec.catalogue import TASK_TYPES
from xlsx2opeasy.spec.endpoints import ENDPOINTS

from .fuzz_openapi import fuzz
from .session import Session

COMMITTED = Path(__file__).parent.parent.parent / "docs" / "openapi.json"


def test_every_endpoint_is_described_with_its_status_codes() -> None:
    described = {
        (method.upper(), path): {int(status) for status in each["responses"]}
        for path, item in openapi()["paths"].items()
        for method, each in item.items()
    }
    assert described.keys() == {(each.method, each.path) for each in ENDPOINTS}
    for endpoint in ENDPOINTS:
        assert {*endpoint.success, *endpoint.refusals} <= described[(endpoint.method, endpoint.path)]


def test_every_field_of_the_catalogue_stands_at_its_place_on_the_wire() -> None:
    schemas = openapi()["components"]["schemas"]
    for of in TASK_TYPES:
        for field in of.fields:
            node = schemas[f"{of.name}Content"]
            for name in field.wire_name.split("."):
                node = node["properties"][name.removesuffix("[n]")]
                node = node["items"] if name.endswith("[n]") else node
            assert node["x-commands"] == [name for name in of.command_names if name in field.commands]
            assert node.get("writeOnly", False) == field.secret


def test_every_reference_leads_somewhere_and_nothing_is_left_over() -> None:
    document = openapi()
    referred = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert referred == set(document["components"]["schemas"])


def test_the_description_and_its_page_are_served_and_need_nothing_from_elsewhere(session: Session) -> None:
    session.http.headers.pop("Authorization")
    assert session.http.get("/openapi.json").json() == openapi()
    answer = session.http.get("/docs")
    assert answer.headers["content-type"].startswith("text/html")
    assert not re.search(r"(src|href|url)\s*[=(]\s*['\"]?(https?:)?//", answer.text)
    for endpoint in ENDPOINTS:
        assert endpoint.path in answer.text


def test_the_committed_description_is_the_present_one() -> None:
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == openapi(), "run: make docs"


def test_a_405_names_every_method_that_the_path_has(session: Session) -> None:
    answer = session.http.put("/v1/operations/x")
    assert answer.headers["allow"] == "DELETE, GET, HEAD, PATCH"


def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    done = fuzz(examples=2, seed=20261122, folder=tmp_path)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "Tested: 38" in done.stdout
