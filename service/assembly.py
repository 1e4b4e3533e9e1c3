"""Each room, built by one call from the settings and from the rooms below it. app.py introduces them to each other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import NamedTuple

from pydantic import SecretStr

from service.background import Background
from service.draining import DRAINING
from service.handlers.account import AccountHandlers
from service.handlers.config import ConfigHandlers
from service.handlers.csrf import CsrfHandlers
from service.handlers.deletion import DeletionHandlers
from service.handlers.email import EmailHandlers
from service.handlers.identities import IdentityHandlers
from service.handlers.mfa import MfaHandlers
from service.handlers.oauth import OauthHandlers
from service.handlers.otp import OtpHandlers
from service.handlers.password import PasswordHandlers
from service.handlers.quiet_mail import QuietMail
from service.handlers.session import SessionHandlers
from service.handlers.sessions import OwnSessionsHandlers
from service.handlers.shared import ForwardedAddress, SecondFactor, Sessions
from service.handlers.sign_up import SignUpHandlers
from service.limits.rate_limit import RateLimiter
from service.security.access_token import AccessTokenVerifier
from service.security.checks import CredentialChecks
from service.security.cookies import CookieJar
from service.security.csrf import CsrfTokens
from service.security.flow import Flows
from service.security.issued_tokens import IssuedTokens
from service.security.mail_links import MailLinks
from service.security.session_mark import SessionMarks
from service.security.signing import Signing
from service.settings import Settings
from service.supabase.project import Supabase
from service.telemetry import tracing
from service.telemetry.vital_signs import Sources, VitalSigns


def plain(secret: SecretStr | None) -> str | None:
    """The secret itself."""
    return None if secret is None else secret.get_secret_value()


class SecurityRoom(NamedTuple):
    """What protects credentials."""

    cookies: CookieJar
    marks: SessionMarks
    csrf: CsrfTokens
    issued: IssuedTokens
    flows: Flows
    mail_links: MailLinks
    checks: CredentialChecks


def build_security(settings: Settings, supabase: Supabase) -> SecurityRoom:
    """Cookies, CSRF tokens, and the checks of both and of access tokens."""
    cookies = CookieJar(
        secure=settings.secure_cookies,
        host_prefix=settings.host_prefix,
        max_age=settings.refresh_cookie_max_age,
    )
    signing = Signing([secret.get_secret_value() for secret in settings.signing_secrets])
    marks = SessionMarks(signing)
    csrf = CsrfTokens(
        signing, ttl=settings.csrf_ttl, leeway=settings.jwt_leeway, static_token=plain(settings.csrf_static_token)
    )
    verifier = build_verifier(settings, supabase)
    checks = CredentialChecks(
        csrf=csrf,
        cookies=cookies,
        marks=marks,
        verifier=verifier,
        origins=settings.origins,
        origins_are_named=bool(settings.cors_origins),
        https_only=settings.production,
    )
    flows = Flows(signing)
    return SecurityRoom(cookies, marks, csrf, IssuedTokens(verifier), flows, MailLinks(flows, settings.frontend), checks)


def build_verifier(settings: Settings, supabase: Supabase) -> AccessTokenVerifier:
    """What checks access tokens, by the project's keys and these settings."""
    return AccessTokenVerifier(
        issuer=settings.jwt_issuer,
        audience=settings.supabase_jwt_audience,
        leeway=settings.jwt_leeway,
        secret=plain(settings.supabase_jwt_secret),
        find_key=supabase.signing_keys.find,
    )


def build_handlers(
    settings: Settings,
    supabase: Supabase,
    security: SecurityRoom,
    background: Background,
    hash_token: Callable[[str], str],
) -> list[object]:
    """The handlers of openapi/auth.yaml."""
    client_address = ForwardedAddress(enabled=settings.forward_client_ip)
    sessions = Sessions(
        supabase=supabase.session,
        cookies=security.cookies,
        marks=security.marks,
        issued=security.issued,
        background=background,
        client_address=client_address,
        hash_token=hash_token,
        timeout=supabase.timeout,
    )
    second_factor = SecondFactor(supabase=supabase.account)
    quiet_mail = QuietMail(background=background, answer_after=settings.mail_answer_after)
    return [
        CsrfHandlers(csrf=security.csrf, cookies=security.cookies),
        SignUpHandlers(
            supabase=supabase.sign_up,
            sessions=sessions,
            links=security.mail_links,
            client_address=client_address,
            captcha=supabase.captcha,
        ),
        SessionHandlers(
            supabase=supabase.session,
            sessions=sessions,
            second_factor=second_factor,
            client_address=client_address,
            captcha=supabase.captcha,
            timeout=supabase.timeout,
        ),
        AccountHandlers(supabase=supabase.account, second_factor=second_factor),
        ConfigHandlers(supabase=supabase.config, settings=settings),
        EmailHandlers(
            supabase=supabase.email,
            sessions=sessions,
            second_factor=second_factor,
            flows=security.flows,
            links=security.mail_links,
            quiet_mail=quiet_mail,
            captcha=supabase.captcha,
            client_address=client_address,
            confirm=settings.email_change_confirm,
        ),
        OtpHandlers(
            supabase=supabase.otp,
            links=security.mail_links,
            quiet_mail=quiet_mail,
            captcha=supabase.captcha,
            client_address=client_address,
        ),
        PasswordHandlers(
            supabase=supabase.password,
            second_factor=second_factor,
            links=security.mail_links,
            quiet_mail=quiet_mail,
            captcha=supabase.captcha,
            client_address=client_address,
        ),
        OauthHandlers(
            supabase=supabase.oauth,
            flows=security.flows,
            sessions=sessions,
            second_factor=second_factor,
            captcha=supabase.captcha,
            client_address=client_address,
            frontend_url=settings.frontend,
            expose_provider_tokens=settings.expose_provider_tokens,
        ),
        IdentityHandlers(supabase=supabase.identities, second_factor=second_factor),
        MfaHandlers(
            supabase=supabase.mfa,
            sessions=sessions,
            second_factor=second_factor,
            client_address=client_address,
            issuer=settings.mfa_issuer,
        ),
        OwnSessionsHandlers(
            supabase=supabase.own_sessions,
            sessions=sessions,
            second_factor=second_factor,
            shows_addresses=settings.forward_client_ip,
        ),
        DeletionHandlers(
            supabase=supabase.deletion, sessions=sessions, second_factor=second_factor, kind=settings.account_deletion
        ),
    ]


def build_vital_signs(supabase: Supabase, limiter: RateLimiter | None) -> VitalSigns:
    """What measures the process, and asks for readiness now and then."""
    return VitalSigns(
        Sources(
            pool=supabase.pool,
            draining=DRAINING,
            store_up=limiter.store_up if limiter is not None else lambda: None,
            readiness=supabase.look_around,
        )
    )


def build_lifespan(
    settings: Settings, vital_signs: VitalSigns, background: Background, supabase: Supabase, limiter: RateLimiter | None
) -> Callable[[object], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[None]:
        measuring = asyncio.create_task(vital_signs.run())
        supabase.begin()
        try:
            yield
        finally:
            await background.finish(DRAINING.left_of(settings.graceful_timeout - 1))
            measuring.cancel()
            await tracing.stop()
            await supabase.aclose()
            if limiter is not None:
                await limiter.aclose()

    return lifespan
