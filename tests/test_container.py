"""The container and the compose file, by parsers of their formats: nothing here can build or start them."""

import re
import shlex
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from dockerfile_parse import DockerfileParser

ROOT = Path(__file__).parent.parent


@pytest.fixture
def steps() -> list[dict[str, Any]]:
    parser = DockerfileParser(fileobj=BytesIO((ROOT / "Containerfile").read_bytes()))
    return [step for step in parser.structure if step["instruction"] != "COMMENT"]


@pytest.fixture
def services() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]


def test_it_runs_without_rights_and_ends_in_good_order(steps: list[dict[str, Any]]) -> None:
    last_stage = steps[max(i for i, step in enumerate(steps) if step["instruction"] == "FROM") :]
    said = {step["instruction"]: step["value"] for step in last_stage}
    assert said["USER"] not in ("root", "0")
    assert said["STOPSIGNAL"] == "SIGTERM"
    assert said["ENTRYPOINT"] == '["xlsx2opeasy"]'
    home = next(value for value in (s["value"] for s in last_stage) if value.startswith("XLSX2OPEASY_HOME="))
    assert f'"{home.partition("=")[2]}"' in said["VOLUME"], "jobs would go with the container"


def test_its_bases_are_named_whole_and_its_installs_leave_no_cache(steps: list[dict[str, Any]]) -> None:
    for step in steps:
        if step["instruction"] == "FROM":
            assert re.match(r"docker\.io/library/[a-z]+:\d", step["value"]), step["value"]
        if step["instruction"] == "RUN" and "pip install" in step["value"]:
            assert "--no-cache-dir" in step["value"]


def test_no_secret_comes_into_the_image(steps: list[dict[str, Any]]) -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert {"secrets", ".git"} <= set(ignored)
    assert not [
        s for s in steps if s["instruction"] in ("ENV", "ARG") and re.search("KEY|PASSWORD", s["value"])
    ]


def test_two_workers_share_one_store(services: dict[str, Any]) -> None:
    workers = [each for name, each in services.items() if name.startswith("worker")]
    assert len(workers) == 2
    for each in workers:
        assert each["command"][0] == "worker"
        assert each["healthcheck"]["test"][:2] == ["CMD", "xlsx2opeasy"]
        assert each["depends_on"] == {"store": {"condition": "service_healthy"}}
        assert "password" not in each["environment"]["XLSX2OPEASY_STORE"]
        assert "@store/" in each["environment"]["XLSX2OPEASY_STORE"]


def test_the_commands_that_make_the_secrets_make_what_the_services_read(services: dict[str, Any]) -> None:
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    made = set(re.findall(r"> secrets/([\w-]+)", text.partition("services:")[0]))
    read = {Path(each["file"]).name for each in yaml.safe_load(text)["secrets"].values()}
    assert made == read
    for line in re.findall(r"^#   (.+)$", text, flags=re.MULTILINE):
        assert shlex.split(line, comments=True)
