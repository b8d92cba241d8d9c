"""The documentation as a site: every page is there and can be searched, and each link of it leads somewhere."""

import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "site"
    command = [sys.executable, ROOT / "docs" / "build_site.py", folder]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


class _Links(HTMLParser):
    """The addresses to which a page leads, and the places in it to which others can."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.links.append(value)
            elif name == "id" and value:
                self.anchors.add(value)


def _read(page: Path) -> _Links:
    found = _Links()
    found.feed(page.read_text(encoding="utf-8"))
    return found


def test_every_page_is_there_and_can_be_searched(site: Path) -> None:
    index = (site / "search.json").read_text(encoding="utf-8")
    for page in PAGES:
        name = page.relative_to(ROOT).with_suffix(".html").as_posix().replace("README", "index")
        assert (site / name).is_file(), name
        assert f'"{name}' in index or name == "index.html", f"{name} is not in the search"


def test_every_link_leads_somewhere(site: Path) -> None:
    pages = {page: _read(page) for page in site.rglob("*.html") if page.name != "404.html"}
    broken = [
        f"{page.relative_to(site)}: {link}"
        for page, found in pages.items()
        for link in found.links
        if not all(_leads_somewhere(page, link, pages))
    ]
    assert len(pages) >= len(PAGES)
    assert broken == []


def _leads_somewhere(page: Path, link: str, pages: dict[Path, _Links]) -> Iterator[bool]:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    yield target.exists()
    if parts.fragment and target in pages:
        yield parts.fragment in pages[target].anchors or parts.fragment.startswith("__")
