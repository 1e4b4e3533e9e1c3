"""The token that every state-changing request carries."""

from __future__ import annotations

from service.models import CsrfTokenResult
from service.reply import Reply
from service.security.cookies import CookieJar
from service.security.csrf import CsrfTokens


class CsrfHandlers:
    """Issues tokens."""

    def __init__(self, *, csrf: CsrfTokens, cookies: CookieJar) -> None:
        self._csrf = csrf
        self._cookies = cookies

    async def get_csrf_token(self, csrf_cookie: str | None) -> Reply:
        """A CSRF token, and the cookie that it works with."""
        browser_id = self._csrf.browser_id(csrf_cookie)
        return Reply(CsrfTokenResult(csrf_token=self._csrf.issue(browser_id)), cookies=(self._cookies.csrf(browser_id),))
