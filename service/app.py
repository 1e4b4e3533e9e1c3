"""The whole service: the contract in, the middleware in order, the handlers out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from connexion.datastructures import MediaTypeDict
from connexion.exceptions import ProblemException
from connexion.middleware.exceptions import ExceptionMiddleware
from connexion.middleware.lifespan import LifespanMiddleware
from connexion.middleware.response_validation import ResponseValidationMiddleware
from connexion.middleware.security import SecurityMiddleware
from connexion.options import SwaggerUIOptions
from connexion.resolver import Resolver
from pydantic import SecretStr
from starlette.exceptions import HTTPException

from service.contract.application import ContractApp, function_name
from service.contract.documents import load_contract, load_ops_contract, operation_ids, operations_answering
from service.contract.pages import DocsPagesMiddleware
from service.contract.request_body import BodyReader
from service.contract.request_check import ContractRequestValidation
from service.contract.response_body import json_response_validator
from service.contract.responses import ResponseContract
from service.contract.routing import DirectRoutingMiddleware
from service.contract.security_schemes import Security
from service.draining import DRAINING
from service.errors import handle_exception
from service.handlers.auth import AuthHandlers
from service.handlers.ops import OpsHandlers
from service.limits.rate_limit import Policies, RateLimiter
from service.middleware.body_limit import BodyLimitMiddleware
from service.middleware.concurrency_limit import ConcurrencyLimitMiddleware
from service.middleware.cors import ExactCorsMiddleware
from service.middleware.deadline import DeadlineMiddleware
from service.middleware.metrics import MetricsMiddleware
from service.middleware.rate_limit import RateLimitHeadersMiddleware, RateLimitMiddleware
from service.middleware.request_log import RequestLogMiddleware
from service.middleware.response_check import ResponseCheckMiddleware
from service.middleware.security_headers import SecurityHeadersMiddleware
from service.security.access_token import AccessTokenVerifier
from service.security.cookies import CookieJar
from service.security.csrf import CsrfTokens
from service.settings import Settings
from service.supabase.project import Supabase
from service.telemetry import tracing
from service.telemetry.log import account_hasher, configure_logging, token_hasher
from service.telemetry.vital_signs import Sources, VitalSigns


def create_app(settings: Settings | None = None) -> ContractApp:
    """The ASGI application. Without settings, they come from the environment; raises pydantic.ValidationError."""
    settings = settings or Settings()
    configure_logging(settings.log_level)

    csrf_secrets = [secret.get_secret_value() for secret in settings.csrf_secrets]
    cookies = CookieJar(
        secure=settings.secure_cookies,
        host_prefix=settings.host_prefix,
        max_age=settings.refresh_cookie_max_age,
        csrf_max_age=settings.csrf_ttl,  # set anew with each token, so that it outlives none
    )
    csrf = CsrfTokens(csrf_secrets, settings.csrf_ttl, _secret(settings.csrf_static_token))
    supabase = Supabase(settings)
    limiter = _limiter(settings)
    verifier = AccessTokenVerifier(
        issuer=settings.jwt_issuer,
        audience=settings.supabase_jwt_audience,
        leeway=settings.jwt_leeway,
        secret=_secret(settings.supabase_jwt_secret),
        find_key=supabase.signing_keys.find,
    )
    security = Security(csrf=csrf, cookies=cookies, verifier=verifier, origins=settings.origins, https_only=settings.production)
    hash_key = (_secret(settings.log_hash_key) or csrf_secrets[0]).encode()
    auth_handlers = AuthHandlers(
        supabase=supabase,
        cookies=cookies,
        csrf=csrf,
        limiter=limiter,
        hash_account=account_hasher(hash_key),
        hash_token=token_hasher(hash_key),
        forward_client_ip=settings.forward_client_ip,
    )
    vital_signs = VitalSigns(
        Sources(
            pool=supabase.pool,
            draining=DRAINING,
            store_up=limiter.store_up if limiter is not None else lambda: None,
            readiness=supabase.readiness.state,
        )
    )
    ops_handlers = OpsHandlers(supabase=supabase, limiter=limiter, vital_signs=vital_signs, draining=DRAINING)
    contract, ops_contract = load_contract(cookies), load_ops_contract()
    operations = operation_ids(contract, ops_contract)
    responses = ResponseContract(contract, ops_contract) if settings.validates_responses else None

    @asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[None]:
        measuring = asyncio.create_task(vital_signs.run())
        try:
            yield
        finally:
            measuring.cancel()
            await tracing.stop()
            await supabase.aclose()
            if limiter is not None:
                await limiter.aclose()

    app = ContractApp(
        __name__,
        cookies=cookies,
        lifespan=lifespan,
        middlewares=[
            *([partial(ResponseCheckMiddleware, contract=responses)] if responses is not None else []),
            *([tracing.middleware(operations)] if settings.tracing else []),
            # Outermost: every response, errors included, gets a request id, the security headers, CORS and the limits.
            partial(RequestLogMiddleware, trusted_proxies=settings.trusted_proxies),
            partial(MetricsMiddleware, operations=operations),
            partial(SecurityHeadersMiddleware, hsts=settings.production),
            partial(ExactCorsMiddleware, origins=settings.origins),
            *([RateLimitHeadersMiddleware] if limiter is not None else []),
            ExceptionMiddleware,
            # From here on, what is raised is answered in the error schema.
            partial(
                ConcurrencyLimitMiddleware,
                limit=settings.max_concurrent_requests,
                operations=operations_answering("503", contract),
            ),
            partial(DeadlineMiddleware, timeout=settings.request_timeout),
            partial(BodyLimitMiddleware, max_bytes=settings.max_body_bytes, timeout=settings.body_timeout),
            partial(DocsPagesMiddleware, contract=contract, swagger_ui=settings.serves_swagger_ui),
            DirectRoutingMiddleware,
            *([partial(RateLimitMiddleware, limiter=limiter)] if limiter is not None else []),
            SecurityMiddleware,
            partial(ContractRequestValidation, bodies=BodyReader(contract)),
            *([ResponseValidationMiddleware] if responses is not None else []),
            LifespanMiddleware,
        ],
        swagger_ui_options=SwaggerUIOptions(serve_spec=False, swagger_ui=False),
        security_map=security.security_map(),
        validator_map=_validators(responses),
        validate_responses=settings.validates_responses,
    )
    # Connexion has handlers of its own for the latter two, which would answer application/problem+json.
    for exception in (Exception, HTTPException, ProblemException):
        app.add_error_handler(exception, handle_exception)
    app.add_api(contract, name="auth", resolver=_resolver(auth_handlers))
    app.add_api(ops_contract, name="ops", resolver=_resolver(ops_handlers))
    return app


def _validators(responses: ResponseContract | None) -> dict[str, MediaTypeDict]:
    """What Connexion checks the bodies of operations with, in the place of its own validators."""
    return {} if responses is None else {"response": MediaTypeDict({"*/*json": json_response_validator(responses)})}


def _resolver(handlers: object) -> Resolver:
    """Finds an operation's handler by its operationId; an operation without one stops the start."""

    def resolve(operation_id: str) -> Callable[..., Any]:
        handler: Callable[..., Any] = getattr(handlers, function_name(operation_id))
        return handler

    return Resolver(resolve)


def _limiter(settings: Settings) -> RateLimiter | None:
    if not settings.rate_limit_enabled:
        return None
    policies = Policies.parse(
        address=settings.rate_limit_address,
        credentials=settings.rate_limit_credentials,
        account=settings.rate_limit_account,
    )
    return RateLimiter(policies, _secret(settings.rate_limit_storage))


def _secret(value: SecretStr | None) -> str | None:
    return None if value is None else value.get_secret_value()
