"""Webex Calling's "List Change Device Settings Jobs": all pages as one list, latest first.

The next page is the one that the `Link` header names (RFC 8288), if it is at the same server. httpx's own
`Response.links` misses `Rel`, several relations in one `rel`, and addresses with a comma or semicolon; a
page that is missed in silence would be a list that looks complete.
"""

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Final

import httpx

from xlsx2opeasy.errors import ServiceFailed, Xlsx2OpeasyError
from xlsx2opeasy.http.clock import Clock, SystemClock
from xlsx2opeasy.http.retry import Delay, RetryLoop
from xlsx2opeasy.job_model import Job
from xlsx2opeasy.webex.exchange import POLICY, Page, WebexConnection, WebexExchange

_LINK = re.compile(r"<([^>]*)>((?:\s*;\s*[^\s=;,\"]+(?:\s*=\s*(?:\"(?:[^\"\\]|\\.)*\"|[^\s;,\"]*))?)*)")
_PARAMETER = re.compile(r";\s*([^\s=;,\"]+)\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s;,\"]*))")


def next_link(headers: Sequence[str]) -> str | None:
    """The address of the first link whose relations include `next`; None where there is none."""
    for address, parameters in _LINK.findall(", ".join(headers)):
        relations = [
            quoted or bare
            for name, quoted, bare in _PARAMETER.findall(parameters)
            if name.casefold() == "rel"
        ]
        if relations and "next" in relations[0].casefold().split():
            return str(address).strip()
    return None


def resolved(address: str, page: httpx.URL) -> httpx.URL | None:
    """The address as the page means it; None where it is no address, or is not of the page's own origin.

    A user name in it counts as another origin: it would take the place of the token.
    """
    try:
        target = page.join(address)
    except httpx.InvalidURL:
        return None
    return target.copy_with(fragment=None) if _origin(target) == _origin(page) else None


def _origin(url: httpx.URL) -> tuple[str, str, int | None, bytes]:
    port = url.port or {"https": 443, "http": 80}.get(url.scheme)
    return url.scheme, url.host.casefold(), port, url.userinfo


PATH: Final = "/telephony/config/jobs/devices/callDeviceSettings"
PAGE_SIZE: Final = 2000
"""The page's own default; what the server does with a larger `max` is not documented."""
NOTICEABLE: Final = 1.0
"""Seconds from which on a pause is reported although the server was reached."""
MOST_FRUITLESS_PAGES: Final = 100
"""So many pages in a row without a job that was not there before are taken for a circle."""


@dataclass(frozen=True, slots=True)
class JobList:
    """The jobs that were listed; `problem` says why they are not all, where something stopped the listing."""

    jobs: tuple[Job, ...]
    problem: Xlsx2OpeasyError | None = None


class WebexClient(AbstractContextManager["WebexClient"]):
    """One organization's administrator at the Webex API. The token goes to the API's own origin alone."""

    def __init__(
        self,
        connection: WebexConnection,
        *,
        clock: Clock | None = None,
        on_pause: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`clock` waits between tries (it may raise to end them).

        `on_pause` gets one sentence about each pause that a person would notice, perhaps in another thread.
        """
        self._base = connection.base_url
        loop = RetryLoop(POLICY, clock or SystemClock())
        loop.on_delay = lambda delay: _report(delay, on_pause)
        self._exchange = WebexExchange(connection, loop)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._exchange.close()

    def list_jobs(
        self,
        *,
        org_id: str | None = None,
        start: int = 0,
        most: int = PAGE_SIZE,
        wanted: Callable[[Job], bool] = lambda _: True,
    ) -> JobList:
        """At most `most` jobs that are `wanted`, over all pages, from the zero-based offset `start` on.

        Never raises what a server can cause: the list holds the jobs so far, and the problem.
        """
        listing = _Listing(most, wanted)
        query: dict[str, str] = {"start": str(start), "max": str(min(most, PAGE_SIZE))}
        if org_id is not None:
            query["orgId"] = org_id
        url: httpx.URL | None = httpx.URL(self._base + PATH, params=query)
        try:
            while url is not None:
                page = self._exchange.get(url)
                listing.take(page)
                url = None if listing.is_full else listing.following(page)
        except Xlsx2OpeasyError as problem:
            return JobList(tuple(listing.jobs), problem)
        return JobList(tuple(listing.jobs))


def _report(delay: Delay, on_pause: Callable[[str], None]) -> None:
    if delay.seconds >= NOTICEABLE:
        on_pause(f"{delay.reason}; trying again in {delay.seconds:.0f} s")
    elif delay.unreached:
        on_pause(f"{delay.reason}; trying for another {delay.left:.0f} s")


class _Listing:
    """The jobs so far, and the pages they came from."""

    def __init__(self, most: int, wanted: Callable[[Job], bool]) -> None:
        self.jobs: list[Job] = []
        self._most = most
        self._wanted = wanted
        self._seen_jobs: set[str] = set()
        self._seen_pages: set[str] = set()
        self._fruitless = 0

    @property
    def is_full(self) -> bool:
        return len(self.jobs) >= self._most

    def take(self, page: Page) -> None:
        """Adds the page's jobs; one of an earlier page was pushed here by a job that began meanwhile."""
        self._seen_pages.add(str(page.url))
        new = [job for job in _jobs_of(page) if job.id is None or job.id not in self._seen_jobs]
        self._seen_jobs |= {job.id for job in new if job.id is not None}
        self._fruitless = 0 if new else self._fruitless + 1
        self.jobs += [job for job in new if self._wanted(job)][: self._most - len(self.jobs)]

    def following(self, page: Page) -> httpx.URL | None:
        """The next page's URL; None where this was the last. Raises ServiceFailed where it is unfit."""
        address = next_link(page.links)
        if address is None:
            return None
        url = resolved(address, page.url)
        if url is None:
            raise ServiceFailed(
                "the list goes on at another server, which was not asked: it would be given the access token",
                "the jobs so far are listed; is WEBEX_URL right?",
            )
        if str(url) in self._seen_pages or self._fruitless >= MOST_FRUITLESS_PAGES:
            raise ServiceFailed("the pages of the list go in circles", "the jobs so far are listed")
        return url


def _jobs_of(page: Page) -> list[Job]:
    items = page.body.get("items") if isinstance(page.body, dict) else None
    if not isinstance(items, list) or not all(isinstance(each, dict) for each in items):
        raise ServiceFailed(
            "the answer is no list of jobs: it has no `items` that are objects", "is WEBEX_URL right?"
        )
    return [Job.from_json(each) for each in items]
