"""How uvicorn is configured."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

import uvicorn

from service.server.connection_limit import ConnectionLimit, connection_limit
from service.server.head import Header
from service.server.protocol import LimitedHttpProtocol
from service.server.refusal import Refusals
from service.settings import Settings

LINGER: Final = 0.5
"""Seconds that a connection which was accepted last gets to send its request."""

_MARGIN: Final = 0.5  # seconds that closing the pool may take


def uvicorn_config(application: str, settings: Settings, *, error_headers: Sequence[Header]) -> uvicorn.Config:
    """What serves the factory that `application` names. `error_headers` go out with what is refused before it is a request."""
    protocol = partial(
        LimitedHttpProtocol,
        header_timeout=settings.header_timeout,
        refusals=Refusals(error_headers, frozenset(origin.encode() for origin in settings.origins)),
        limit=ConnectionLimit(connection_limit(settings.max_connections, settings.upstream_max_connections)),
    )
    left = settings.graceful_timeout - settings.drain_seconds - LINGER - _MARGIN
    return uvicorn.Config(
        application,
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.web_concurrency,
        http=protocol,  # type: ignore[arg-type]  # any callable that makes a protocol
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,  # TRUSTED_PROXIES decides, in service/limits/client_address.py
        timeout_keep_alive=settings.keep_alive_timeout,
        timeout_graceful_shutdown=max(1, round(left)),
    )
