"""What each action of a fault rule does with one request (`xlsx2opeasy.sandbox.faults.ACTIONS`)."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xlsx2opeasy.sandbox.connections import Connection
from xlsx2opeasy.sandbox.exchange import json_answer
from xlsx2opeasy.sandbox.faults import ACTIONS, FaultRule
from xlsx2opeasy.sandbox.refusals import status_error

_HTML: Final = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>"


@dataclass(slots=True)
class Answer:
    """An answer of the application, kept back."""

    start: Message = field(default_factory=dict)
    body: bytes = b""

    async def take(self, message: Message) -> None:
        """In the place of ASGI's `send`."""
        if message["type"] == "http.response.start":
            self.start = message
        else:
            self.body += message.get("body", b"")

    async def give(self, send: Send) -> None:
        """To the client after all, with the length that the body has now."""
        length = str(len(self.body)).encode()
        headers = [(name, value) for name, value in self.start["headers"] if name != b"content-length"]
        await send({**self.start, "headers": [*headers, (b"content-length", length)]})
        await send({"type": "http.response.body", "body": self.body})


class Exchange:
    """One request that a rule has hit. `later` keeps the tasks that outlive their request."""

    def __init__(
        self,
        app: ASGIApp,
        scope: Scope,
        receive: Receive,
        send: Send,
        rule: FaultRule,
        connection: Connection,
        later: set[asyncio.Task[Any]],
    ) -> None:
        self.rule = rule
        self.send = send
        self._app = app
        self._scope = scope
        self._receive = receive
        self._connection = connection
        self._later = later
        self._request: list[Message] = []

    async def read(self) -> None:
        """Reads the whole request, so that it can be applied later or again."""
        while not self._request or self._request[-1].get("more_body"):
            self._request.append(await self._receive())

    async def applied(self, after: float = 0.0, query: str | None = None) -> Answer:
        """Applies the call `after` seconds (with another `query`), and keeps its answer back."""
        await self.read()
        await asyncio.sleep(after)
        answer = Answer()
        scope = dict(self._scope)
        if query is not None:
            scope["query_string"] = query.encode()
        await self._app(scope, _replayed(self._request), answer.take)
        return answer

    def apply_later(self) -> "asyncio.Task[Answer]":
        """Applies the call after the seconds of the rule, even where the client is gone; after `read`."""
        task = asyncio.create_task(self.applied(self.rule.seconds))
        self._later.add(task)
        task.add_done_callback(self._later.discard)
        return task

    async def answer(self, response: Response) -> None:
        """Answers in the application's place."""
        await response(self._scope, self._receive, self.send)

    async def client_gone(self) -> None:
        """Waits until the client has closed the connection; only after `read`."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def cut(self, *, flush: bool = False) -> None:
        """Ends the connection: with a reset, or once what was sent so far is out."""
        if flush:
            self._connection.end()
        else:
            self._connection.cut()
        await self.client_gone()


async def _drop_before(exchange: Exchange) -> None:
    await exchange.cut()


async def _drop_after(exchange: Exchange) -> None:
    await exchange.applied()
    await exchange.cut()


async def _later(exchange: Exchange) -> None:
    await exchange.read()
    exchange.apply_later()
    await exchange.cut()


async def _delay(exchange: Exchange) -> None:
    await exchange.read()
    applying = exchange.apply_later()
    if await _before_client_goes(exchange, applying):
        await applying.result().give(exchange.send)


async def _delay_after(exchange: Exchange) -> None:
    answer = await exchange.applied()
    if await _before_client_goes(exchange, asyncio.create_task(asyncio.sleep(exchange.rule.seconds))):
        await answer.give(exchange.send)


async def _twice(exchange: Exchange) -> None:
    await exchange.applied()
    answer = await exchange.applied()
    await answer.give(exchange.send)


async def _status(exchange: Exchange) -> None:
    headers = {"Retry-After": exchange.rule.retry_after} if exchange.rule.retry_after else None
    refusal = status_error(int(exchange.rule.argument), "A fault rule of the sandbox", headers)
    await exchange.answer(json_answer(refusal.body, refusal.status, refusal.headers))


async def _status_after(exchange: Exchange) -> None:
    await exchange.applied()
    await _status(exchange)


async def _redirect(exchange: Exchange) -> None:
    await exchange.answer(Response(status_code=307, headers={"Location": exchange.rule.argument}))


async def _html(exchange: Exchange) -> None:
    await exchange.answer(HTMLResponse(_HTML))


async def _html_after(exchange: Exchange) -> None:
    await exchange.applied()
    await _html(exchange)


async def _truncate(exchange: Exchange) -> None:
    answer = await exchange.applied()
    await exchange.send(answer.start)
    half = answer.body[: len(answer.body) // 2]
    await exchange.send({"type": "http.response.body", "body": half, "more_body": True})
    await exchange.cut(flush=True)


async def _drip(exchange: Exchange) -> None:
    answer = await exchange.applied()
    await exchange.send(answer.start)
    for byte in answer.body:
        await exchange.send({"type": "http.response.body", "body": bytes([byte]), "more_body": True})
        pause = asyncio.create_task(asyncio.sleep(exchange.rule.seconds))
        if not await _before_client_goes(exchange, pause):
            return
    await exchange.send({"type": "http.response.body"})


async def _replace(exchange: Exchange) -> None:
    answer = await exchange.applied()
    old, _, new = exchange.rule.argument.partition("=>")
    answer.body = answer.body.replace(old.encode(), new.encode())
    await answer.give(exchange.send)


async def _query(exchange: Exchange) -> None:
    answer = await exchange.applied(query=exchange.rule.argument)
    await answer.give(exchange.send)


async def _lose(exchange: Exchange) -> None:
    answer = await exchange.applied()
    body = json.loads(answer.body)
    lost = int(exchange.rule.argument)
    for value in body.values():
        if isinstance(value, list):
            del value[-lost:]
    if "totalItems" in body:
        body["totalItems"] -= lost
    answer.body = json.dumps(body, ensure_ascii=False).encode()
    await answer.give(exchange.send)


async def _before_client_goes(exchange: Exchange, task: "asyncio.Task[Any]") -> bool:
    """Waits for the task; False where the client went first (the task goes on, if somebody keeps it)."""
    gone = asyncio.create_task(exchange.client_gone())
    await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
    gone.cancel()
    return task.done()


def _replayed(messages: list[Message]) -> Receive:
    rest = iter(messages)

    async def receive() -> Message:
        for message in rest:
            return message
        leaves: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        return await leaves  # never: this client is a replay

    return receive


FAULT_ACTIONS: Final[dict[str, Callable[[Exchange], Awaitable[None]]]] = {
    "drop-before": _drop_before,
    "drop-after": _drop_after,
    "later": _later,
    "delay": _delay,
    "delay-after": _delay_after,
    "twice": _twice,
    "status": _status,
    "status-after": _status_after,
    "redirect": _redirect,
    "html": _html,
    "html-after": _html_after,
    "truncate": _truncate,
    "drip": _drip,
    "replace": _replace,
    "query": _query,
    "lose": _lose,
}

if FAULT_ACTIONS.keys() != ACTIONS.keys():
    raise RuntimeError("every action of the fault rules needs a function here, and the other way round")
