"""The whole service: settings in, an ASGI application out. assembly.py builds its rooms, each by one call."""

from __future__ import annotations

import structlog
from starlette.types import ASGIApp

from service.assembly import build_handlers, build_lifespan, build_security, build_vital_signs, plain
from service.background import Background
from service.contract.application import build_contract_app
from service.contract.documents import load_contract, load_ops_contract
from service.contract.operations import build_table
from service.contract.responses import compile_error_responses
from service.contract.security_schemes import Scheme
from service.draining import DRAINING
from service.handlers.ops import OpsHandlers
from service.limits.rate_limit import build_limiter
from service.middleware.stack import build_middleware
from service.settings import Settings
from service.settings_surroundings import remarks
from service.supabase.project import Supabase
from service.telemetry.log import account_hasher, account_noter, configure_logging, token_hasher

log = structlog.get_logger("service")


def create_app(settings: Settings | None = None) -> ASGIApp:
    """The ASGI application. Without settings, they come from the environment; raises pydantic.ValidationError.

    Raises ValueError where the contract asks for what nobody serves: a handler, a security scheme, a rate limit.
    """
    settings = settings or Settings()
    configure_logging(settings.log_level, settings.log_format)
    _tell_remarks(settings)
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
        lifespan=build_lifespan(settings, vital_signs, background, supabase, limiter),
        swagger_ui=settings.serves_swagger_ui,
    )


def _tell_remarks(settings: Settings) -> None:
    for remark in remarks(settings):
        log.warning(remark.event, **remark.fields)
    for variable in settings.trimmed:
        log.warning("setting_trimmed", variable=variable, cure="it came with blanks or a line end around it: write it without")


def _hash_key(settings: Settings) -> bytes:
    return (plain(settings.log_hash_key) or settings.signing_secrets[0].get_secret_value()).encode()
