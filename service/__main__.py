"""`python -m service`: uvicorn with the settings from the environment."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from functools import partial

import structlog
from pydantic import ValidationError

from service.middleware.security_headers import api_headers
from service.server.uvicorn_server import ServerConfig, run
from service.settings import Settings
from service.telemetry.log import configure_logging

log = structlog.get_logger("service")


def main() -> int:
    """Run until told to stop. Returns the exit status: 2 when the settings are refused, 3 when the start failed."""
    try:
        settings = Settings()
    except ValidationError as error:
        sys.stderr.write(refusal(error))
        return 2
    configure_logging(settings.log_level)
    if settings.web_concurrency > 1 and settings.rate_limit_enabled and settings.rate_limit_storage is None:
        # No refusal: the limits are weaker by a known factor, and replicas elsewhere could not be seen anyway.
        log.warning("rate_limits_not_shared", processes=settings.web_concurrency, cure="set RATE_LIMIT_STORAGE")
    config = ServerConfig(
        "service.app:create_app",
        drain_delay=settings.drain_seconds,
        graceful_timeout=settings.graceful_timeout,
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.web_concurrency,
        log_config=None,
        access_log=False,
        http=http_protocol(settings),
        server_header=False,
        date_header=True,
        proxy_headers=False,  # TRUSTED_PROXIES decides, in service/limits/client_address.py
        ws="none",
        lifespan="on",
        timeout_keep_alive=settings.keep_alive_timeout,
        # A worker that does not answer in this many seconds is killed and replaced. It answers from its first import on, and
        # with uvicorn's own five seconds the workers of a busy machine never get beyond their imports.
        timeout_worker_healthcheck=60,
    )
    return run(config)


def http_protocol(settings: Settings) -> Callable[..., asyncio.Protocol]:
    """What makes a protocol object for each connection."""
    from service.server.protocol import LimitedHttpProtocol  # here, as it brings Connexion: refused settings are told without

    headers = api_headers(hsts=settings.production)
    return partial(LimitedHttpProtocol, header_timeout=settings.header_timeout, error_headers=headers)


def refusal(error: ValidationError) -> str:
    """All problems at once, a line each, with the variable's name and never with its value."""
    lines = ["Latchkey does not start: the settings are not safe or not complete."]
    for problem in error.errors(include_input=False, include_url=False):
        name = str(problem["loc"][0]).upper() if problem["loc"] else ""
        lines.append(f"  {name}: {problem['msg']}")
    return "\n".join([*lines, "See .env.example for what each setting means.", ""])


if __name__ == "__main__":
    sys.exit(main())
