"""Where the Jinja2 templates are: within the package in the wheel, beside `src` in a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


def templates_folder(name: str) -> Path:
    """The folder `templates/NAME`."""
    packaged = _PACKAGE / "templates" / name
    return packaged if packaged.is_dir() else _PACKAGE.parents[1] / "templates" / name
