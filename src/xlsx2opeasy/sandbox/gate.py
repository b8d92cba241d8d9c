"""The gate before the application: latency, rate limit, upload limit, faults, and a record of every call."""

import asyncio
import time
from collections import deque
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xlsx2opeasy.sandbox.connections import Connection, Connections
from xlsx2opeasy.sandbox.exchange import json_answer
from xlsx2opeasy.sandbox.fault_actions import FAULT_ACTIONS, Exchange
from xlsx2opeasy.sandbox.faults import FaultRule, FaultRules
from xlsx2opeasy.sandbox.refusals import Refusal, status_error
from xlsx2opeasy.sandbox.settings import SandboxSettings
from xlsx2opeasy.sandbox.truth import Truth

_SECRET_HEADERS: Final = frozenset({"authorization"})


class _Record:
    """Notes one call in the truth, once: before its answer goes out, or its connection is cut."""

    def __init__(self, truth: Truth, scope: Scope, endpoint: str | None, rule: FaultRule | None) -> None:
        self._truth = truth
        self._scope = scope
        self._endpoint = endpoint
        self._rule = rule
        self._noted = False

    def note(self, status: int | None = None) -> None:
        """Notes the call with this status; None where there is no answer."""
        if self._noted:
            return
        self._noted = True
        headers = Headers(scope=self._scope).items()
        self._truth.note_call(
            endpoint=self._endpoint,
            method=self._scope["method"],
            path=self._scope["path"],
            status=status,
            fault=self._rule.text if self._rule else None,
            headers={name: value for name, value in headers if name not in _SECRET_HEADERS},
        )

    def noting(self, send: Send) -> Send:
        """`send`, with the status noted first."""

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.note(message["status"])
            await send(message)

        return noting


class Gate:
    """ASGI middleware; one for one sandbox."""

    def __init__(
        self,
        app: ASGIApp,
        settings: SandboxSettings,
        rules: FaultRules,
        truth: Truth,
        connections: Connections,
        routes: list[Route],
    ) -> None:
        self._app = app
        self._settings = settings
        self._truth = truth
        self._connections = connections
        self._routes = routes
        self._rules = rules
        self._recent: deque[float] = deque()
        self._later: set[asyncio.Task[Any]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request through, or does to it what the settings say."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        endpoint = self._endpoint(scope)
        rule = self._rules.hit(scope["method"], endpoint)
        record = _Record(self._truth, scope, endpoint, rule)
        try:
            await self._pass(rule, record, scope, receive, record.noting(send))
        except Refusal as refusal:
            await answer_of(refusal)(scope, receive, record.noting(send))
        except ClientDisconnect:
            pass  # the client went while its request was being read: there is no client to answer
        finally:
            record.note()

    async def _pass(
        self, rule: FaultRule | None, record: _Record, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if self._settings.latency:
            await asyncio.sleep(self._settings.latency)
        if self._is_too_much():
            refusal = status_error(429, "Too many calls", {"Retry-After": "1"})
            await answer_of(refusal)(scope, receive, send)
        elif self._is_too_large(scope):
            await answer_of(_too_large(self._settings.max_upload_bytes))(scope, receive, send)
        else:
            receive = self._limited(receive)
            if rule is None:
                await self._app(scope, receive, send)
            else:
                connection = Connection(self._connections, scope, on_cut=record.note)
                exchange = Exchange(self._app, scope, receive, send, rule, connection, self._later)
                await FAULT_ACTIONS[rule.action](exchange)

    def _endpoint(self, scope: Scope) -> str | None:
        for route in self._routes:
            if route.matches(scope)[0] is Match.FULL:
                return route.name
        return None

    def _is_too_much(self) -> bool:
        limit = self._settings.rate_limit
        if limit is None:
            return False
        now = time.monotonic()
        while self._recent and now - self._recent[0] >= 1:
            self._recent.popleft()
        if len(self._recent) >= limit:
            return True
        self._recent.append(now)
        return False

    def _is_too_large(self, scope: Scope) -> bool:
        length = Headers(scope=scope).get("content-length", "0")
        return length.isdigit() and int(length) > self._settings.max_upload_bytes

    def _limited(self, receive: Receive) -> Receive:
        limit, received = self._settings.max_upload_bytes, 0

        async def limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise _too_large(limit)
            return message

        return limited


def answer_of(refusal: Refusal) -> Response:
    """The answer that says what a refusal says."""
    return json_answer(refusal.body, refusal.status, refusal.headers)


def _too_large(limit: int) -> Refusal:
    return status_error(413, f"The body may have at most {limit} bytes")
