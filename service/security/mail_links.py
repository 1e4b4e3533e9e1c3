"""Where the link of a mail leads to, and what Supabase has to keep until it is followed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from service.security.flow import Flows, Intent

CONFIRM_PATH: Final = "/account/confirm"


@dataclass(frozen=True, slots=True)
class MailLink:
    """What goes with every call that makes Supabase send a mail.

    With the challenge even a template that was left as it is leads to a URL with a code, which is worth nothing without the
    verifier, and not to one with the session's tokens.
    """

    redirect_to: str
    code_challenge: str


class MailLinks:
    """`frontend_url` is the only place that links lead to: never one that a request names, in its Host header or elsewhere."""

    def __init__(self, flows: Flows, frontend_url: str) -> None:
        self._flows = flows
        self._page = f"{frontend_url}{CONFIRM_PATH}"

    def begin(self, browser_id: str | None, intent: Intent, subject: str) -> MailLink:
        """The link of a mail that this browser asks for, about the account `subject`: its address or its user id.

        From a browser that nothing is known of, it works as on any other device: by the address that the mail came to.
        """
        begun = self._flows.begin(browser_id, intent, subject=subject)
        query = f"?{urlencode({'flow': begun.value})}" if begun.value is not None else ""
        return MailLink(self._page + query, begun.code_challenge)
