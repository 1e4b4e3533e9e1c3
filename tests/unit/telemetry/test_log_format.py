"""Text for people holds no more than JSON does, and nobody writes lines of his own into it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import structlog

from service.telemetry.log import configure_logging
from service.telemetry.log_format import LogFormat

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
TRICKS = {
    "line": "a\n2026-01-01 [info] request status=200",
    "carriage return": "a\rforged",
    "escape": "a\x1b[2J\x1b[31mforged",
    "one-byte escape": "a\x9b2Jforged",
    "separator": "a\u2028forged\u2029\x85",
    "right to left": "a\u202eforged",
    "backspace": "a\b\b\bforged",
    "nul": "a\x00b",
    "surrogate": "a\udc80b",
}


@contextmanager
def logged(log_format: LogFormat) -> Iterator[io.StringIO]:
    """What is logged in that format meanwhile."""
    root = logging.getLogger()
    handlers, text = root.handlers, io.StringIO()
    try:
        configure_logging("DEBUG", log_format)
        handler = logging.StreamHandler(text)
        handler.setFormatter(root.handlers[0].formatter)
        root.handlers = [handler]
        yield text
    finally:
        root.handlers = handlers


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("through", ["structlog", "logging"])
def test_a_value_stays_on_its_line(trick: str, through: str) -> None:
    with logged("console") as text:
        if through == "structlog":
            structlog.get_logger("service.test").info("event", value=TRICKS[trick], values=[TRICKS[trick]])
        else:
            logging.getLogger("uvicorn.error").warning("said %s", TRICKS[trick])
    [line] = text.getvalue().split("\n")[:-1]
    assert line.isprintable()


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_no_format_shows_a_credential_or_an_exception_s_message(log_format: LogFormat) -> None:
    with logged(log_format) as text:
        log = structlog.get_logger("service.test")
        log.info("event", value=f"Bearer {JWT}", key="sb_secret_0123456789", nested={"url": "https://user:secret@example.com"})
        try:
            int("a password")
        except ValueError:
            log.exception("failed")
    written = text.getvalue()
    assert "builtins.ValueError" in written
    assert "test_log_format.py" in written
    for secret in (JWT, "sb_secret_0123456789", "user:secret", "a password"):
        assert secret not in written


def test_json_is_one_object_a_line() -> None:
    with logged("json") as text:
        structlog.get_logger("service.test").info("event", value=TRICKS["line"])
    [line] = text.getvalue().splitlines()
    assert json.loads(line)["value"] == TRICKS["line"]
