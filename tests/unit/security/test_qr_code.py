"""The QR code that is drawn here."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
import segno

from service.security.qr_code import MAX_TEXT, qr_svg

URI = "otpauth://totp/Example:ada@example.com?algorithm=SHA1&digits=6&issuer=Example&period=30&secret=" + "A" * 32


def modules(svg: str) -> set[tuple[int, int]]:
    """The dark modules as (column, row), read from the path: `M`, `m` move, `h` draws."""
    path = [element for element in ET.fromstring(svg).iter() if element.get("stroke")][0].get("d") or ""  # noqa: RUF015, S314 - one element, or it fails; drawn here
    dark, x, y = set(), 0.0, 0.0
    for letter, numbers in re.findall(r"([Mmh])([^Mmh]*)", path):
        values = [float(number) for number in re.findall(r"-?[\d.]+", numbers)]
        if letter == "h":
            dark |= {(int(x) + step, int(y)) for step in range(int(values[0]))}
            x += values[0]
        else:
            x, y = (values[0], values[1]) if letter == "M" else (x + values[0], y + values[1])
    return dark


@pytest.mark.parametrize("text", [URI, "otpauth://totp/x?secret=" + "A" * 32, "x" * MAX_TEXT])
def test_it_says_the_text_with_a_quiet_zone_and_nothing_else(text: str) -> None:
    svg = qr_svg(text)
    code = segno.make_qr(text, error="m", boost_error=False)
    expected = {(x + 4, y + 4) for y, row in enumerate(code.matrix) for x, dark in enumerate(row) if dark}
    assert modules(svg) == expected
    size = code.symbol_size(border=4)[0]
    assert f'viewBox="0 0 {size} {size}"' in svg
    assert svg.startswith("<svg ")
    assert {element.tag.rpartition("}")[2] for element in ET.fromstring(svg).iter()} == {"svg", "path"}  # noqa: S314 - drawn here
    assert len(svg) <= 65_536, "what the contract allows"


@pytest.mark.parametrize("text", ["\u00e9", "x" * (MAX_TEXT + 1), "\U0001f600"])
def test_what_no_key_uri_is_is_not_drawn(text: str) -> None:
    with pytest.raises(ValueError, match="not a text"):
        qr_svg(text)


@pytest.mark.parametrize("text", ["<script>", '"/><image href="x"/>', "]]>", "&amp;", "<!--"])
def test_no_text_gets_into_the_markup(text: str) -> None:
    assert re.fullmatch(r'<svg xmlns="[\w:/.]+" viewBox="[\d ]+">(<path [^<>]*/>){2}</svg>', qr_svg(text))
