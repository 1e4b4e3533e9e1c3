"""What Supabase is told about the caller's program: it keeps it with the session, and people tell their devices by it."""

from __future__ import annotations

import re
from typing import Final

OURS: Final = "latchkey"
MAX_LENGTH: Final = 500  # characters; Supabase keeps whatever comes
MAX_SHOWN: Final = 100

# In this order: most claim to be several others, too.
_BROWSERS: Final = (
    ("Edge", re.compile(r"\bEdg(?:e|A|iOS)?/(\d+)")),
    ("Opera", re.compile(r"\bOPR/(\d+)")),
    ("Samsung Internet", re.compile(r"\bSamsungBrowser/(\d+)")),
    ("Firefox", re.compile(r"\b(?:Firefox|FxiOS)/(\d+)")),
    ("Chrome", re.compile(r"\b(?:Chrome|CriOS)/(\d+)")),
    ("Safari", re.compile(r"\bVersion/(\d+)[\d.]* (?:Mobile/\w+ )?Safari/")),
)
_SYSTEMS: Final = (
    ("iPhone", re.compile(r"\biPhone\b")),
    ("iPad", re.compile(r"\biPad\b")),
    ("Android", re.compile(r"\bAndroid\b")),
    ("Windows", re.compile(r"\bWindows\b")),
    ("ChromeOS", re.compile(r"\bCrOS\b")),
    ("macOS", re.compile(r"\bMacintosh\b|\bMac OS X\b")),
    ("Linux", re.compile(r"\bLinux\b|\bX11\b")),
)
_PRODUCT: Final = re.compile(r"([A-Za-z][A-Za-z0-9_-]{0,39})(?:/(\d{1,9}))?")


def as_sent(user_agent: str) -> str:
    """The caller's own words, as far as a header can carry them."""
    printable = "".join(character if " " <= character <= "~" else "?" for character in user_agent[:MAX_LENGTH])
    return printable.strip() or OURS


def summary(user_agent: str) -> str:
    """In short what program that is, and on what: "Firefox 140 on Linux".

    For calls with the secret key: hosted Supabase refuses that key together with a browser's own User-Agent.
    """
    for name, pattern in _BROWSERS:
        if (found := pattern.search(user_agent)) is not None:
            return f"{name} {found[1][:9]}{_system(user_agent)}"
    product = _PRODUCT.match(user_agent)
    if product is None:
        return OURS
    if product[1].lower() in {"mozilla", "opera"}:
        return f"Browser{_system(user_agent)}"
    return f"{product[1]} {product[2]}" if product[2] else product[1]


def shown(user_agent: str | None) -> str | None:
    """What Supabase has kept, for the session's user to read: the summary of a browser's words, and any others as they are.

    None where it is known of nobody but this service.
    """
    kept = " ".join("".join(character if character.isprintable() else " " for character in user_agent or "").split())
    if not kept or kept == OURS:
        return None
    return summary(kept) if kept.startswith(("Mozilla/", "Opera/")) else kept[:MAX_SHOWN]


def _system(user_agent: str) -> str:
    return next((f" on {name}" for name, pattern in _SYSTEMS if pattern.search(user_agent)), "")
