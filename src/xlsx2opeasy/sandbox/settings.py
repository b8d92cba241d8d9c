"""How a sandbox is to behave; the `sandbox` command, `load --sandbox` and the tests fill this in."""

from dataclasses import dataclass, field
from pathlib import Path

from xlsx2opeasy.sandbox.state import State


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """Everything that can be chosen; the defaults are a friendly, quick server without faults.

    `api_key` None means a random one. `enterprise_id` is only the one that `RunningSandbox` tells its user:
    the server accepts every enterprise id, unless the state lists enterprises. `faults` are rules as in
    `xlsx2opeasy.sandbox.faults`. Times are seconds: `latency` before each call, `token_life` of a session,
    `pending_seconds` and `processing_seconds` that a scheduled operation spends in these states, and
    `task_seconds` more for each of its tasks.
    `rate_limit` is calls a second (429 above it). `mask_secrets` answers with `********` where a secret
    was uploaded. Without `file_downloads` a request for a file is refused (406). `webhook_ca` is a PEM file
    with which receivers' certificates are verified.
    """

    api_key: str | None = None
    enterprise_id: str | None = None
    state: State = field(default_factory=State)
    faults: tuple[str, ...] = ()
    latency: float = 0.0
    token_life: float = 3600.0
    rate_limit: int | None = None
    pending_seconds: float = 0.0
    processing_seconds: float = 0.0
    task_seconds: float = 0.0
    mask_secrets: bool = False
    file_downloads: bool = True
    max_upload_bytes: int = 256 * 1024 * 1024
    webhook_ca: Path | None = None
