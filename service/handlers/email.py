"""Addresses: proving one by a link or a code, the mail for that once more, and changing it."""

from __future__ import annotations

from typing import Final

from service.email_address import folded
from service.error_codes import ErrorCode
from service.errors import ApiError, FieldError, invalid_fields
from service.handlers.quiet_mail import QuietMail
from service.handlers.shared import ForwardedAddress, NextStep, SecondFactor, Sessions
from service.models import EmailChangePending, EmailChangeRequest, EmailChangeResult, ResendRequest, VerifyRequest
from service.reply import Reply
from service.security.access_token import AccessToken
from service.security.flow import Flow, FlowInvalidError, Flows, Intent
from service.security.mail_links import MailLinks
from service.security.session_mark import PresentedSession
from service.supabase.auth.answers import Tokens
from service.supabase.auth.email import EMAIL_CHANGE, EmailCalls
from service.supabase.captcha_provider import CaptchaGate

_SET_PASSWORD: Final = frozenset({"recovery", "invite"})
_RESEND_INTENTS: Final = {"signup": Intent.sign_up, EMAIL_CHANGE: Intent.email_change}


class EmailHandlers:
    """`confirm` says which addresses the project wants a change confirmed by."""

    def __init__(
        self,
        *,
        supabase: EmailCalls,
        sessions: Sessions,
        second_factor: SecondFactor,
        flows: Flows,
        links: MailLinks,
        quiet_mail: QuietMail,
        captcha: CaptchaGate,
        client_address: ForwardedAddress,
        confirm: str,
    ) -> None:
        self._supabase = supabase
        self._sessions = sessions
        self._second_factor = second_factor
        self._flows = flows
        self._links = links
        self._quiet_mail = quiet_mail
        self._captcha = captcha
        self._client_address = client_address
        self._confirm = confirm

    async def verify(self, body: VerifyRequest, presented: PresentedSession, csrf_cookie: str | None) -> Reply:
        """Use a link or a code up, and open the session that it is for: only for who is known to have asked for it.

        A link of a mail could be anybody's, an attacker's own to begin with: whoever followed it would be signed in as the
        attacker, and not notice. So it opens a session by itself only where its flow shows that this browser asked for it,
        about this account. Elsewhere the person names the address that the mail came to, and it has to be the account's.
        """
        address = self._client_address()
        flow = self._flow(body.flow, csrf_cookie)
        if body.token_hash is not None:
            if body.code is not None:
                raise invalid_fields([FieldError("/code", "does not go with a tokenHash", "shape")])
            if flow is None and body.email is None:
                raise ApiError(ErrorCode.auth_address_required)
            tokens = await self._supabase.verify_link(body.type, body.token_hash, client_address=address)
        else:
            email, code = _email_and_code(body)
            tokens = await self._supabase.verify_code(body.type, email, code, client_address=address)
        if tokens is None:
            return _without_session("confirm_other_address")
        if not (_is_of(tokens, body.email, flow) or _changes_own_address(tokens, body, presented)):
            await self._sessions.end(tokens.access_token)
            if body.type == EMAIL_CHANGE:  # it is done, and cannot be told from here for whom
                return _without_session("sign_in")
            raise ApiError(ErrorCode.auth_code_invalid)
        return (await self._sessions.open(tokens, presented, next_step=_next_step(body, flow))).reply()

    async def resend_mail(self, body: ResendRequest, csrf_cookie: str | None) -> Reply:
        """Have the mail sent again, if somebody waits for it; see QuietMail."""
        address = self._client_address()
        captcha = await self._captcha.pass_through(body.captcha_token, address)
        link = self._links.begin(csrf_cookie, _RESEND_INTENTS[body.type], body.email)
        return await self._quiet_mail.send(
            self._supabase.resend(body.type, body.email, link, client_address=address, captcha=captcha)
        )

    async def change_email(self, body: EmailChangeRequest, access_token: AccessToken, csrf_cookie: str | None) -> Reply:
        """Have the new address confirmed, and where the project wants it, the present one too."""
        link = self._links.begin(csrf_cookie, Intent.email_change, access_token.user_id)
        try:
            await self._supabase.change(access_token, body.email, link, client_address=self._client_address())
        except ApiError as error:
            raise await self._second_factor.explained(error, access_token) from None
        return Reply(EmailChangeResult(confirm=self._confirm), status=202)

    def _flow(self, value: str | None, browser_id: str | None) -> Flow | None:
        """The mail's flow; None where it is not of this browser, too old, or was begun for something else than a mail."""
        if value is None:
            return None
        try:
            flow = self._flows.read(value, browser_id)
        except FlowInvalidError:
            return None
        return flow if flow.intent in _MAILS else None


_MAILS: Final = frozenset({Intent.sign_up, Intent.otp, Intent.recovery, Intent.email_change})


def _email_and_code(body: VerifyRequest) -> tuple[str, str]:
    """What is typed. A flow says nothing about a code, and is passed over."""
    if body.email is not None and body.code is not None:
        return body.email, body.code
    if body.code is None and body.email is None:
        raise invalid_fields([FieldError("/tokenHash", "is required", "required")])
    raise invalid_fields([FieldError("/code" if body.code is None else "/email", "is required", "required")])


def _is_of(tokens: Tokens, email: str | None, flow: Flow | None) -> bool:
    """Whether the session is the account's that was named: each thing that names one has to name this."""
    if email is not None and folded(email) != folded(tokens.email):
        return False
    return flow is None or flow.is_about(tokens.email) or flow.is_about(tokens.user_id)


def _changes_own_address(tokens: Tokens, body: VerifyRequest, presented: PresentedSession) -> bool:
    """Whether it is a change of address by who is signed in here: the mail may have come to the address that is no more."""
    return body.type == EMAIL_CHANGE and presented.mark is not None and presented.mark.user_id == tokens.user_id


def _next_step(body: VerifyRequest, flow: Flow | None) -> NextStep | None:
    """A flow of this browser says what its mail was for, and is signed; Supabase takes the hash of a recovery for that of a
    sign-in and the other way round, so that the type in the body says nothing about the mail.

    Without a flow the type is the caller's word, about an account whose mailbox and address the caller has. It is only told
    back to the same caller, to choose the page: what the session may do is Supabase's decision.
    """
    if flow is not None:
        return "set_password" if flow.intent is Intent.recovery else None
    return "set_password" if body.type in _SET_PASSWORD else None


def _without_session(next_step: str) -> Reply:
    return Reply(EmailChangePending(session=None, next=next_step))
