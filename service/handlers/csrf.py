"""The token that every state-changing request carries."""

from __future__ import annotations

from typing import Literal

from service.models import CsrfTokenResult
from service.reply import Reply
from service.security.cookies import CookieJar
from service.security.csrf import CsrfTokens
from service.security.session_mark import PresentedSession


class CsrfHandlers:
    """Issues tokens."""

    def __init__(self, *, csrf: CsrfTokens, cookies: CookieJar) -> None:
        self._csrf = csrf
        self._cookies = cookies

    async def get_csrf_token(self, csrf_cookie: str | None, presented: PresentedSession) -> Reply:
        """A CSRF token, and the cookie that it works with."""
        browser_id = self._csrf.browser_id(csrf_cookie)
        session: Literal["present", "absent"] = "absent" if presented.refresh_token is None else "present"
        return Reply(
            CsrfTokenResult(csrf_token=self._csrf.issue(browser_id), session=session),
            cookies=(self._cookies.csrf(browser_id),),
        )
