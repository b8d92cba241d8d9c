"""What each action of a fault rule does with one request (`xlsx2opeasy.sandbox.faults.ACTIONS`)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xlsx2opeasy.sandbox.connections import Connections
from xlsx2opeasy.sandbox.exchange import json_answer
from xlsx2opeasy.sandbox.faults import ACTIONS, FaultRule
from xlsx2opeasy.sandbox.refusals import status_error

_HTML: Final = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>"


@dataclass(slots=True)
class _Answer:
    """An answer of the application, kept back."""

    start: Message = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
        else:
            self.body += message.get("body", b"")

    async def give(self, send: Send) -> None:
        await send(self.start)
        await send({"type": "http.response.body", "body": bytes(self.body)})


@dataclass(slots=True)
class Exchange:
    """One request that a rule has hit. `later` keeps the tasks that go on after the request."""

    app: ASGIApp
    scope: Scope
    receive: Receive
    send: Send
    rule: FaultRule
    connections: Connections
    later: set[asyncio.Task[None]]

    async def applied(self, receive: Receive | None = None) -> _Answer:
        """Applies the call, and keeps its answer back."""
        answer = _Answer()
        await self.app(dict(self.scope), receive or self.receive, answer.take)
        return answer

    async def body(self) -> list[Message]:
        """The whole request, so that it can be applied again or later."""
        messages = [await self.receive()]
        while messages[-1].get("more_body"):
            messages.append(await self.receive())
        return messages

    async def answer(self, response: Response) -> None:
        """Answers in the application's place."""
        await response(self.scope, self.receive, self.send)


async def _drop_before(exchange: Exchange) -> None:
    exchange.connections.cut(exchange.scope)


async def _drop_after(exchange: Exchange) -> None:
    await exchange.applied()
    exchange.connections.cut(exchange.scope)


async def _delay(exchange: Exchange) -> None:
    await asyncio.sleep(exchange.rule.seconds)
    await exchange.app(exchange.scope, exchange.receive, exchange.send)


async def _delay_after(exchange: Exchange) -> None:
    answer = await exchange.applied()
    await asyncio.sleep(exchange.rule.seconds)
    await answer.give(exchange.send)


async def _later(exchange: Exchange) -> None:
    messages = await exchange.body()

    async def apply() -> None:
        await asyncio.sleep(exchange.rule.seconds)
        await exchange.applied(_replayed(messages))

    task = asyncio.create_task(apply())
    exchange.later.add(task)
    task.add_done_callback(exchange.later.discard)
    exchange.connections.cut(exchange.scope)


async def _twice(exchange: Exchange) -> None:
    messages = await exchange.body()
    await exchange.applied(_replayed(messages))
    answer = await exchange.applied(_replayed(messages))
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
    half = bytes(answer.body[: len(answer.body) // 2])
    await exchange.send({"type": "http.response.body", "body": half, "more_body": True})
    exchange.connections.end(exchange.scope)


async def _drip(exchange: Exchange) -> None:
    answer = await exchange.applied()
    await exchange.send(answer.start)
    for byte in bytes(answer.body):
        await exchange.send({"type": "http.response.body", "body": bytes([byte]), "more_body": True})
        await asyncio.sleep(exchange.rule.seconds)
    await exchange.send({"type": "http.response.body"})


def _replayed(messages: list[Message]) -> Receive:
    rest = iter(messages)

    async def receive() -> Message:
        return next(rest, {"type": "http.disconnect"})

    return receive


MISDEEDS: Final[dict[str, Callable[[Exchange], Awaitable[None]]]] = {
    "drop-before": _drop_before,
    "drop-after": _drop_after,
    "delay": _delay,
    "delay-after": _delay_after,
    "later": _later,
    "twice": _twice,
    "status": _status,
    "status-after": _status_after,
    "redirect": _redirect,
    "html": _html,
    "html-after": _html_after,
    "truncate": _truncate,
    "drip": _drip,
}

if MISDEEDS.keys() != ACTIONS.keys():
    raise RuntimeError("every action of the fault rules needs a function here, and the other way round")
