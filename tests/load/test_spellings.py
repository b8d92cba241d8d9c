"""The same workbook at one server under two spellings of its address, through the installed command."""

from pathlib import Path

import pytest

from .books import user_book
from .command import run
from .rig import Rig, executed


def respelt(url: str, how: str) -> str:
    scheme, _, port = url.rpartition(":")
    return {
        "zeros": f"{scheme}:0{port}",
        "slash": f"{url}/",
        "v1": f"{url}/v1",
        "short": url.replace("127.0.0.1", "127.1"),
        "hex": url.replace("127.0.0.1", "0x7f.0.0.1").upper().replace("0X", "0x"),
        "mapped": url.replace("127.0.0.1", "[::ffff:127.0.0.1]"),
    }[how]


@pytest.mark.parametrize("how", ["zeros", "slash", "v1", "short", "hex", "mapped"])
def test_a_second_spelling_is_the_same_server(
    rig: Rig, env: dict[str, str], tmp_path: Path, how: str
) -> None:
    book = user_book(tmp_path / "book.xlsx")
    assert run("load", book, "--yes", env=env).code == 0
    other = env | {
        "OPEASY_URL": respelt(env["OPEASY_URL"], how),
        "OPEASY_ENTERPRISE_ID": f" {env['OPEASY_ENTERPRISE_ID']}\u200b\n",
    }
    assert run("load", book, "--yes", env=other).code == 6
    assert run("load", tmp_path / "book.results.xlsx", "--yes", env=other).code == 0
    assert set(executed(rig.server).values()) == {1}
    assert rig.schedules() == 1
