"""Remembers every secret that the tests handle, and looks for them where none may be."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable

_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}")
_MIN_LENGTH = 8  # shorter ones stand in innocent text by chance

_known: dict[str, str] = {}
_lock = threading.Lock()  # browsers may be at work in several threads


def remember(kind: str, *secrets: str | None) -> None:
    """Note secrets of a kind: "password", "refresh token"."""
    with _lock:
        _known.update({secret: kind for secret in secrets if secret is not None and len(secret) >= _MIN_LENGTH})


def kinds_found(text: str) -> list[str]:
    """Which kinds of secrets stand in the text. Names kinds only, so that a failing test leaks nothing itself."""
    with _lock:
        found = {kind for secret, kind in _known.items() if secret in text}
    if _JWT.search(text):
        found.add("JWT")
    return sorted(found)


def remember_settings(settings: Iterable[tuple[str, str | None]]) -> None:
    """Note the values of the settings that are secret."""
    for name, value in settings:
        if name.endswith(("_KEY", "_SECRET", "_TOKEN")):
            remember(name, value)
        if name.endswith("_SECRETS"):
            remember(name, *(value or "").split(","))
