"""The page as its users have it: the installed command, its address, and an HTTP client without a script."""

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx

from installed import COMMAND

EXAMPLES = Path(__file__).parents[2] / "example_workbooks"
LONGEST_START = 60.0


class Page:
    """A running page."""

    def __init__(self, process: "subprocess.Popen[str]", address: str) -> None:
        self.process, self.address = process, address
        self.origin = address.split("/?", maxsplit=1)[0]
        self.visitors: list[Visitor] = []
        self.said: list[str] = []
        self.port = int(self.origin.rpartition(":")[2])

    def client(self) -> "Visitor":
        """A visitor that came in with the token."""
        self.visitors.append(Visitor(self))
        return self.visitors[-1]

    def interrupt(self) -> None:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)


class Visitor:
    """A browser without scripts: it follows links and sends the forms that it finds on the page."""

    def __init__(self, page: Page) -> None:
        headers = {"Origin": page.origin}
        self.http = httpx.Client(headers=headers, follow_redirects=True, timeout=600, trust_env=False)
        self.origin = page.origin
        self.answer = self.http.get(page.address)

    @property
    def path(self) -> str:
        """Where the visitor is."""
        return self.answer.url.path

    @property
    def text(self) -> str:
        """The words of the page."""
        return words(self.answer.text)

    def go(self, address: str) -> "Visitor":
        """Follows a link."""
        self.answer = self.http.get(urljoin(str(self.answer.url), address))
        return self

    def click(self, link: str) -> "Visitor":
        """Follows the link with exactly these words."""
        for address, label in re.findall(
            r'<a\b[^>]*href="([^"]*)"[^>]*>(.*?)</a>', self.answer.text, re.DOTALL
        ):
            if words(label) == link:
                return self.go(unescape(address))
        raise AssertionError(f"no link {link!r} on {self.path}: {self.text}")

    def upload(self, path: Path) -> "Visitor":
        """Sends the upload's form."""
        self.answer = self.http.post(
            f"{self.origin}/workbooks", files={"workbook": (path.name, path.read_bytes())}
        )
        return self

    def form(self, button: str) -> tuple[str, dict[str, str]]:
        """The address of the form with this button, and what its fields hold."""
        for form in re.findall(r"<form\b.*?</form>", self.answer.text, re.DOTALL):
            if any(
                words(each) == button
                for each in re.findall(r"<button\b[^>]*>(.*?)</button>", form, re.DOTALL)
            ):
                return _address(form, str(self.answer.url)), _fields(form)
        raise AssertionError(f"no button {button!r} on {self.path}: {self.text}")

    def press(self, button: str, fields: Mapping[str, str] | None = None) -> "Visitor":
        """Sends the form with this button."""
        address, filled = self.form(button)
        self.answer = self.http.post(address, data={**filled, **(fields or {})})
        return self

    def wait(self, longest: float = 180) -> "Visitor":
        """Looks again, as a browser without scripts does, until nothing is prepared or runs any more."""
        end = time.monotonic() + longest
        while 'http-equiv="refresh"' in self.answer.text:
            assert time.monotonic() < end, self.text
            time.sleep(0.1)
            self.answer = self.http.get(self.answer.url)
        return self


def words(piece: str) -> str:
    """The text of a piece of HTML."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", piece)).split())


def _address(form: str, base: str) -> str:
    found = re.search(r'action="([^"]*)"', form)
    assert found is not None
    return urljoin(base, unescape(found[1]))


def _fields(form: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for tag in re.findall(r"<input\b[^>]*>", form):
        held = {name: unescape(value) for name, value in re.findall(r'([a-z]+)="([^"]*)"', tag)}
        if "name" in held and held.get("type") not in ("radio", "checkbox", "file"):
            fields[held["name"]] = held.get("value", "")
    for name, options in re.findall(r'<select\b[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option(?: value="([^"]*)")? selected>(.*?)</option>', options)
        fields[unescape(name)] = unescape(
            chosen[2] if chosen and chosen[1] is None else chosen[1] if chosen else ""
        )
    return fields


@contextmanager
def running(
    *arguments: object, env: Mapping[str, str] | None = None, opens_browser: bool = False, **how: Any
) -> Iterator[Page]:
    """The page with these arguments, until the block ends."""
    command = [str(COMMAND), "web", *([] if opens_browser else ["--no-browser"]), *map(str, arguments)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(env or {})},
        **how,
    )
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        said: list[str] = []
        listening = threading.Thread(target=said.extend, args=(process.stderr,), daemon=True)
        listening.start()
        line = process.stdout.readline()
        assert line.startswith("http://127.0.0.1:"), "".join(said)
        page = Page(process, line.strip())
        page.said = said
        try:
            yield page
        finally:
            for each in page.visitors:
                each.http.close()
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
        process.wait()
        listening.join(5)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
