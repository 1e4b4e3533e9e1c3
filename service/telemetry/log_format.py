"""What a line of the log looks like: JSON for programs, text for people in front of a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, Literal

import structlog

LogFormat = Literal["auto", "json", "console"]
Renderer = Callable[[Any, str, MutableMapping[str, Any]], Any]


def renderers(log_format: LogFormat) -> list[Renderer]:
    """The last steps of a log line. "auto" is for people where stderr is a terminal, else JSON."""
    terminal = sys.stderr is not None and sys.stderr.isatty()
    if log_format == "json" or (log_format == "auto" and not terminal):
        return [structlog.processors.JSONRenderer()]
    return [_printable, structlog.dev.ConsoleRenderer(colors=terminal and "NO_COLOR" not in os.environ, sort_keys=False)]


def _printable(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Without a character that moves the cursor, begins a line or turns the text around: nobody writes lines of his own."""
    exceptions = event.pop("exception", None)
    printable = {key: _escaped(value) if isinstance(value, str) else value for key, value in event.items()}
    if isinstance(exceptions, list):
        printable["exception"] = "\n".join(line for exception in exceptions for line in _lines(exception))
    return printable


def _lines(exception: Mapping[str, Any]) -> list[str]:
    message = f": {exception['message']}" if "message" in exception else ""
    return [_escaped(f"{exception['type']}{message}"), *(f"    {_escaped(frame)}" for frame in exception["frames"])]


def _escaped(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
