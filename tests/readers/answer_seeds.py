"""One seed of the campaign of answers: a load, or the commands that look at a server, whose answers are changed."""

import json
import re
from collections import Counter
from pathlib import Path
from random import Random
from subprocess import CompletedProcess

import installed
from foreign.messages import Answer, Request
from foreign.server import ForeignServer
from load.crash import Frozen, finish, thaw
from load.rig import kept_promise
from readers.answers import changed
from xlsx2opeasy.errors import Xlsx2OpeasyError
from xlsx2opeasy.opeasy.client import OpEasyClient
from xlsx2opeasy.opeasy.connection import Connection
from xlsx2opeasy.secret import Secret

SHARE = 0.2
"""Of the answers of a load that are changed."""
_CODES = (0, 1, 2, 4, 5)
_PASSWORD = "Canary-Passw0rd"
_USER = {
    "command": "AddUser",
    "content": {"groupId": "Dallas", "user": {"userId": "john.doe@example.com", "userPassword": _PASSWORD}},
}


class Weather:
    """Changes some of the answers; `told` says which and how."""

    def __init__(self, server: ForeignServer, dice: Random, *, harmless: bool, share: float) -> None:
        self.share = share
        self.told: list[str] = []
        self._dice = dice
        self._harmless = harmless
        server.settings.after = self._after

    def _after(self, request: Request, answer: Answer) -> Answer | None:
        if self._dice.random() >= self.share:
            return None
        new, what = changed(answer, self._dice, harmless=self._harmless)
        if what:
            self.told.append(f"{request.call}: {what}")
        return new


def play_load(seed: int, jobs: list[Frozen], folder: Path, tally: Counter[str]) -> None:
    """A job under changed answers, then without; raises AssertionError where a promise is broken.

    Other spellings change nothing: the job ends at once as it should.
    """
    dice = Random(seed)
    frozen, harmless = dice.choice(jobs), dice.random() < 0.3
    with ForeignServer() as server:
        rig = thaw(frozen, folder / f"seed-{seed}", server)
        weather = Weather(server, dice, harmless=harmless, share=1.0 if harmless else SHARE)
        try:
            for _ in range(1 if harmless else dice.randint(1, 3)):
                try:
                    result = rig.resume(frozen.job)
                except Xlsx2OpeasyError as error:
                    if harmless or not error.message.strip():
                        raise
                    tally[f"load: {type(error).__name__}"] += 1
                else:
                    kept_promise(rig.server, result)
                    assert not harmless or result.status == "completed", result.message
                    tally[f"load: {result.status}"] += 1
            weather.share = 0.0
            tally[f"load, in the end: {finish(rig, frozen).status}"] += 1
        except Exception as error:
            error.add_note("\n".join(weather.told))
            raise


def play_commands(seed: int, home: Path, tally: Counter[str]) -> None:
    """A command that looks at a server, whose answers are changed."""
    dice = Random(seed)
    with ForeignServer() as server:
        settings = server.settings
        environment = {
            "XLSX2OPEASY_HOME": str(home),
            "OPEASY_URL": server.url,
            "OPEASY_ENTERPRISE_ID": settings.enterprise_id,
            "OPEASY_API_KEY": settings.api_key,
        }
        key = Secret(settings.api_key)
        with OpEasyClient(Connection(server.url, settings.enterprise_id, key)) as client:
            arguments = dice.choice(_commands(client, server, home))
        as_json, harmless = dice.random() < 0.5, dice.random() < 0.3
        arguments = (*arguments, "--json") if as_json else arguments
        before = _run(arguments, environment)
        weather = Weather(server, dice, harmless=harmless, share=1.0 if harmless else 0.6)
        done = _run(arguments, environment)
        tally[f"command: {done.returncode}"] += 1
        try:
            _hold(done, as_json=as_json)
            if harmless:
                assert done.returncode == before.returncode, done.stdout + done.stderr
                _same(done.stdout, before.stdout, as_json=as_json)
        except Exception as error:
            error.add_note("\n".join((" ".join(arguments), *weather.told)))
            raise


def _hold(done: "CompletedProcess[str]", *, as_json: bool) -> None:
    """The command ended as commands end: with a code of the contract, a sentence, and no line of the server's."""
    output = done.stdout + done.stderr
    assert done.returncode in _CODES, output
    for never in ("Traceback", "internal error", _PASSWORD):
        assert never not in output, output
    assert output.strip()
    for line in output.split("\n"):
        assert line.isprintable(), repr(line[:200])
    if as_json:
        json.loads(done.stdout, parse_constant=_no_json)


def _same(one: str, other: str, *, as_json: bool) -> None:
    """The same, but for the order of keys, which is the server's, and the space on the disk."""
    one, other = (re.sub(r"[\d,]+ MB are free", "", each) for each in (one, other))
    if as_json:
        assert json.loads(one) == json.loads(other), one
    else:
        assert sorted(one) == sorted(other), one


def _no_json(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def _commands(client: OpEasyClient, server: ForeignServer, home: Path) -> list[tuple[str, ...]]:
    """What looks at a server, once an operation, the run of another one, and a receiver are there."""
    file = home / "tasks.json"
    file.write_text(json.dumps({"tasks": {"Users": [_USER, {"command": "AddUser", "content": {"x": 1}}]}}))
    draft = client.create_operation(file).id
    file.write_text(json.dumps({"tasks": {"Users": [_USER]}}))
    run = client.schedule(client.create_operation(file).id).id
    server.finish(run)
    receiver = client.register_webhook("https://example.com/hook").id
    return [
        ("operations", "show", draft),
        ("operations", "tasks", draft),
        ("operations", "errors", draft),
        ("scheduled", "status", run),
        ("scheduled", "results", run),
        ("webhooks", "list"),
        ("webhooks", "show", receiver),
        ("doctor",),
    ]


def _run(arguments: tuple[str, ...], environment: dict[str, str]) -> "CompletedProcess[str]":
    return installed.run(*arguments, env=environment)
