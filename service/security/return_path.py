"""Where a front end goes on after a flow: a path of its own, and nothing that a browser or a router takes for another host."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]")
_UNREADABLE: Final = "\N{REPLACEMENT CHARACTER}"
_ROUNDS: Final = 8  # of decoding: nobody means a path that is encoded more often


def is_own_path(value: str) -> bool:
    """Whether it stays a path of the front end, however often it is decoded on its way there.

    The contract sees to its characters. But routers decode what is encoded in it, some of them twice, and programs take URLs
    apart and put them together again: `/%2F/evil.example`, `/%5Cevil.example` and `/.//evil.example` are another host by then.
    """
    path = re.split(r"[?#]", value, maxsplit=1)[0]
    for _ in range(_ROUNDS):
        if not _stays(path):
            return False
        decoded = unquote(path, errors="replace")
        if decoded == path:
            return True
        path = decoded
    return False


def _stays(path: str) -> bool:
    if _CONTROLS.search(path) or _UNREADABLE in path:
        return False
    # A browser takes a backslash for a slash (WHATWG URL, "special authority slashes state"); many programs cut off blanks.
    if not path.startswith("/"):
        return False
    plain = path.replace("\\", "/").replace(" ", "")
    return not plain.startswith("//") and not {".", ".."} & set(plain.split("/"))
