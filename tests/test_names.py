"""One server and one enterprise have one name, however they are spelt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlsx2opeasy.http.names import (
    canonical_enterprise,
    canonical_origin,
    earlier_enterprise_spellings,
    earlier_spellings,
)
from xlsx2opeasy.opeasy.connection import Connection, checked_origin
from xlsx2opeasy.secret import Secret

ONE_SERVER = {
    "https://opeasy.example.com": (
        "https://OPEASY.Example.Com",
        "HTTPS://opeasy.example.com/",
        "https://opeasy.example.com:443",
        "https://opeasy.example.com:0443",
        "https://opeasy.example.com:00000443/",
        "https://opeasy.example.com.",
        "https://OpEasy.Example.com.:443/v1",
        "https://opeasy.example.com/v1/",
    ),
    "https://opeasy.example.com:8443": (
        "https://opeasy.example.com:08443",
        "https://opeasy.example.com.:8443",
    ),
    "https://xn--bcher-kva.example": (
        "https://b\u00fccher.example",
        "https://B\u00dcCHER.example.",
        "https://XN--BCHER-KVA.example:443",
        "https://b\u00fccher\u3002example",
        "https://b\u00fccher\uff0eexample\u3002",
    ),
    "http://127.0.0.1": ("http://127.0.0.1:80", "http://127.0.0.1:080/", "http://127.1", "http://0x7f.0.0.1"),
    "http://[::1]:8000": (
        "http://[0:0:0:0:0:0:0:1]:8000",
        "http://[0000:0000:0000:0000:0000:0000:0000:0001]:08000",
        "http://[::0:1]:8000/v1",
    ),
    "http://127.0.0.1:8000": ("http://[::ffff:127.0.0.1]:8000", "http://[::FFFF:7f00:1]:8000"),
    "https://[2001:db8::1]": ("https://[2001:DB8::1]:443", "https://[2001:0db8:0:0::1]"),
}
OTHERS = (
    "https://opeasy.example.com:80",
    "https://opeasy.example.org",
    "https://www.opeasy.example.com",
    "http://127.0.0.1:443",
    "http://127.0.0.2",
    "http://localhost",
    "https://stra\u00dfe.example",
    "https://strasse.example",
)


@pytest.mark.parametrize(("name", "spelt"), [(name, each) for name, of in ONE_SERVER.items() for each in of])
def test_one_server_has_one_name(name: str, spelt: str) -> None:
    assert checked_origin(spelt) == checked_origin(name) == name
    connection = Connection(spelt, " \u200bacme\ufeff\n", Secret("k"))
    assert (connection.origin, connection.enterprise_id) == (name, "acme")


def test_other_servers_have_other_names() -> None:
    names = [checked_origin(each) for each in (*ONE_SERVER, *OTHERS)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", ONE_SERVER)
def test_what_an_earlier_version_wrote_has_the_same_name(name: str) -> None:
    spellings = earlier_spellings(name)
    assert spellings[0] == name
    assert {canonical_origin(each) for each in spellings} == {name}


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("https://opeasy.example.com", "https://opeasy.example.com:443"),
        ("https://opeasy.example.com", "https://opeasy.example.com.:0443"),
        ("https://xn--bcher-kva.example", "https://b\u00fccher.example"),
        ("https://xn--bcher-kva.example:8443", "https://b\u00fccher.example.:8443"),
        ("http://127.0.0.1", "http://127.0.0.1:80"),
        ("http://[::1]:8000", "http://[0:0:0:0:0:0:0:1]:8000"),
    ],
)
def test_the_likely_spellings_of_earlier_versions_are_tried(name: str, written: str) -> None:
    assert written in earlier_spellings(name)


@given(st.text(alphabet=" \t\n\r\u00a0\u200b\u200e\u2060\ufeff\u00ad\x00\u3164\ufe0f", max_size=5), st.data())
def test_what_stands_around_an_id_does_not_count(around: str, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(around)))
    assert canonical_enterprise(f"{around[:cut]}acme north{around[cut:]}") == "acme north"
    assert canonical_enterprise(around) == ""


def test_ids_with_something_around_them_that_an_earlier_version_kept() -> None:
    spellings = list(earlier_enterprise_spellings("acme"))
    assert spellings[0] == "acme"
    assert {"acme ", " acme", "acme\n", "acme\u200b", "\ufeffacme"} <= set(spellings)
    assert {canonical_enterprise(each) for each in spellings} == {"acme"}
