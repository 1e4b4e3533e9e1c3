"""The value that a Cookie header has for a name, however a client writes it."""

import pytest

from service.security.cookies import CookieJar

JAR = CookieJar(secure=False, host_prefix=False, max_age=60)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("sb_refresh_token=abc", "abc"),
        ('$Version="1"; sb_refresh_token="abc";$Path="/";$Domain="127.0.0.1"', "abc"),  # Java's CookieManager
        ('sb_refresh_token="abc"; sb_refresh_token=abc', "abc"),
        ('sb_refresh_token="abc', '"abc'),
        ('sb_refresh_token="', '"'),
        ('sb_refresh_token="abc"; sb_refresh_token="abd"', None),
    ],
)
def test_quotes_around_a_value_are_no_part_of_it(header: str, value: str | None) -> None:
    assert JAR.read(header, "sb_refresh_token") == value
