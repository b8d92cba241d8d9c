"""A few seeds of the random campaign (`make fuzz` plays many): I1-I8 hold whatever happens."""

from collections import Counter
from pathlib import Path

import pytest

from foreign.certificate import make_certificate

from .crash import Frozen
from .fuzz import frozen_jobs, play
from .killed_commands import play_commands
from .loops import play_loop


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> list[Frozen]:
    return frozen_jobs(tmp_path_factory.mktemp("campaign") / "jobs")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.mark.parametrize("seed", [1, 3, 4, 6, 9])
def test_commands_that_are_killed(tmp_path: Path, certificate: tuple[Path, Path], seed: int) -> None:
    play_commands(seed, tmp_path, certificate, Counter())


@pytest.mark.parametrize("seed", [3, 16, 21, 38, 52, 57])
def test_a_loop(tmp_path: Path, seed: int) -> None:
    play_loop(seed, tmp_path, Counter())


@pytest.mark.parametrize("seed", [17, 24, 66, 75, 293, *range(1000, 1016)])
def test_a_seed(jobs: list[Frozen], tmp_path: Path, seed: int) -> None:
    play(seed, jobs, tmp_path, Counter())
