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
from schemathesis.generation.meta import CoveragePhaseData, TestPhase

import tests.contract.checks
import tests.contract.link_bodies  # noqa: F401 - both register what they define
from service.security.return_path import is_own_path
from tests.contract.browser_session import CSRF_COOKIE, REFRESH_COOKIE, BrowserSession, Credentials
from tests.contract.exchange import Exchange
from tests.contract.things import Things

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


@cache
def things(base_url: str) -> Things:  # noqa: ARG001 - one for each
    """What its user has made there."""
    return Things()


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
    by_plan = _in_a_walk(case) or _lacks_by_itself(case)
    return set() if by_plan else _LACKING.get(_fingerprint(case) % 16, set())


def _credentials(case: AnyCase, wanted: set[str]) -> Credentials:
    session = browser(case.operation.base_url or "")
    return session.credentials(csrf="csrf" in wanted, bearer="bearer" in wanted, refresh="refresh" in wanted)


def _replace(case: AnyCase, credentials: Credentials) -> None:
    _strip(case)
    case.headers.update(credentials.headers)
    case.cookies.update(credentials.cookies)


@schemathesis.hook
def before_call(_context: HookContext, case: AnyCase, _kwargs: dict[str, Any]) -> None:
    """Get invalid bodies past the door; let valid requests be about what is there: new addresses, users, factors, sessions."""
    if case.meta is None:
        return
    if case.meta.generation.mode.is_negative:
        if _lacks_by_itself(case) and "csrf" in _schemes(case):
            _leave_out_the_bearer_alone(case)
        body = case.meta.components.get(ParameterLocation.BODY)
        if body is not None and body.mode.is_negative:
            _let_in_for_its_body(case)
        return
    if _lacks_by_itself(case) or (not _in_a_walk(case) and _fingerprint(case) // 16 % 2 == 0):
        _name_what_is_there(case)
    if isinstance(case.body, dict):
        match _id(case):
            case "signUp":
                _use_new_address(case, case.body)
            case "startOauth" | "startSso":
                _go_on_at_a_path_of_its_own(case.body)
                if "provider" in case.body and _fingerprint(case) // 16 % 8:
                    case.body["provider"] = "github"
            case "completeOauth":
                _use_a_real_flow(case, case.body)
            case "enrollFactor":
                case.body["name"] = secrets.token_hex(8)  # or most would be for a name that is taken
            case "deleteAccount" if not _lacking(case) and _fingerprint(case) // 16 % 4:
                _delete_somebody_new(case, case.body)
            case "verify":
                _make_it_one_form(case, case.body)
            case "signIn" if not _in_a_walk(case) and _fingerprint(case) // 16 % 4 == 0:
                case.body.update(browser(case.operation.base_url or "").account())


def _name_what_is_there(case: AnyCase) -> None:
    base_url = case.operation.base_url or ""
    known = things(base_url)
    if _id(case) == "verifyFactor" and not known.secrets:
        known.learn("enrollFactor", browser(base_url).enroll())
    if _id(case) == "endSession" and not known.sessions:
        known.learn("listSessions", browser(base_url).listed_sessions())
    known.name_one(_id(case), case.path_parameters, case.body)


def _leave_out_the_bearer_alone(case: AnyCase) -> None:
    """Where the phase leaves it out and wants 401 for that: the CSRF token is looked at first."""
    data = case.meta.phase.data if case.meta is not None else None
    if isinstance(data, CoveragePhaseData) and data.parameter == "Authorization" and "Authorization" not in case.headers:
        _replace(case, _credentials(case, {"csrf"}))


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


def _delete_somebody_new(case: AnyCase, body: dict[str, Any]) -> None:
    """Who has no second factor, which would have to be shown, and nothing that a later request is about."""
    session = browser(case.operation.base_url or "")
    if not session.is_own(case.headers.get("Authorization")):
        return  # it is there to be refused
    session.start_over()
    things(case.operation.base_url or "").forget()
    _replace(case, _credentials(case, _schemes(case)))
    body["confirm"] = session.account()["email"]


def _go_on_at_a_path_of_its_own(body: dict[str, Any]) -> None:
    """A pattern cannot say what a path may be decoded to."""
    if not is_own_path(str(body.get("returnTo", "/"))):
        body["returnTo"] = "/notes"


def _use_a_real_flow(case: AnyCase, body: dict[str, Any]) -> None:
    """A flow of this browser, with the code or the error that was made up for it, or with the code of a consent."""
    session = browser(case.operation.base_url or "")
    by_plan = case.meta is not None and case.meta.phase.name is not TestPhase.FUZZING
    completion = session.completion(consent=by_plan or _fingerprint(case) // 16 % 2 == 0)
    if "code" in completion:
        body.clear()
    elif "code" in body:
        body.pop("error", None)
        body.pop("errorCode", None)
    else:
        body.setdefault("error", "access_denied")
    body.update(completion)


@schemathesis.hook
def after_call(_context: HookContext, case: AnyCase, response: Response) -> None:
    """The browser keeps what the service answered, and its session ends when the service says so."""
    session = browser(case.operation.base_url or "")
    if _id(case) == "setPassword" and response.status_code == 200:
        session.password_changed(Exchange.sent_json(response)["newPassword"])
    answer = _json(response) if response.status_code < 400 else None
    session.learn(response.headers.get("set-cookie", []), answer)
    things(case.operation.base_url or "").learn(_id(case), answer)
    if _id(case) == "deleteAccount" and response.status_code == 200:
        session.start_over()
        things(case.operation.base_url or "").forget()


def _id(case: AnyCase) -> str | None:
    operation_id: str | None = case.operation.definition.raw.get("operationId")
    return operation_id


def _in_a_walk(case: AnyCase) -> bool:
    """Whether the request is a step of the stateful phase.

    Hypothesis repeats walks and gives the phase up when a step turns out otherwise than before, so none is left to chance
    or to what the service remembers. Requests that lack credentials are made there as invalid data.
    """
    return case.meta is not None and case.meta.phase.name is TestPhase.STATEFUL


def _lacks_by_itself(case: AnyCase) -> bool:
    """Whether the phase itself leaves out one header after the other, and knows what each has to be answered with."""
    return case.meta is not None and case.meta.phase.name is TestPhase.COVERAGE


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
