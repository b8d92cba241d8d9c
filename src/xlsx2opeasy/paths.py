"""What is at a path that a job, another account or a person named.

Where this account may not look, nothing is there for it. `Path.exists` and its kin raise PermissionError
for a path within a folder that may not be searched, such as another account's home (until Python 3.14).
"""

import os
from pathlib import Path


def is_there(path: Path) -> bool:
    """Whether something is there that this account may look at."""
    return os.path.exists(path)  # noqa: PTH110 - which raises nothing


def is_file_there(path: Path) -> bool:
    """Whether a file is there that this account may look at."""
    return os.path.isfile(path)  # noqa: PTH113


def is_folder_there(path: Path) -> bool:
    """Whether a folder is there that this account may look at."""
    return os.path.isdir(path)  # noqa: PTH112


def is_taken(path: Path) -> bool:
    """Whether the name is in use, also by a link that leads nowhere, as far as this account may look."""
    return os.path.lexists(path)
