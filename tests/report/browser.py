"""A page in a real browser: Debian's chromium, headless, after its scripts ran."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"),
    *("--disable-component-update", "--disable-sync", "--virtual-time-budget=5000", "--dump-dom"),
)


def dom(page: Path, folder: Path) -> str:
    """The document as it stands in the browser."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sentence = "chromium is not installed (Debian: apt-get install chromium)."
        if "REQUIRE_JUDGES" in os.environ:
            pytest.fail(f"REQUIRE_JUDGES is set, but {sentence}")
        pytest.skip(sentence)
    command = [chromium, *_FLAGS, f"--user-data-dir={folder / 'browser'}", page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
