"""How uvicorn is configured."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

import uvicorn

from service.server.protocol import Header, LimitedHttpProtocol
from service.settings import Settings

LINGER: Final = 0.5
"""Seconds that a connection which was accepted last gets to send its request."""

_MARGIN: Final = 0.5  # seconds that closing the pool may take


def uvicorn_config(application: str, settings: Settings, *, error_headers: Sequence[Header]) -> uvicorn.Config:
    """What serves the factory that `application` names. `error_headers` go out with what is refused before it is a request."""
    left = settings.graceful_timeout - settings.drain_seconds - LINGER - _MARGIN
    return uvicorn.Config(
        application,
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.web_concurrency,
        http=partial(LimitedHttpProtocol, header_timeout=settings.header_timeout, error_headers=error_headers),  # type: ignore[arg-type]  # any callable that makes a protocol
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
