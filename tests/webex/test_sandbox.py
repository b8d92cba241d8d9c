"""The simulated Webex, driven by the real clients: wxc_sdk (sync and async), wxcadm, and ours."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from xlsx2opeasy.job_model import ENDED, Job
from xlsx2opeasy.sandbox.serve import serve_in_thread
from xlsx2opeasy.sandbox.settings import SandboxSettings
from xlsx2opeasy.sandbox.webex import SimulatedWebex, WebexSettings
from xlsx2opeasy.sandbox.webex_jobs import History
from xlsx2opeasy.secret import Secret
from xlsx2opeasy.webex import WebexClient, WebexConnection

from .items import PATH, TOKEN
from .strangers import (
    AsRestSession,
    AsWebexSimpleApi,
    DeviceCustomization,
    RestError,
    RestSession,
    WebexApi,
    WebexSimpleApi,
)


@contextmanager
def serve(webex: SimulatedWebex | None = None, **settings: Any) -> Iterator[str]:
    """The origin of a sandbox with this Webex."""
    routes = (webex or SimulatedWebex()).routes()
    with serve_in_thread(SandboxSettings(**settings), extra_routes=routes) as running:
        yield running.url


def ours(origin: str) -> WebexClient:
    return WebexClient(WebexConnection(Secret(TOKEN), f"{origin}/v1"))


def get(origin: str, rest: str = "", token: str = f"Bearer {TOKEN}") -> httpx.Response:
    return httpx.get(f"{origin}{PATH}{rest}", headers={"Authorization": token} if token else {})


def post(origin: str, body: dict[str, Any] | None = None) -> httpx.Response:
    return httpx.post(f"{origin}{PATH}", json=body or {}, headers={"Authorization": f"Bearer {TOKEN}"})


@pytest.fixture
def sdk(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], WebexSimpleApi]:
    def made(origin: str) -> WebexSimpleApi:
        monkeypatch.setattr(RestSession, "BASE", f"{origin}/v1")
        return WebexSimpleApi(tokens=TOKEN)

    return made


def test_the_believable_past_has_every_ending() -> None:
    with serve() as origin:
        jobs = [Job.from_json(each) for each in get(origin).json()["items"]]
    assert {job.exit_code for job in jobs} == {
        "UNKNOWN",
        "COMPLETED",
        "FAILED",
        "STOPPED",
        "COMPLETED_WITH_ERRORS",
        "COMPLETED_WITH_PENDING_ORDERS",
    }
    assert {job.status for job in jobs} == ENDED | {"STARTED"}
    assert {job.target for job in jobs} == {"CUSTOMER", "LOCATION"}
    created = [job.created for job in jobs if job.created is not None]
    assert len(created) == len(jobs)
    assert created == sorted(created, reverse=True)
    assert all(job.elapsed is not None and job.elapsed > timedelta(0) for job in jobs)


def test_a_started_job_progresses_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    monkeypatch.setattr("xlsx2opeasy.sandbox.webex_jobs._now", lambda: now)
    with serve(SimulatedWebex(history=History(new_job_lasts=timedelta(seconds=20)))) as origin:
        started = post(origin, {"locationCustomizationsEnabled": True})
        assert started.status_code == 202
        assert started.json()["latestExecutionStatus"] == "STARTING"
        assert "deviceCount" not in started.json()
        assert "startTime" not in started.json()["jobExecutionStatus"][0]
        assert post(origin).status_code == 409
        seen = []
        for passed in (0, 1, 10, 19, 20):
            now = datetime(2026, 11, 22, 12, 0, passed, tzinfo=UTC)
            job = Job.from_json(get(origin, f"/{started.json()['id']}").json())
            seen.append((job.status, job.percentage_complete, job.ended))
        assert seen == [
            ("STARTING", 0, False),
            ("STARTED", 5, False),
            ("STARTED", 50, False),
            ("STARTED", 95, False),
            ("COMPLETED", 100, True),
        ]
        assert job.succeeded
        assert post(origin).status_code == 202


def test_errors_of_a_job_with_and_without_their_type() -> None:
    with serve() as origin:
        items = get(origin).json()["items"]
        failed = next(each for each in items if each["latestExecutionExitCode"] == "COMPLETED_WITH_ERRORS")
        errors = get(origin, f"/{failed['id']}/errors").json()["items"]
    assert errors
    assert {each["errorType"] for each in errors} == {"ERROR"}
    assert errors[0]["error"]["key"] == "500"
    with serve(SimulatedWebex(WebexSettings(error_types=False))) as origin:
        errors = get(origin, f"/{failed['id']}/errors").json()["items"]
    assert "errorType" not in errors[0]


def test_refusals() -> None:
    with serve() as origin:
        for token in ("", "Basic abc", "Bearer"):
            answer = get(origin, token=token)
            assert answer.status_code == 401
            assert set(answer.json()) == {"message", "errors", "trackingId"}
        assert get(origin, "/nothing").status_code == 404
        assert get(origin, "?start=-1").status_code == 400
        assert get(origin, "?max=0").status_code == 400
        assert get(origin, "?max=x").status_code == 400
        assert (
            httpx.post(f"{origin}{PATH}", content=b"{", headers={"Authorization": "Bearer t"}).status_code
            == 400
        )


def test_start_may_answer_as_the_description_says() -> None:
    webex = SimulatedWebex(WebexSettings(start_status=200), History())
    with serve(webex) as origin:
        assert post(origin).status_code == 200


def test_next_links_are_whole_and_keep_the_organization() -> None:
    webex = SimulatedWebex(WebexSettings(page_limit=2), History.many(5))
    with serve(webex) as origin:
        url: str | None = f"{origin}{PATH}?orgId=my%2Forg&max=3"
        seen: list[str] = []
        while url is not None:
            answer = httpx.get(url, headers={"Authorization": f"Bearer {TOKEN}"})
            items = answer.json()["items"]
            assert items
            seen += [each["id"] for each in items]
            url = answer.links.get("next", {}).get("url")
            if url is not None:
                assert url.startswith(f"{origin}{PATH}?")
                assert httpx.URL(url).params["orgId"] == "my/org"
    assert len(seen) == len(set(seen)) == 5


def test_our_client_reads_all_pages_and_waits_where_it_is_told() -> None:
    webex = SimulatedWebex(WebexSettings(page_limit=3, too_many=2, retry_after="0.2"), History.many(8))
    with serve(webex) as origin, ours(origin) as client:
        listed = client.list_jobs()
    assert listed.problem is None
    assert len(listed.jobs) == 8
    assert webex.requests == 2 + 3


def test_the_sandbox_s_own_faults_apply_here_too() -> None:
    with serve(faults=("GET 1 status:429:0.1", "GET 2 truncate")) as origin, ours(origin) as client:
        listed = client.list_jobs()
    assert listed.problem is None
    assert len(listed.jobs) == 12


# -- other people's clients -------------------------------------------------------------------------------


def test_wxc_sdk_lists_starts_and_reads(sdk: Callable[[str], WebexSimpleApi]) -> None:
    webex = SimulatedWebex(WebexSettings(page_limit=5), History.believable(now_running=False))
    with serve(webex) as origin:
        api = sdk(origin).telephony.jobs.device_settings
        jobs = list(api.list(org_id="org"))
        assert [each.id for each in jobs] == [job.id for job in webex.history.latest_first()]
        started = api.change(
            location_id=None, customization=DeviceCustomization(customizations={}, custom_enabled=False)
        )
        assert started.latest_execution_status == "STARTING"
        assert api.status(job_id=started.id).name == "calldevicesettings"
        failed = next(each for each in jobs if each.latest_execution_exit_code == "COMPLETED_WITH_ERRORS")
        errors = list(api.errors(job_id=failed.id))
        assert errors
        assert errors[0].error.key == "500"
        with pytest.raises(RestError) as refused:
            api.status(job_id="nothing")
        assert refused.value.response.status_code == 404


def test_wxc_sdk_asynchronously(monkeypatch: pytest.MonkeyPatch) -> None:
    webex = SimulatedWebex(WebexSettings(page_limit=5))
    with serve(webex) as origin:
        monkeypatch.setattr(AsRestSession, "BASE", f"{origin}/v1")

        async def listed() -> list[Any]:
            async with AsWebexSimpleApi(tokens=TOKEN) as api:
                return await api.telephony.jobs.device_settings.list()

        jobs = asyncio.run(listed())
    assert [each.id for each in jobs] == [job.id for job in webex.history.latest_first()]


def test_wxcadm_s_generic_request_follows_the_pages() -> None:
    webex = SimulatedWebex(WebexSettings(page_limit=5, too_many=1))
    with serve(webex) as origin:
        api = WebexApi(TOKEN, org_id="org", url_base=f"{origin}/")
        try:
            jobs = api.get(PATH.lstrip("/"))
            one = api.get(f"{PATH.lstrip('/')}/{jobs[-1]['id']}")
        finally:
            api.session.close()
    assert [each["id"] for each in jobs] == [job.id for job in webex.history.latest_first()]
    assert one["id"] == jobs[-1]["id"]
