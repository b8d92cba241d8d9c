"""`xlsx2opeasy sandbox`: the simulated OpEasy as a server of its own."""

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from xlsx2opeasy.cli.output import tell
from xlsx2opeasy.errors import UsageError
from xlsx2opeasy.sandbox.faults import FaultRuleError
from xlsx2opeasy.sandbox.settings import SandboxSettings
from xlsx2opeasy.sandbox.state import State, StateFileError, read_state
from xlsx2opeasy.shell import setting

if TYPE_CHECKING:
    from xlsx2opeasy.sandbox.serve import RunningSandbox


@click.command(name="sandbox")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one."
)
@click.option("--state", type=click.Path(path_type=Path), help="The enterprise to begin with (TOML, JSON).")
@click.option(
    "--fault", "faults", multiple=True, help='Bad weather, such as "PATCH 2 drop-after"; repeatable.'
)
@click.option("--latency", type=click.FloatRange(min=0), default=0.0, help="Seconds before each answer.")
@click.option(
    "--processing", type=click.FloatRange(min=0), default=1.0, help="Seconds that an operation runs."
)
@click.option(
    "--token-life", type=click.FloatRange(min=1), default=3600.0, help="Seconds that a token lives."
)
@click.option("--rate-limit", type=click.IntRange(min=1), help="Calls a second; above it 429.")
def command(
    port: int,
    state: Path | None,
    faults: tuple[str, ...],
    latency: float,
    processing: float,
    token_life: float,
    rate_limit: int | None,
) -> NoReturn:
    """Serve a simulated OpEasy (and Webex job list) on this machine, to try loads against. Ctrl-C ends it.

    \b
    Example:
      xlsx2opeasy sandbox --port 8000 --fault "PATCH 2 drop-after"
    """
    from xlsx2opeasy.sandbox.serve import serve_forever  # starlette, uvicorn: not for --help
    from xlsx2opeasy.sandbox.webex import SimulatedWebex

    try:
        settings = SandboxSettings(
            state=_state(state),
            faults=faults,
            latency=latency,
            processing_seconds=processing,
            token_life=token_life,
            rate_limit=rate_limit,
        )
        serve_forever(settings, port, announce=_announce, extra_routes=SimulatedWebex().routes())
    except (StateFileError, FaultRuleError) as error:
        raise UsageError(str(error), "see xlsx2opeasy sandbox --help") from error
    except OSError as error:
        raise UsageError(
            f"port {port} cannot be had: {error.strerror or error}", "choose another --port"
        ) from error
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    raise SystemExit(0)


def _state(file: Path | None) -> State:
    """What the file says, else an empty enterprise. Raises UsageError for a file that cannot be read."""
    try:
        return read_state(file) if file else State()
    except OSError as error:
        raise UsageError(
            f"the state file {file} cannot be read: {error.strerror or error}",
            "see xlsx2opeasy sandbox --help",
        ) from error


def _announce(running: "RunningSandbox") -> None:
    tell(f"The sandbox serves {running.url}/v1. In another terminal:")
    for name, value in (
        ("OPEASY_URL", running.url),
        ("OPEASY_ENTERPRISE_ID", running.enterprise_id),
        ("OPEASY_API_KEY", running.api_key),
    ):
        tell(f"  {setting(name, value)}")
    tell("  xlsx2opeasy load WORKBOOK.xlsx")
    tell("Webex's jobs are there too:")
    tell(f"  {setting('WEBEX_URL', f'{running.url}/v1')}")
    tell(f"  {setting('WEBEX_ACCESS_TOKEN', 'sandbox-token')}")
    tell("  xlsx2opeasy webex jobs")
