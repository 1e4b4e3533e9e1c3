"""What was found, and how it is printed. No value of a setting that is secret gets here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "note", "todo"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`note` is what cannot be seen from here, or may be meant; `todo` is what has to be done."""

    level: Level
    subject: str
    text: str


def ok(subject: str, text: str) -> Finding:
    """All is well."""
    return Finding("ok", subject, text)


def note(subject: str, text: str) -> Finding:
    """Somebody should know."""
    return Finding("note", subject, text)


def todo(subject: str, text: str) -> Finding:
    """Somebody has to do something."""
    return Finding("todo", subject, text)


def printed(findings: Iterable[Finding]) -> str:
    """One line each."""
    return "".join(f"{finding.level:<5} {finding.subject:<22} {finding.text}\n" for finding in findings)
