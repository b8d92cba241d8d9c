"""*Connection*: profile, server, enterprise and key, with the checks of `doctor`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import xlsx2opeasy.session as session  # "from xlsx2opeasy" asks it for a public name first
from xlsx2opeasy.diagnosis import Finding, diagnose
from xlsx2opeasy.errors import ServiceFailed, UsageError, Xlsx2OpeasyError
from xlsx2opeasy.secret import Secret
from xlsx2opeasy.settings.config import config_file, read_config
from xlsx2opeasy.settings.edit import checked_value, variables_before_profiles, write_profile
from xlsx2opeasy.settings.keyrings import KeyringTrouble, keyring_name, store
from xlsx2opeasy.settings.resolved import Flags, Settings, read_settings, resolve
from xlsx2opeasy.web.desk import Desk, Proposal
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
    proposal: Proposal | None = None,
) -> Response:
    values, profiles = {}, []
    try:
        values = {each.name: each for each in resolve(proposal.flags if proposal else desk.flags)}
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
        proposal=proposal,
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
    key = fields.get("key", "").strip()
    proposal = Proposal(
        _flags(desk.flags, typed),
        Secret(key) if key else None,
        in_keyring=bool(fields.get("keep")),
        profile=fields.get("save_as", "").strip(),
    )
    desk.proposal = None
    try:
        session.server(proposal.flags, desk.dialog())  # holds address, enterprise and certificates to rules
        if proposal.key is not None:
            session.try_key(read_settings(proposal.flags), proposal.key)
        elif proposal.in_keyring:
            raise UsageError("no key was typed", "type the API key that is to be kept")
        return _connection(desk, notes=_take(desk, proposal, "The server takes the key"))
    except ServiceFailed as failure:
        desk.proposal = proposal
        return _connection(desk, problem=failure, proposal=proposal)
    except Xlsx2OpeasyError as error:
        return _connection(desk, problem=error)


async def use_untried(request: Request) -> Response:
    """Takes over what could not be tried at the server, after the person said so."""
    fields = await fields_of(request)
    return await apart(_use_untried, desk_of(request), fields.get("proposal", ""))


def _use_untried(desk: Desk, proposal_id: str) -> Response:
    proposal, desk.proposal = desk.proposal, None
    try:
        if proposal is None or proposal.id != proposal_id:
            raise UsageError("these settings are not waiting any more", "type them again, and the key too")
        return _connection(desk, notes=_take(desk, proposal, "The key was not tried at the server"))
    except Xlsx2OpeasyError as error:
        return _connection(desk, problem=error)


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


def _take(desk: Desk, proposal: Proposal, tried: str) -> list[str]:
    """Uses the settings and the key, and keeps them where that is wanted; what became of them, in sentences.

    Raises UsageError or LocalFailure where config.toml cannot take the profile: they are in use then.
    """
    settings, key = read_settings(proposal.flags), proposal.key
    desk.use_flags(proposal.flags)
    notes = []
    if key is not None:
        desk.use_key(settings, key)
        notes.append(f"{tried}{_kept(settings, key) if proposal.in_keyring else _UNTIL_THE_END}")
    if not proposal.profile:
        return notes or ["These settings are in force until the program ends."]
    url, enterprise = (str(checked_value(name, getattr(settings, name))) for name in ("url", "enterprise_id"))
    path = write_profile(proposal.profile, url, enterprise, settings.ca_bundle)
    desk.use_flags(replace(proposal.flags, profile=proposal.profile))
    notes.append(f"Profile {proposal.profile} is written to {path}, and is the default one from now on.")
    return notes + variables_before_profiles()


_UNTIL_THE_END = ". It is used until the program ends, and written nowhere."


def _kept(settings: Settings, key: Secret) -> str:
    try:
        store(keyring_name(settings), key)
    except KeyringTrouble as trouble:
        return f". It is used until the program ends only: {trouble.message}."
    return ". It is stored in the keyring."


async def check(request: Request) -> Response:
    """The checks of `doctor`: nothing is changed, here or at the server."""
    await fields_of(request)
    return await apart(_check, desk_of(request))


def _check(desk: Desk) -> Response:
    return _connection(desk, findings=list(diagnose(desk.flags, desk.dialog())))


ROUTES = [
    Route("/connection", connection),
    Route("/connection", use, methods=["POST"]),
    Route("/connection/untried", use_untried, methods=["POST"]),
    Route("/connection/check", check, methods=["POST"]),
]
