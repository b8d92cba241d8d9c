"""Builds the documentation as a site with search, which also works when it is opened from a folder.

    python docs/build_site.py FOLDER

The pages are those that stand in the checkout, in their places, so that a link that works there works here.
Raises CalledProcessError where the generator warns, about a broken link for example.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
CHAPTERS = {
    "Start": ("README.md",),
    "Guides": (
        "docs/administrators.md",
        "docs/operators.md",
        "docs/several-machines.md",
        "docs/windows.md",
        "docs/library.md",
        "docs/safety.md",
    ),
    "Reference": ("docs/commands.md", "docs/fields.md", "docs/rules.md", "docs/error-codes.md"),
    "Development": ("CONTRIBUTING.md", "ARCHITECTURE.md", "docs/developers.md", "docs/releasing.md"),
}
"""The chapters in their order; every other page goes into the last one."""
_OTHERS = "Background"


def pages() -> list[str]:
    """Every page, as a path from the root of the checkout."""
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


def navigation() -> dict[str, list[str]]:
    """The pages by chapter."""
    named = {page for chapter in CHAPTERS.values() for page in chapter}
    found = pages()
    others = [page for page in found if page not in named]
    chapters = {title: [page for page in chapter if page in found] for title, chapter in CHAPTERS.items()}
    return chapters | {_OTHERS: others}


def _settings(site: Path) -> str:
    entries = ",\n".join(
        f"  {{ {json.dumps(title)} = {json.dumps(chapter)} }}" for title, chapter in navigation().items()
    )
    return f"""[project]
site_name = "xlsx2opeasy"
docs_dir = "pages"
site_dir = {json.dumps(str(site))}
use_directory_urls = false
nav = [
{entries}
]
[project.theme]
font = false
features = ["navigation.sections", "navigation.top", "search.highlight", "content.code.copy"]
[[project.theme.palette]]
media = "(prefers-color-scheme: light)"
scheme = "default"
[[project.theme.palette]]
media = "(prefers-color-scheme: dark)"
scheme = "slate"
[project.plugins.search]
[project.plugins.offline]
"""


def build(site: Path) -> None:
    """Writes the site into `site`, replacing what is there."""
    with tempfile.TemporaryDirectory() as folder:
        stage = Path(folder)
        _copy_pages(stage / "pages")
        (stage / "zensical.toml").write_text(_settings(stage / "site"), encoding="utf-8")
        command = [sys.executable, "-m", "zensical", "build", "--strict"]
        subprocess.run(command, cwd=stage, check=True, stdout=subprocess.DEVNULL)
        shutil.rmtree(site, ignore_errors=True)
        shutil.copytree(stage / "site", site)


def _copy_pages(target: Path) -> None:
    (target / "docs").mkdir(parents=True)
    for page in pages():
        shutil.copyfile(ROOT / page, target / page)
    for name in ("LICENSE", "Containerfile", "docs/openapi.json", "docs/benchmark.json"):
        shutil.copyfile(ROOT / name, target / name)
    for picture in (ROOT / "docs").rglob("*.[ps][nv]g"):
        copy = target / picture.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(picture, copy)
    shutil.copytree(ROOT / "example_workbooks", target / "example_workbooks", ignore=_code)


def _code(_: str, names: list[str]) -> list[str]:
    return [name for name in names if name.endswith(".py") or name == "__pycache__"]


if __name__ == "__main__":
    build(Path(sys.argv[1]).absolute())
