"""The `Link` header, and which next page may be gone to with the token in hand."""

import httpx
import pytest

from xlsx2opeasy.webex.client import next_link, resolved

PAGE = httpx.URL("https://webexapis.com/v1/telephony/jobs?start=0")


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        (['<https://webexapis.com/v1/x?start=2>; rel="next"'], "https://webexapis.com/v1/x?start=2"),
        (["<https://w/x>; rel=next"], "https://w/x"),
        (["<https://w/x>; Rel=NEXT"], "https://w/x"),
        (['<https://w/first>; rel="first", <https://w/x>;rel="next"'], "https://w/x"),
        (['<https://w/first>; rel="first"', '<https://w/x>; rel="next"'], "https://w/x"),
        (['<https://w/x>; title="a, b; c"; rel="next last"'], "https://w/x"),
        (['<https://w/x?a=1,2;b=3>; rel="next"'], "https://w/x?a=1,2;b=3"),
        (['<https://w/x>; rel="prev"; rel="next"'], None),
        (['<https://w/x>; rel="prev"'], None),
        (["https://w/x; rel=next"], None),
        (['<https://w/x>; title="rel=next"'], None),
        ([""], None),
        ([], None),
    ],
)
def test_the_next_page_is_found_as_rfc_8288_writes_it(headers: list[str], address: str | None) -> None:
    assert next_link(headers) == address


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("https://webexapis.com/v1/x?start=2", "https://webexapis.com/v1/x?start=2"),
        ("https://webexapis.com:443/v1/x", "https://webexapis.com/v1/x"),
        ("https://WEBEXAPIS.com/v1/x#part", "https://webexapis.com/v1/x"),
        ("/v1/y", "https://webexapis.com/v1/y"),
        ("?start=4", "https://webexapis.com/v1/telephony/jobs?start=4"),
    ],
)
def test_the_same_origin_may_be_gone_to(address: str, target: str) -> None:
    assert str(resolved(address, PAGE)) == target


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/v1/x",
        "http://webexapis.com/v1/x",
        "https://webexapis.com:8443/v1/x",
        "https://webexapis.com.evil.example/",
        "https://webexapis.com@evil.example/",
        "https://user:pass@webexapis.com/v1/x",
        "//evil.example/v1/x",
        "ftp://webexapis.com/",
        "javascript:alert(1)",
        "https://[broken/",
    ],
)
def test_another_origin_may_not(address: str) -> None:
    assert resolved(address, PAGE) is None
