"""A short share of `make fuzz-fleet`: workers that are killed and sleep, and a database that restarts."""

from pathlib import Path

import pytest

from postgres import PostgresServer

from .fuzz import Campaign, play, require_promises


@pytest.mark.usefixtures("store_url")  # for the key
def test_no_two_loads_of_an_enterprise_at_once_and_no_row_twice(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    campaign = Campaign(loads=6, enterprises=2, kills=2, stops=1, restarts=1, seed=7, seconds=900)
    servers = play(campaign, postgres, tmp_path)
    require_promises(campaign, servers)
