"""Asking for a mail without being told who has an account: neither by the answer nor by the time that it takes."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Final

import structlog

from service.background import Background
from service.error_codes import ErrorCode
from service.errors import ApiError
from service.models import MailResult
from service.reply import Reply
from service.request_context import current_request
from service.supabase.translation import UPSTREAM

log = structlog.get_logger(__name__)

# What Supabase Auth says before it has looked for an account: about the caller, or about the project. That it takes no such
# address is not among them: nobody has an account by it, and that is what the answer does not tell.
_SAID_TO_ANYBODY: Final = frozenset({"captcha_failed", "email_provider_disabled", "over_request_rate_limit"})


class QuietMail:
    """Answers `answer_after` seconds after the request, while Supabase may still be sending the mail.

    Supabase sends within the request, so an address with an account takes longer, and may fail where another cannot: at the
    mail server, at the limit of one mail a minute, at a hook. So what Supabase Auth said once it knew whose address that is
    goes into the log and not to the caller. What concerns the caller or everybody is told, and at once: a captcha, a limit by
    address, e-mail being switched off, and an outage, which nobody's account has to do with.
    """

    def __init__(self, *, background: Background, answer_after: float) -> None:
        self._background = background
        self._answer_after = answer_after

    async def send(self, call: Coroutine[None, None, None]) -> Reply:
        """The answer. The call goes on without it, also when the caller is gone. Raises ApiError."""
        answer_at = asyncio.get_running_loop().time() + self._answer_after
        sending = self._background.start(_refusal(call), name="send_mail")
        done, _ = await asyncio.wait({sending}, timeout=self._answer_after)
        if done and (refusal := sending.result()) is not None:
            raise refusal
        current_request().answer_at = answer_at
        return Reply(MailResult(ok=True), status=202)


async def _refusal(call: Coroutine[None, None, None]) -> ApiError | None:
    """What the caller may know of what went wrong."""
    try:
        await call
    except ApiError as error:
        if _concerns_anybody(error):
            return error
        tell = log.warning if error.code in UPSTREAM else log.info
        tell("mail_not_sent", code=error.code.value, supabase_code=error.supabase_code)
    return None


def _concerns_anybody(error: ApiError) -> bool:
    """Without a code of Supabase Auth it is a gateway that answered, or nobody did, or this service."""
    if error.code is ErrorCode.upstream_timeout:
        return False  # where time is all that is known, the mail server may be what takes it
    return error.supabase_code is None or error.supabase_code in _SAID_TO_ANYBODY
