"""Draws what a command shows on a terminal, or the page in a browser.

    python docs/screens.py FILE.svg COMMAND...
    python docs/screens.py pages

The second one needs chromium, and draws the PNGs of `docs/screens`.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from terminal import Terminal

WIDTH = 80
SCREENS = Path(__file__).parent / "screens"


def draw(file: Path, command: list[str]) -> None:
    """Runs the command at a terminal of 80 columns and saves what is left on the screen."""
    with Terminal(command, columns=WIDTH, rows=40) as window:
        window.end()
        shown = window.coloured()
    with Path("/dev/null").open("w") as nowhere:
        console = Console(record=True, width=WIDTH, file=nowhere)
        console.print(Text.from_ansi(shown))
        console.save_svg(str(file), title=" ".join(Path(word).name for word in command))


def draw_pages() -> None:
    """Walks from a workbook with mistakes to the results of another, and draws three screens."""
    from playwright.sync_api import sync_playwright

    from web.page import EXAMPLES, running

    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        env = {"XLSX2OPEASY_HOME": home, "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        with running("--sandbox", env=env) as page:
            tab = browser.new_page(viewport={"width": 900, "height": 632}, reduced_motion="reduce")
            tab.goto(page.address)

            def upload(name: str) -> None:
                tab.get_by_role("link", name="xlsx2opeasy", exact=True).click()
                tab.get_by_label("Choose a workbook").set_input_files(EXAMPLES / name)
                tab.get_by_role("button", name="Check", exact=True).click()
                tab.get_by_role("heading", name=name).wait_for()

            upload("typical-mistakes.xlsx")
            tab.locator("#grid").evaluate("heading => heading.scrollIntoView()")
            tab.screenshot(path=SCREENS / "problems.png")
            upload("leavers.xlsx")
            tab.get_by_role("link", name="Plan", exact=True).click()
            tab.screenshot(path=SCREENS / "plan.png")
            tab.get_by_label("enterprise").fill("sandbox")
            tab.get_by_role("button", name="Load", exact=True).click()
            tab.get_by_role("link", name="Report").wait_for()
            tab.screenshot(path=SCREENS / "results.png")
        browser.close()


if __name__ == "__main__":
    if sys.argv[1:] == ["pages"]:
        draw_pages()
    else:
        draw(Path(sys.argv[1]), sys.argv[2:])
