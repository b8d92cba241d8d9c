"""Which texts are addresses of a store, and what of them is shown."""

import pytest

from xlsx2opeasy.errors import UsageError
from xlsx2opeasy.store.address import checked_address, masked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://loads@db.example.com/loads", "postgresql://loads@db.example.com/loads"),
        (" postgres://loads:geheim@db:5433/loads\n", "postgres://loads:***@db:5433/loads"),
        ("postgresql://a:geheim@one:5432,two,[::1]:65535/loads", "postgresql://a:***@one:5432,two,[::1]:65535/loads"),
        ("postgresql:///loads?host=/tmp&password=geheim", "postgresql:///loads?host=/tmp&password=***"),
        ("postgresql://db/x?sslPassword=geheim&user=a", "postgresql://db/x?sslPassword=***&user=a"),
    ],
)  # fmt: skip
def test_an_address_of_one_server_or_several_shows_no_password(text: str, shown: str) -> None:
    address = checked_address(text)
    assert address.url == text.strip()
    assert str(address) == shown
    assert repr(address) == f"StoreAddress({shown})"


@pytest.mark.parametrize(
    "text",
    ["", "postgres", "mysql://a/b", "postgresql://[::1/b", "postgresql://a:0/b", "postgresql://a,b:x/c"],
)
def test_what_is_no_address_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        checked_address(text)
    assert refused.value.message == "the address of the store is no postgresql:// address"
    assert "postgresql://loads@db.example.com/loads" in refused.value.hint


def test_what_a_driver_repeats_is_without_the_password() -> None:
    address = checked_address("postgresql://loads:geheim@db/loads")
    said = "cannot reach postgresql://loads:geheim@db/loads: password geheim is wrong"
    assert (
        address.without_password(said)
        == "cannot reach postgresql://loads:***@db/loads: password *** is wrong"
    )
    assert checked_address("postgresql://db/loads").without_password(said) == said
    assert masked("postgresql://[::1/b") == "postgresql://***"
