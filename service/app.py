"""The whole service: settings in, an ASGI application out. Each room is built by one call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import NamedTuple

import structlog
from pydantic import SecretStr
from starlette.types import ASGIApp

from service.background import Background
from service.contract.application import build_contract_app
from service.contract.documents import load_contract, load_ops_contract
from service.contract.operations import build_table
from service.contract.responses import compile_error_responses
from service.contract.security_schemes import Scheme
from service.draining import DRAINING
from service.handlers.account import AccountHandlers
from service.handlers.config import ConfigHandlers
from service.handlers.csrf import CsrfHandlers
from service.handlers.deletion import DeletionHandlers
from service.handlers.email import EmailHandlers
from service.handlers.identities import IdentityHandlers
from service.handlers.mfa import MfaHandlers
from service.handlers.oauth import OauthHandlers
from service.handlers.ops import OpsHandlers
from service.handlers.otp import OtpHandlers
from service.handlers.password import PasswordHandlers
from service.handlers.quiet_mail import QuietMail
from service.handlers.session import SessionHandlers
from service.handlers.sessions import OwnSessionsHandlers
from service.handlers.shared import ForwardedAddress, SecondFactor, Sessions
from service.handlers.sign_up import SignUpHandlers
from service.limits.rate_limit import RateLimiter, build_limiter
from service.middleware.stack import build_middleware
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
from service.settings_surroundings import remarks
from service.supabase.project import Supabase
from service.telemetry import tracing
from service.telemetry.log import account_hasher, account_noter, configure_logging, token_hasher
from service.telemetry.vital_signs import Sources, VitalSigns

log = structlog.get_logger("service")


def create_app(settings: Settings | None = None) -> ASGIApp:
    """The ASGI application. Without settings, they come from the environment; raises pydantic.ValidationError.

    Raises ValueError where the contract asks for what nobody serves: a handler, a security scheme, a rate limit.
    """
    settings = settings or Settings()
    configure_logging(settings.log_level, settings.log_format)
    for remark in remarks(settings):
        log.warning(remark.event, **remark.fields)
    for variable in settings.trimmed:
        log.warning("setting_trimmed", variable=variable, cure="it came with blanks or a line end around it: write it without")
    supabase = Supabase(settings)
    security = build_security(settings, supabase)
    contract = load_contract(security.cookies)
    documents = contract, load_ops_contract(contract)
    table = build_table(*documents, checks_responses=settings.validates_responses)
    limiter = build_limiter(settings, table)
    vital_signs = build_vital_signs(supabase, limiter)
    background = Background()
    hash_key = _hash_key(settings)
    return build_contract_app(
        documents,
        table,
        [
            *build_handlers(settings, supabase, security, background, token_hasher(hash_key)),
            OpsHandlers(supabase=supabase, tokens=security.issued, limiter=limiter, vital_signs=vital_signs, draining=DRAINING),
        ],
        schemes={
            "csrfToken": Scheme(security.checks.check_csrf),
            "refreshCookie": Scheme(security.checks.refresh_token, argument="refresh_token"),
            "accessToken": Scheme(security.checks.access_token, argument="access_token"),
        },
        readers={"csrf_cookie": security.checks.csrf_cookie, "presented": security.checks.presented_session},
        hooks=[account_noter(account_hasher(hash_key)), *([limiter.count_checked] if limiter is not None else [])],
        middleware=build_middleware(settings, table, limiter, compile_error_responses(documents[0])),
        lifespan=_lifespan(settings, vital_signs, background, supabase, limiter),
        swagger_ui=settings.serves_swagger_ui,
    )


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
        signing, ttl=settings.csrf_ttl, leeway=settings.jwt_leeway, static_token=_secret(settings.csrf_static_token)
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
        secret=_secret(settings.supabase_jwt_secret),
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
        AccountHandlers(supabase=supabase.account),
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


def _lifespan(
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


def _hash_key(settings: Settings) -> bytes:
    return (_secret(settings.log_hash_key) or settings.signing_secrets[0].get_secret_value()).encode()


def _secret(value: SecretStr | None) -> str | None:
    return None if value is None else value.get_secret_value()
