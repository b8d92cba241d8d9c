"""Where jobs are kept on this machine; by itself, so that reading the settings imports nothing of jobs."""

import os
from pathlib import Path

import platformdirs

HOME_VARIABLE = "XLSX2OPEASY_HOME"


def state_folder() -> Path:
    """`XLSX2OPEASY_HOME`, or the operating system's folder for state."""
    if home := os.environ.get(HOME_VARIABLE):
        return Path(home).expanduser().absolute()
    return platformdirs.user_state_path("xlsx2opeasy", appauthor=False)
