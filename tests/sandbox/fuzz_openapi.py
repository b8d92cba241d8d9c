"""Schemathesis against the sandbox: `python tests/sandbox/fuzz_openapi.py EXAMPLES [SEED]`.

It runs on the served description, in which each id may also be one that exists, so that more than 404 is seen.
"""

import json
import os
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from sandbox.session import ONE_OF_EACH, Session
from xlsx2opeasy.sandbox.serve import serve_in_thread

BROKEN = {name: [{"command": "Nonsense", "content": {}}] for name in ONE_OF_EACH}
COMMAND = Path(sys.executable).with_name("schemathesis")
CONFIG = """
# The name of an uploaded file ends in .json, which OpenAPI cannot say: these two never accept what is made up.
[[operations]]
include-operation-id = ["createOperation", "appendTasks"]
checks.positive_data_acceptance.enabled = false
"""
HOOKS = """
import json

import schemathesis


@schemathesis.deserializer("application/octet-stream")
def read_file(context, response):
    return json.loads(response.content)
"""


def fuzz(examples: int, seed: int, folder: Path) -> subprocess.CompletedProcess[str]:
    """One run; its exit code is 0 where nothing was found. The sandbox must not have crashed inside."""
    with serve_in_thread() as sandbox:
        session = Session(sandbox, "fuzz")
        with closing(session.http):
            description = folder / "openapi.json"
            description.write_text(json.dumps(_with_ids(session)))
            (folder / "schemathesis.toml").write_text(CONFIG)
            (folder / "hooks.py").write_text(HOOKS)
            token = session.http.headers["Authorization"]
            done = _run(sandbox.url, token, examples, seed, folder)
        assert not sandbox.truth.crashes
        return done


def _with_ids(session: Session) -> Any:
    """The served description with ids that exist among those that may be tried."""
    operation = session.new(ONE_OF_EACH)
    session.append(operation, BROKEN)
    scheduled = session.schedule(session.new(ONE_OF_EACH)).json()["scheduledOperation"]["id"]
    session.await_end(scheduled)
    hook = {
        "enterpriseId": "fuzz",
        "url": "https://127.0.0.1:1/hook",
        "events": ["scheduledOperation.statusChanged"],
    }
    ids = {
        "operation-id": operation,
        "scheduled-operation-id": scheduled,
        "webhook-id": session.http.post("/v1/webhooks", json=hook).json()["webhook"]["id"],
    }
    document = session.http.get("/openapi.json").json()
    for path, item in document["paths"].items():
        for each in item.values():
            for parameter in each["parameters"]:
                if parameter["in"] == "path":
                    name = parameter["name"]
                    known = ids.get(name) or _error_id(session, path, operation)
                    parameter["schema"] = {"anyOf": [{"const": known}, parameter["schema"]]}
    return document


def _error_id(session: Session, path: str, operation: str) -> str:
    listed = path.replace("{operation-id}", operation).removesuffix("/{validation-error-id}")
    name = next(name for name in ONE_OF_EACH if name.lower() in path)
    found: str = session.http.get(listed).json()[name][0]["id"]
    return found


def _run(url: str, token: str, examples: int, seed: int, folder: Path) -> subprocess.CompletedProcess[str]:
    arguments = ["run", "openapi.json", "--url", url, "--header", f"Authorization: {token}"]
    arguments += ["--max-examples", str(examples), "--seed", str(seed), "--no-color", "--workers", "1"]
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    environment |= {"SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(folder)}
    return subprocess.run(
        [COMMAND, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=3600,
        check=False,
    )


if __name__ == "__main__":
    numbers = [int(each) for each in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as name:
        found = fuzz(numbers[0], (numbers[1:] or [1])[0], Path(name))
    sys.stdout.write(found.stdout)
    sys.stderr.write(found.stderr)
    sys.exit(found.returncode)
