"""Structured logs on stderr, one JSON object a line or a text for people, with nothing secret in it.

Four rules keep secrets out. Nobody logs a body, a header or a token. Of an exception the type and the frames are logged, not
the message, because messages quote input (pydantic's quote whole bodies). Libraries that log headers or values at DEBUG stay
at WARNING. And as a net below these, `_redact` blanks what looks like a credential.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import sys
import traceback
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import structlog

from service.operation import Checked, Operation
from service.request_context import current_request, current_request_id
from service.telemetry.log_format import LogFormat, renderers
from service.telemetry.log_writer import LogWriter

_CREDENTIAL = re.compile(
    r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)?"  # a JWT
    r"|sb_(secret|publishable)_[A-Za-z0-9_-]+"  # a Supabase key
    r"|(?i:bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"  # user and password in a URL
)
# Their messages name attributes and types, never values.
_HARMLESS = (AttributeError, NameError, ImportError, NotImplementedError, RecursionError)
_QUIET_LIBRARIES = (
    "asyncio",
    "connexion",
    "coredis",
    "hpack",
    "httpcore",
    "httpx",
    "jwt",
    "limits",
    "multipart",
)

EventDict = MutableMapping[str, Any]
Processor = Callable[[Any, str, EventDict], Mapping[str, Any]]


def configure_logging(level: str, log_format: LogFormat = "json") -> None:
    """Send all logs of this process, the libraries' included, through structlog to stderr."""
    shared: list[Processor] = [
        _request_id,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _exception_without_values,
        _redact,
    ]
    # A logger keeps the list that there was when it was first used, so what is new goes into that one.
    processors: list[structlog.typing.Processor] = structlog.get_config()["processors"] if structlog.is_configured() else []
    processors[:] = [*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter]
    structlog.configure(
        processors=processors,
        logger_factory=structlog.stdlib.LoggerFactory(),
        # Drops what is below the level at once; stdlib's own wrapper runs all processors first.
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    handler = next((handler for handler in root.handlers if isinstance(handler, LogWriter)), None) or LogWriter()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(allow=()), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers(log_format)],
        )
    )
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for name in ("service", "uvicorn"):
        logging.getLogger(name).setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    logging.captureWarnings(capture=True)
    logging.getLogger("asyncio").addFilter(_first_line)
    logging.getLogger("uvicorn.access").disabled = True  # one line a request is enough, and ours says more
    for name in _QUIET_LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)
    # It warns with the values that do not fit the contract; what becomes of it is logged as an error of ours.
    logging.getLogger("connexion").setLevel(logging.CRITICAL)


def _first_line(record: logging.LogRecord) -> bool:
    """asyncio appends the repr of what failed, with the exception's message and so perhaps its input; exc_info says where."""
    record.msg, record.args = record.getMessage().partition("\n")[0], None
    return True


def account_hasher(key: bytes) -> Callable[[str], str]:
    """A function that turns an e-mail address into a keyed hash: logs can be searched by account, and name nobody."""

    def account_hash(email: str) -> str:
        return hmac.new(key, email.strip().lower().encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:16]

    return account_hash


def account_noter(account_hash: Callable[[str], str]) -> Callable[[Operation, Checked], Awaitable[None]]:
    """Lets the log say whose account a request names, for every operation whose body has an `email`."""

    async def note(_operation: Operation, checked: Checked) -> None:
        email = checked.body.get("email")
        if isinstance(email, str):
            current_request().account = account_hash(email)

    return note


def token_hasher(key: bytes) -> Callable[[str], str]:
    """A function that turns a refresh token into a keyed hash: the log shows which request a stolen one came from."""

    def token_hash(token: str) -> str:
        return hmac.new(key, b"refresh token\0" + token.encode(), hashlib.sha256).hexdigest()[:16]

    return token_hash


def _request_id(_logger: object, _method: str, event: EventDict) -> EventDict:
    if (request_id := current_request_id()) is not None:
        event["request_id"] = request_id
    return event


def _exception_without_values(_logger: object, _method: str, event: EventDict) -> EventDict:
    exc_info = event.pop("exc_info", None)
    if exc_info is True:
        exc_info = sys.exc_info()
    exc = exc_info[1] if isinstance(exc_info, tuple) else exc_info
    if isinstance(exc, BaseException):
        event["exception"] = _describe(exc)
    return event


def _describe(exc: BaseException) -> list[dict[str, Any]]:
    """The exception and what caused it, outermost first: type, message where it is harmless, and the innermost frames."""
    described: list[dict[str, Any]] = []
    seen: set[int] = set()
    current: BaseException | None = exc
    while current is not None and id(current) not in seen and len(described) < 5:
        seen.add(id(current))
        frames = traceback.extract_tb(current.__traceback__)[-8:]
        entry: dict[str, Any] = {
            "type": f"{type(current).__module__}.{type(current).__qualname__}",
            "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
        }
        if isinstance(current, _HARMLESS):
            entry["message"] = str(current)
        described.append(entry)
        current = current.__cause__ or current.__context__
    return described


def _redact(_logger: object, _method: str, event: EventDict) -> EventDict:
    return {key: _redacted(value) for key, value in event.items()}


def _redacted(value: object) -> object:
    if isinstance(value, str):
        return _CREDENTIAL.sub("[redacted]", value)
    if isinstance(value, dict):
        return {key: _redacted(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_redacted(item) for item in value]
    return value
