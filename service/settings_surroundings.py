"""What stands around the settings and may not be meant: a name that is nearly one of ours, a proxy that is not asked."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple
from urllib.request import proxy_bypass

from dotenv import dotenv_values
from pydantic import AliasChoices

from service.settings_text import url_parts
from service.settings_values import SettingsValues

# What other programs call something that looks like ours.
_OTHERS: Final = frozenset({"HOSTS", "PORTS", "HOSTNAME", "LOG_LEVELS"})
_SHORTEST: Final = 6  # characters; a shorter name is near to too many


class Remark(NamedTuple):
    """An event for the log, and what belongs to it: names of variables, never a value."""

    event: str
    fields: dict[str, str]


def remarks(settings: SettingsValues) -> Iterator[Remark]:
    """What somebody should look at, though the service can start."""
    for name, meant in look_alikes(variables(), known_names()).items():
        yield Remark("setting_unknown", {"variable": name, "meant": meant})
    if (variable := unasked_proxy(settings.supabase_url)) is not None:
        cure = "Supabase is asked directly: see HTTPS_PROXY in .env.example"
        yield Remark("proxy_not_used", {"variable": variable, "cure": cure})
    if not settings.production and not is_loopback(settings.host) and settings.supabase_url.startswith("https://"):
        cure = "set APP_ENV=production where others than its developers reach it"
        yield Remark("development_rules_on_a_public_address", {"variable": "APP_ENV", "cure": cure})


def variables() -> set[str]:
    """The names that are set, in the environment and in `.env`."""
    return {name.upper() for name in (*os.environ, *dotenv_values(".env"))}


def known_names() -> set[str]:
    """The names of all settings, older ones included."""
    names: set[str] = set()
    for name, field in SettingsValues.model_fields.items():
        alias = field.validation_alias
        names |= {str(choice).upper() for choice in alias.choices} if isinstance(alias, AliasChoices) else {name.upper()}
    return names


def look_alikes(names: Iterable[str], known: set[str]) -> dict[str, str]:
    """Names that are none of ours and nearly one: what is written, and what may be meant."""
    found = {}
    for name in sorted(set(names) - known - _OTHERS):
        if len(name) < _SHORTEST:
            continue
        # The distance takes a third of a millisecond: only for what begins alike, and is about as long.
        alike = [candidate for candidate in known if candidate[0] == name[0] and abs(len(candidate) - len(name)) <= 2]
        distance, candidate = min(((_distance(name, candidate), candidate) for candidate in alike), default=(99, ""))
        if distance <= (2 if len(name) > 10 else 1):
            found[name] = candidate
    return found


def unasked_proxy(url: str) -> str | None:
    """The variable that names a proxy for this URL; None where there is none. The service asks no proxy."""
    parts = url_parts(url)
    if parts is None or parts.hostname is None or is_loopback(parts.hostname):
        return None
    if proxy_bypass(parts.hostname):  # by NO_PROXY
        return None
    candidates = (f"{parts.scheme}_proxy", "all_proxy")
    return next((name for name, value in os.environ.items() if name.lower() in candidates and value), None)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens there."""
    return host in {"localhost", "::1"} or host.startswith("127.")


def _distance(one: str, other: str) -> int:
    """How many letters were added, lost, changed, or swapped with their neighbour (optimal string alignment)."""
    rows = [list(range(len(other) + 1))]
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, match in enumerate(other, 1):
            row.append(min(rows[-1][j] + 1, row[j - 1] + 1, rows[-1][j - 1] + (letter != match)))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == match:
                row[j] = min(row[j], rows[-2][j - 2] + 1)
        rows.append(row)
    return rows[-1][-1]
