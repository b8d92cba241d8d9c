"""Users: SuspendUser, RestoreUser and the two Sync commands; and which users are Teams users."""

from typing import Any, Final

from xlsx2opeasy.sandbox.enterprise import Command, Enterprise, TaskFailed, User


def suspend_user(enterprise: Enterprise, content: dict[str, Any]) -> None:
    """SuspendUser: needs the function (108) and a user who is not suspended yet."""
    user = _user(enterprise, content)
    if user.suspended:
        raise TaskFailed("100", f"The user is already suspended: {user.user_id}")
    user.suspended = True


def restore_user(enterprise: Enterprise, content: dict[str, Any]) -> None:
    """RestoreUser: needs the function (108) and a suspended user (111)."""
    user = _user(enterprise, content)
    if not user.suspended:
        raise TaskFailed("111")
    user.suspended = False
    touch(enterprise, user, wanted=False)


def sync_added_modified(enterprise: Enterprise, _: dict[str, Any]) -> None:
    """SyncAddedModifiedTeamsUsers: nobody is pending any more."""
    enterprise.pending_teams_additions.clear()


def sync_deleted(enterprise: Enterprise, _: dict[str, Any]) -> None:
    """SyncDeletedTeamsUsers: nobody is pending any more."""
    enterprise.pending_teams_deletions.clear()


def has_teams_fields(settings: dict[str, Any]) -> bool:
    """Whether the fields of a new user make it a Teams user."""
    return any(map(settings.get, ("msTeamsXsiPlugin", "teamsVoiceRoute", "teamsPbxLocation")))


def touch(enterprise: Enterprise, user: User, *, wanted: bool) -> None:
    """Notes that a Teams user (or one who is `wanted` to become one) was added, modified or restored."""
    user.teams = user.teams or wanted
    if user.teams:
        enterprise.pending_teams_additions.add(user.user_id)


def _user(enterprise: Enterprise, content: dict[str, Any]) -> User:
    if not enterprise.state.suspend_restore:
        raise TaskFailed("108")
    return enterprise.user(content["user"]["userId"])


COMMANDS: Final[dict[str, Command]] = {
    "SuspendUser": suspend_user,
    "RestoreUser": restore_user,
    "SyncAddedModifiedTeamsUsers": sync_added_modified,
    "SyncDeletedTeamsUsers": sync_deleted,
}
