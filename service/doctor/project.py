"""What can be seen of the project: its address, its clock, the keys, the migrations, who signs, where mails lead."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from service.doctor.asking import Asking, Said
from service.doctor.finding import Finding, note, ok, todo
from service.doctor.links import look_at_links
from service.settings import Settings
from service.settings_policy import key_kind
from service.supabase.readiness import NEEDED_MIGRATION

NOBODY: Final = "00000000-0000-0000-0000-000000000000"
_VERSION: Final = re.compile(r"v?[0-9][A-Za-z0-9.+-]{0,60}")
_REFUSED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


async def look_at_project(asking: Asking, settings: Settings) -> AsyncIterator[Finding]:
    """Whatever does not depend on a user. Ends early where nothing answers."""
    health = await asking.get("/auth/v1/health")
    if not health.ok:
        yield _unreachable(health)
        return
    version = health.body.get("version") if isinstance(health.body, dict) else None
    embedded = isinstance(version, str) and version.startswith("eyJ")  # Supabase Lite puts a JWT there
    shown = version if isinstance(version, str) and _VERSION.fullmatch(version) else "embedded" if embedded else ""
    yield ok("SUPABASE_URL", f"Supabase Auth answers{f' ({shown})' if shown else ''}")
    yield _clock(health, settings)
    async for finding in _keys(asking, settings):
        yield finding
    yield await _profiles(asking)
    yield note("session functions", "are not in the embedded Supabase") if embedded else await _functions(asking)
    yield await _signing(asking, settings)
    yield await _issuer(asking, settings)
    async for finding in look_at_links(asking, settings):
        yield finding


def _unreachable(health: Said) -> Finding:
    if health.status in _REFUSED:
        return todo("SUPABASE_URL", f"the publishable key is refused there ({health.in_short}): are both of one project?")
    if health.status == HTTPStatus.NOT_FOUND:
        return todo("SUPABASE_URL", "there is no Supabase Auth at that address: copy the project's URL from its API settings")
    return todo("SUPABASE_URL", f"{health.in_short}: is the address right, and may this machine reach it?")


def _clock(health: Said, settings: Settings) -> Finding:
    try:
        theirs = parsedate_to_datetime(health.headers.get("date", "")).timestamp()
    except (ValueError, OverflowError, TypeError):
        return note("clock", "cannot be compared: Supabase sent no Date")
    ahead = round(time.time() - theirs)
    # The header has whole seconds, and was on its way for a while.
    if abs(ahead) <= max(settings.jwt_leeway - 1, 2):
        return ok("clock", f"differs from Supabase's by {abs(ahead)} s at most")
    word = "ahead of" if ahead > 0 else "behind"
    return todo(
        "clock", f"is {abs(ahead)} s {word} Supabase's: keep this host's time by NTP; JWT_LEEWAY forgives {settings.jwt_leeway}"
    )


async def _keys(asking: Asking, settings: Settings) -> AsyncIterator[Finding]:
    for variable, key in (
        ("PUBLISHABLE_KEY", settings.supabase_publishable_key),
        ("SECRET_KEY", settings.supabase_secret_key),
    ):
        value, kind = key.get_secret_value(), key_kind(key)
        form = "a key" if kind == "unknown" else f"{kind}, {'newer form' if value.startswith('sb_') else 'older form, a JWT'}"
        yield await (_publishable if variable == "PUBLISHABLE_KEY" else _secret)(asking, variable, form)


async def _publishable(asking: Asking, variable: str, form: str) -> Finding:
    said = await asking.get("/auth/v1/settings")
    if said.ok:
        return ok(variable, f"works ({form})")
    return todo(variable, f"is refused ({said.in_short}): copy it from the project's API settings")


async def _secret(asking: Asking, variable: str, form: str) -> Finding:
    """Asks for a user that nobody is: who may ask is told that there is none, and nobody's data is read."""
    said = await asking.get(f"/auth/v1/admin/users/{NOBODY}", "secret")
    if said.code == "user_not_found":
        return ok(variable, f"works ({form})")
    if said.status in _REFUSED and said.code != "no_authorization":
        return todo(variable, f"is refused ({said.in_short}): copy it from the project's API settings")
    return note(variable, f"cannot be seen here ({said.in_short} from the admin API)")


async def _profiles(asking: Asking) -> Finding:
    said = await asking.get("/rest/v1/user_profile?select=id,display_name&limit=0", "secret")
    if said.ok:
        return ok("migration", "the table user_profile is there")
    if said.code in {"42P01", "PGRST205"}:
        return todo("migration", "the table user_profile is missing: apply supabase/migrations")
    return todo("migration", f"the data API does not answer ({said.in_short}): is it switched on, and is public exposed there?")


async def _functions(asking: Asking) -> Finding:
    said = await asking.post("/rest/v1/rpc/latchkey_migration", "secret", {})
    if said.ok and isinstance(said.body, str) and said.body >= NEEDED_MIGRATION:
        return ok("session functions", "are there")
    if said.ok or said.code == "PGRST202":
        return todo("session functions", "are missing or older: apply supabase/migrations, or nobody can list and end sessions")
    return note("session functions", f"cannot be seen here ({said.in_short}); without them nobody can list and end sessions")


async def _signing(asking: Asking, settings: Settings) -> Finding:
    said = await asking.get("/auth/v1/.well-known/jwks.json")
    keys = said.body.get("keys") if isinstance(said.body, dict) else None
    algorithms = sorted({str(key.get("alg")) for key in keys if isinstance(key, dict)}) if isinstance(keys, list) else []
    if settings.supabase_jwt_secret is not None:
        also = f"; the project publishes {', '.join(algorithms)}, which are taken, too" if algorithms else ""
        return ok("token signing", f"HS256 by SUPABASE_JWT_SECRET is taken{also}")
    if algorithms:
        return ok("token signing", f"the project publishes its keys ({', '.join(algorithms)})")
    return todo("token signing", "the project publishes no key: set SUPABASE_JWT_SECRET to its JWT secret (HS256)")


async def _issuer(asking: Asking, settings: Settings) -> Finding:
    said = await asking.get("/auth/v1/.well-known/openid-configuration")
    issuer = said.body.get("issuer") if said.ok and isinstance(said.body, dict) else None
    if issuer is None:
        return note(
            "token issuer", f"is not told by the project ({said.in_short}); a token's iss must be {settings.jwt_issuer}"
        )
    if issuer in ("", settings.jwt_issuer):
        return ok("token issuer", f"is {settings.jwt_issuer}" if issuer else "tokens name none, which is taken")
    return todo("token issuer", f"is {str(issuer)[:200]!r} there, and {settings.jwt_issuer!r} here: set SUPABASE_JWT_ISSUER")
