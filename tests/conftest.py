"""What every test shares: the folder of helpers on the path, and a home of its own for jobs and settings."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home: no test sees the settings, jobs or keys of the person who runs it."""
    folder = tmp_path_factory.mktemp("home")
    for name in [name for name in os.environ if name.startswith(("OPEASY_", "WEBEX_", "XLSX2OPEASY_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XLSX2OPEASY_HOME", str(folder))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    return folder
