"""*Connection*: profile, server, enterprise and key, with the checks of `doctor`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xlsx2opeasy import session
from xlsx2opeasy.diagnosis import Finding, diagnose
from xlsx2opeasy.errors import UsageError, Xlsx2OpeasyError
from xlsx2opeasy.secret import Secret
from xlsx2opeasy.settings import Flags, config_file, keyring_name, read_settings, resolve
from xlsx2opeasy.settings.config import read_config
from xlsx2opeasy.settings.keyrings import KeyringTrouble, store
from xlsx2opeasy.web.desk import Desk
from xlsx2opeasy.web.pages.requests import apart, desk_of, fields_of


def connection(request: Request) -> Response:
    """What is set, and where it comes from."""
    return _connection(desk_of(request))


def _connection(
    desk: Desk,
    *,
    problem: Xlsx2OpeasyError | None = None,
    notes: Sequence[str] = (),
    findings: Sequence[Finding] = (),
) -> Response:
    values, profiles = {}, []
    try:
        values = {each.name: each for each in resolve(desk.flags)}
        profiles = list(read_config(config_file()).get("profiles", {}))
    except Xlsx2OpeasyError as error:
        problem = problem or error
    return desk.pages.page(
        "connection.html.j2",
        200 if problem is None else 422,
        values=values,
        profiles=profiles,
        problem=problem,
        notes=notes,
        findings=findings,
        has_key=_has_typed_key(desk),
        sandbox=desk.sandbox is not None,
    )


def _has_typed_key(desk: Desk) -> bool:
    try:
        return desk.typed_key(read_settings(desk.flags)) is not None
    except Xlsx2OpeasyError:
        return False


async def use(request: Request) -> Response:
    """Takes over what was typed; a key is tried at the server first."""
    fields = await fields_of(request)
    return await apart(_use, desk_of(request), fields)


def _use(desk: Desk, fields: Mapping[str, str]) -> Response:
    typed = {name: fields.get(name, "").strip() for name in ("profile", "url", "enterprise_id")}
    flags = _flags(desk.flags, typed)
    try:
        session.server(flags, desk.dialog())  # holds address, enterprise and certificates to their rules
        notes = _use_key(desk, flags, fields)
    except Xlsx2OpeasyError as error:
        return _connection(desk, problem=error)
    desk.flags = flags
    return _connection(desk, notes=notes)


def _flags(now: Flags, typed: Mapping[str, str]) -> Flags:
    """With another profile its values count; else what was typed, where it is something else."""
    if typed["profile"] and typed["profile"] != _value(now, "profile"):
        return Flags(profile=typed["profile"], ca_bundle=now.ca_bundle, api_key_file=now.api_key_file)
    if typed["url"] != _value(now, "url"):
        now = replace(now, url=typed["url"] or None)
    if typed["enterprise_id"] != _value(now, "enterprise_id"):
        now = replace(now, enterprise_id=typed["enterprise_id"] or None)
    return now


def _value(flags: Flags, name: str) -> str:
    try:
        return next((str(each.value or "") for each in resolve(flags) if each.name == name), "")
    except Xlsx2OpeasyError:
        return ""


def _use_key(desk: Desk, flags: Flags, fields: Mapping[str, str]) -> list[str]:
    """Tries a typed key and keeps it; what became of it, in sentences. A refused key is not kept."""
    typed = fields.get("key", "").strip()
    if not typed:
        if fields.get("keep"):
            raise UsageError("no key was typed", "type the API key that is to be kept")
        return ["These settings are in force until the program ends."]
    settings, key = read_settings(flags), Secret(typed)
    session.try_key(settings, key)
    desk.use_key(settings, key)
    if not fields.get("keep"):
        return ["The server takes the key. It is used until the program ends, and written nowhere."]
    try:
        store(keyring_name(settings), key)
    except KeyringTrouble as trouble:
        return [f"The server takes the key. It is used until the program ends only: {trouble.message}."]
    return ["The server takes the key, and it is stored in the keyring."]


async def check(request: Request) -> Response:
    """The checks of `doctor`: nothing is changed, here or at the server."""
    await fields_of(request)
    return await apart(_check, desk_of(request))


def _check(desk: Desk) -> Response:
    return _connection(desk, findings=list(diagnose(desk.flags, desk.dialog())))


ROUTES = [
    Route("/connection", connection),
    Route("/connection", use, methods=["POST"]),
    Route("/connection/check", check, methods=["POST"]),
]
