"""A mailbox that a project's mails come to: MailDev (https://github.com/maildev/maildev), by its REST API."""

from __future__ import annotations

import html
import re
import time
from urllib.parse import urlsplit

from tests.support.upstream.base import Proof, Unavailable
from tests.support.upstream.wire import NO_KEY, Wire

_HASH = re.compile(r"(?:token_hash|token)=((?:pkce_)?[0-9a-f]{56,64})")
_DIGITS = re.compile(r"(?<![\w=/#-])\d{6}(?![\w-])")
_FLOW = re.compile(r"[?&]flow=([\w.~-]+)")
_URL = re.compile(r"https?://[^\s\"<>]+")


class MailboxReader:
    """Reads at `url`. Without one, whatever is asked is Unavailable."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._path = parts.path.rstrip("/")
        self._wire = Wire(f"{parts.scheme}://{parts.netloc}", "", "") if url else None
        self._read: dict[str, int] = {}

    def texts(self, email: str) -> list[str]:
        """The mails to an address, the oldest first. Raises Unavailable."""
        if self._wire is None:
            raise Unavailable("there is no mailbox to read; MAILBOX_URL names one")
        mails = self._wire.call("GET", "/email", key=NO_KEY, prefix=self._path).json
        return [
            html.unescape(mail.get("html") or mail.get("text") or "")
            for mail in mails
            if email in {to["address"].lower() for to in mail["to"]}
        ]

    def newest(self, email: str, *, seconds: float = 10) -> Proof:
        """What the newest mail holds that was not read before; waits for one. Raises Unavailable."""
        deadline = time.monotonic() + seconds
        while len(texts := self.texts(email)) <= self._read.get(email, 0):
            assert time.monotonic() < deadline, f"no mail came to {email}"
            time.sleep(0.1)
        self._read[email] = len(texts)
        found, digits = _HASH.search(texts[-1]), _DIGITS.search(_URL.sub("", texts[-1]))
        flow = _FLOW.search(texts[-1])
        return Proof(found[1] if found else "", digits[0] if digits else "", flow[1] if flow else "")
