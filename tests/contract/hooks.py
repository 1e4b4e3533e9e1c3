"""Schemathesis loads this (schemathesis.toml): real credentials for most requests, some of them or none for the rest."""

from __future__ import annotations

import json
import secrets
from functools import cache
from typing import Any
from zlib import crc32

import schemathesis
from schemathesis import AuthContext, Case, HookContext
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.transport import Response
from schemathesis.generation.meta import CoveragePhaseData, CoverageScenario, TestPhase

import tests.contract.checks
import tests.contract.link_bodies  # noqa: F401 - both register what they define
from tests.contract.browser_session import CSRF_COOKIE, REFRESH_COOKIE, BrowserSession, Credentials
from tests.contract.exchange import Exchange

AnyCase = Case[Any]

_taken: set[str] = set()

_SECURITY_HEADERS = ("X-CSRF-Token", "Authorization")
_SECURITY_COOKIES = (CSRF_COOKIE, REFRESH_COOKIE)
# Of 16 requests, 12 carry all that the operation asks for, one each lacks one kind of credential, and one comes with none.
_LACKING = {0: {"csrf", "bearer", "refresh"}, 1: {"csrf"}, 2: {"bearer"}, 3: {"refresh"}}


@cache
def browser(base_url: str) -> BrowserSession:
    """The one that all requests to a service come from."""
    return BrowserSession(base_url)


@schemathesis.auth(refresh_interval=None)
class BrowserCredentials:
    """Gives each request what the operation's security schemes ask for."""

    def get(self, case: AnyCase, _context: AuthContext) -> Credentials | None:
        """The credentials; None for a request that has to come without any."""
        wanted = _schemes(case) - _lacking(case)
        if not wanted:
            _strip(case)
            return None
        return _credentials(case, wanted)

    def set(self, case: AnyCase, data: Credentials, _context: AuthContext) -> None:
        """Put them in the place of the made-up ones."""
        _replace(case, data)


def _lacking(case: AnyCase) -> set[str]:
    """The credentials that this request is to come without."""
    return set() if _in_a_walk(case) else _LACKING.get(_fingerprint(case) % 16, set())


def _is_about_a_missing_token(case: AnyCase) -> bool:
    """Whether the request is there to lack the access token: that is told only where nothing else is missing."""
    data = case.meta.phase.data if case.meta is not None else None
    if not isinstance(data, CoveragePhaseData) or data.scenario != CoverageScenario.MISSING_PARAMETER:
        return False
    return str(data.parameter).lower() == "authorization"


def _credentials(case: AnyCase, wanted: set[str]) -> Credentials:
    session = browser(case.operation.base_url or "")
    return session.credentials(csrf="csrf" in wanted, bearer="bearer" in wanted, refresh="refresh" in wanted)


def _replace(case: AnyCase, credentials: Credentials) -> None:
    _strip(case)
    case.headers.update(credentials.headers)
    case.cookies.update(credentials.cookies)


@schemathesis.hook
def before_call(_context: HookContext, case: AnyCase, _kwargs: dict[str, Any]) -> None:
    """Get invalid bodies past the door; let valid sign-ups be for new addresses, and valid sign-ins by users who exist."""
    if case.meta is None:
        return
    if _is_about_a_missing_token(case):
        _replace(case, _credentials(case, _schemes(case) - {"bearer"}))
    elif case.meta.generation.mode.is_negative:
        if case.meta.is_negative_at(ParameterLocation.BODY):
            _let_in_for_its_body(case)
    elif isinstance(case.body, dict):
        match case.operation.definition.raw.get("operationId"):
            case "signUp":
                _use_new_address(case, case.body)
            case "verify":
                _make_it_one_form(case, case.body)
            case "signIn" if not _in_a_walk(case) and _fingerprint(case) // 16 % 4 == 0:
                case.body.update(browser(case.operation.base_url or "").account())


def _let_in_for_its_body(case: AnyCase) -> None:
    """Where both the body and a credential are invalid, send a real credential, three times in four.

    Schemathesis mostly breaks the two together, and the credential is looked at first: the body would never be read.
    """
    if case.operation.schema.is_security_param_negated(case) and _fingerprint(case) // 16 % 4 != 0:
        _replace(case, _credentials(case, _schemes(case)))


def _make_it_one_form(case: AnyCase, body: dict[str, Any]) -> None:
    """A link or a code: that it is either is said in words only. One in eight stays as it is, and five are good."""
    plain = case.meta is not None and case.meta.phase.name in {TestPhase.STATEFUL, TestPhase.EXAMPLES}
    choice = 7 if plain else _fingerprint(case) // 16 % 8
    if choice == 0:
        return
    if choice > 2 and (code := browser(case.operation.base_url or "").code()) is not None:
        body.clear()
        body.update(code)
    elif "tokenHash" in body:
        body.pop("code", None)
    else:
        body.setdefault("email", "nobody@example.com")
        body.setdefault("code", "000000")


def _use_new_address(case: AnyCase, body: dict[str, Any]) -> None:
    """Or most sign-ups would end at 409; one in eight still may."""
    if not _in_a_walk(case) and _fingerprint(case) // 16 % 8 == 0:
        return
    address = str(body.get("email", "")).lower()
    if address in _taken or _in_a_walk(case):
        body["email"] = f"{secrets.token_hex(8)}@example.com"
    _taken.add(address)


@schemathesis.hook
def after_call(_context: HookContext, case: AnyCase, response: Response) -> None:
    """The browser keeps what the service answered, and its session ends when the service says so."""
    session = browser(case.operation.base_url or "")
    if case.operation.definition.raw.get("operationId") == "setPassword" and response.status_code == 200:
        session.password_changed(Exchange.sent_json(response)["newPassword"])
    session.learn(response.headers.get("set-cookie", []), _json(response) if response.status_code < 400 else None)


def _in_a_walk(case: AnyCase) -> bool:
    """Whether the request is a step of the stateful phase.

    Hypothesis repeats walks and gives the phase up when a step turns out otherwise than before, so none is left to chance
    or to what the service remembers. Requests that lack credentials are made there as invalid data.
    """
    return case.meta is not None and case.meta.phase.name is TestPhase.STATEFUL


def _schemes(case: AnyCase) -> set[str]:
    names = {"csrfToken": "csrf", "accessToken": "bearer", "refreshCookie": "refresh"}
    return {names[name] for requirement in case.operation.definition.raw.get("security", []) for name in requirement}


def _fingerprint(case: AnyCase) -> int:
    """The same for the same request, so that a failure is found again when it is replayed."""
    return crc32(repr((case.method, case.path, sorted(map(repr, (case.headers or {}).items())), case.body)).encode())


def _strip(case: AnyCase) -> None:
    for name in _SECURITY_HEADERS:
        case.headers.pop(name, None)
    for name in _SECURITY_COOKIES:
        case.cookies.pop(name, None)


def _json(response: Response) -> Any:
    try:
        return json.loads(response.content)
    except ValueError:
        return None
