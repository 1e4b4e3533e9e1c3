"""How the settings fit the project: captcha, forwarded addresses, front ends; and a real token, where a user is given."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit

from service.doctor.finding import Finding, note, ok, todo
from service.error_codes import ErrorCode
from service.errors import ApiError
from service.security.access_token import AccessTokenVerifier, InvalidTokenError
from service.security.issued_tokens import CURES
from service.settings import Settings
from service.settings_surroundings import remarks
from service.supabase.auth.captcha import CaptchaProbe, Wanted
from service.supabase.project import Supabase

# By address, as Supabase Auth has them (internal/api/apilimiter/apilimiter.go); docs/operations.md has the numbers.
_SHARED_LIMITS = "sign-ins, refreshes, sign-ups, mails, links, codes, changes of password or address"

_CAPTCHA = frozenset({ErrorCode.auth_captcha_required, ErrorCode.auth_captcha_failed})


def look_around(settings: Settings) -> Iterator[Finding]:
    """What the settings' surroundings tell."""
    for remark in remarks(settings):
        fields = dict(remark.fields)
        variable = fields.pop("variable")
        yield todo(variable, fields.get("cure") or f"is no setting; is {fields.get('meant')} meant?")
    for variable in settings.trimmed:
        yield todo(variable, "comes with blanks or a line end around it, which are ignored: write it without")
    parts = urlsplit(settings.frontend)
    if settings.origins and f"{parts.scheme}://{parts.netloc}" not in settings.origins:
        yield note("FRONTEND_URL", f"is {settings.frontend}, which CORS_ORIGINS lacks: right only where both share an origin")
    if settings.origins:
        yield ok("CORS_ORIGINS", f"pages of {', '.join(settings.origins)} may call the service")
    else:
        yield note("CORS_ORIGINS", "is not set: only pages of the service's own origin may call it")


async def look_at_captcha(settings: Settings, supabase: Supabase) -> AsyncIterator[Finding]:
    """Asks Supabase whether the project wants one, and, with CAPTCHA=here, the provider whether it knows the secret."""
    wanted = await CaptchaProbe(supabase.client_of_nobody, timeout=supabase.timeout).asked()
    yield _captcha(settings, wanted)
    if settings.captcha == "here":
        try:
            await supabase.captcha.pass_through("a-token-of-the-doctor", None)
        except ApiError as error:
            match error.code:
                case ErrorCode.auth_captcha_failed:
                    yield ok("CAPTCHA_SECRET", "the provider knows it")
                case ErrorCode.upstream_error:
                    yield todo("CAPTCHA_SECRET", "the provider does not know it: copy it from there, for the same site")
                case _:
                    yield todo("CAPTCHA_SECRET", "cannot be checked: the provider does not answer; may this machine reach it?")
        else:
            yield todo("CAPTCHA_SECRET", "is a test secret, which lets every token pass")


def _captcha(settings: Settings, wanted: Wanted) -> Finding:
    match settings.captcha, wanted:
        case _, "unknown":
            return todo("CAPTCHA", "Supabase does not say whether the project wants one: ask again, or look into its logs")
        case "none", "yes":
            return todo("CAPTCHA", "is none, and the project wants one: set CAPTCHA=upstream (or here, with the secret)")
        case "upstream", "no":
            return todo("CAPTCHA", "is upstream, and the project asks for none: switch it on there, or unset CAPTCHA")
        case "here", "no":
            return note("CAPTCHA", "this service checks it, the project does not: who calls the project directly needs none")
        case mode, _:
            return ok("CAPTCHA", f"is {mode}, and the project {'wants one' if wanted == 'yes' else 'asks for none'}")


def look_at_forwarding(settings: Settings) -> Finding:
    """Whose limits are whose."""
    if not settings.forward_client_ip:
        return note(
            "FORWARD_CLIENT_IP",
            f"is off: all users share Supabase's limits by address ({_SHARED_LIMITS}); set it (docs/operations.md)",
        )
    if not settings.supabase_secret_key.get_secret_value().startswith("sb_secret_"):
        return todo("FORWARD_CLIENT_IP", "needs a secret key of the newer form (sb_secret_): with the older one it is ignored")
    guarded = "" if settings.captcha != "upstream" else "; what the captcha guards is not told (CAPTCHA=upstream)"
    return ok(
        "FORWARD_CLIENT_IP", f"is on{guarded}. Whether the project takes addresses cannot be seen: check its Auth settings"
    )


async def look_at_token(supabase: Supabase, verifier: AccessTokenVerifier) -> Finding:
    """Signs in a user that was made for this, checks the token as every request's is, and signs out."""
    email, password = os.environ.get("DOCTOR_EMAIL"), os.environ.get("DOCTOR_PASSWORD")
    if not email or not password:
        return note("tokens", "were not tried: DOCTOR_EMAIL and DOCTOR_PASSWORD of a user made for it let me sign in and look")
    try:
        tokens = await supabase.session.sign_in(email, password)
    except ApiError as error:
        if error.code in _CAPTCHA:
            return note("tokens", "were not tried: the project's captcha lets no program sign in")
        return todo("tokens", f"the user of DOCTOR_EMAIL could not sign in: {error.code.value}")
    try:
        token = await verifier.verify(tokens.access_token)
    except InvalidTokenError as error:
        setting, cure = CURES[error.reason]
        return todo("tokens", f"of the project are refused here ({error.reason}): {setting} {cure}".replace("  ", " "))
    except ApiError as error:
        return todo("tokens", f"cannot be checked: {error.code.value} from the project's signing keys")
    finally:
        await _sign_out(supabase, tokens.access_token)
    if token.authenticated_at is None:
        return todo("tokens", "have no amr (a hook of the project drops it): what asks for a fresh session will be refused")
    return ok("tokens", "of the project are taken: signature, issuer, audience, times")


async def _sign_out(supabase: Supabase, access_token: str) -> None:
    try:
        await supabase.session.sign_out(access_token, client_address=None)
    except ApiError:
        return  # it ends by itself
