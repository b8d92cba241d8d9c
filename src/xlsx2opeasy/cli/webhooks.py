"""`xlsx2opeasy webhooks`: the receivers of callbacks that are registered for the enterprise."""

from collections.abc import Sequence
from typing import Any, NoReturn

import click

from xlsx2opeasy.cli.api import api_options, connected, deletion_message, end
from xlsx2opeasy.cli.options import YES
from xlsx2opeasy.cli.output import say, tell
from xlsx2opeasy.cli.questions import require_yes
from xlsx2opeasy.cli.tables import cell, show_table
from xlsx2opeasy.opeasy.models import Webhook
from xlsx2opeasy.settings.resolved import Flags

_ID = click.argument("webhook_id", metavar="ID")


@click.group(name="webhooks")
def command() -> None:
    """Look at the enterprise's webhook receivers, register and remove them.

    \b
    Example:
      xlsx2opeasy webhooks list
    """


@command.command(name="list")
@api_options
def list_command(*, flags: Flags, as_json: bool) -> NoReturn:
    """List all webhook receivers of the enterprise.

    \b
    Example:
      xlsx2opeasy webhooks list --json
    """
    with connected(flags) as api:
        found = api.client.webhooks()
    end({"items": [_document(each) for each in found]}, as_json=as_json, show=lambda: _show(found))


def _document(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "enterpriseId": webhook.enterprise_id,
        "url": webhook.url,
        "events": list(webhook.events),
    }


def _show(webhooks: Sequence[Webhook]) -> None:
    if not webhooks:
        tell("There are no webhook receivers.")
        return
    rows = [(cell(each.id), cell(each.url), cell(", ".join(each.events))) for each in webhooks]
    show_table(("Id", "URL", "Events"), rows)


@command.command(name="register")
@click.argument("url_", metavar="URL")
@api_options
def register(url_: str, *, flags: Flags, as_json: bool) -> NoReturn:
    """Have callbacks sent to URL (https) whenever the status of a scheduled operation changes.

    \b
    Example:
      xlsx2opeasy webhooks register https://hooks.example.com/opeasy
    """
    with connected(flags) as api:
        found = api.client.register_webhook(url_)
    words = f"Webhook receiver {found.id} is registered for {found.url}"
    end({"webhook": _document(found)}, as_json=as_json, show=lambda: say(words))


@command.command(name="show")
@_ID
@api_options
def show(webhook_id: str, *, flags: Flags, as_json: bool) -> NoReturn:
    """Show the webhook receiver ID.

    \b
    Example:
      xlsx2opeasy webhooks show 5f1d7a84db00cda80e37f8f0
    """
    with connected(flags) as api:
        found = api.client.get_webhook(webhook_id)
    end({"webhook": _document(found)}, as_json=as_json, show=lambda: _show([found]))


@command.command(name="remove")
@_ID
@YES
@api_options
def remove(webhook_id: str, *, yes: bool, flags: Flags, as_json: bool) -> NoReturn:
    """Remove the webhook receiver ID: no more callbacks are sent to it.

    \b
    Example:
      xlsx2opeasy webhooks remove 5f1d7a84db00cda80e37f8f0
    """
    require_yes(f"Remove webhook receiver {webhook_id}?", yes=yes)
    with connected(flags) as api:
        words = deletion_message(api.client.remove_webhook(webhook_id), f"Webhook receiver {webhook_id}")
    end({"deleted": True}, as_json=as_json, show=lambda: say(words))
