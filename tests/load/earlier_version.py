"""The program as it was before fingerprints were keyed and servers had one spelling, run on the side.

Its files come out of this repository's history. Where that is not at hand, the tests that need it are skipped;
where REQUIRE_JUDGES is set they fail.
"""

import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

COMMIT = "56a1eff"
_ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def earlier_version(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of its source."""
    packed = subprocess.run(
        ["git", "-C", _ROOT, "archive", COMMIT, "src"], capture_output=True, check=False, timeout=60
    )
    if packed.returncode:
        words = f"The history of this repository is not at hand, so version {COMMIT} cannot be run."
        (pytest.fail if os.environ.get("REQUIRE_JUDGES") else pytest.skip)(words)
    folder = tmp_path_factory.mktemp("earlier")
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder / "src"


def run_earlier(source: Path, *arguments: object, env: dict[str, str]) -> Any:
    """The document that it prints with `--json`."""
    command = [sys.executable, "-m", "xlsx2opeasy", *map(str, arguments), "--json"]
    done = subprocess.run(
        command,
        env=os.environ | env | {"PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
        timeout=120,
    )
    assert done.stdout, done.stderr
    return json.loads(done.stdout) | {"code": done.returncode}
