"""Every operation that may ask for a second factor says which ones there are, whoever noticed that it is missing.

A token says `aal2` until it expires, also where its session has fallen back since: then Supabase is who notices.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from local.keys import Keys
from service.contract.documents import load_contract
from service.contract.operations import build_table
from service.error_codes import ErrorCode
from service.security.cookies import CookieJar
from tests.conftest import StartModuleService
from tests.handlers.mfa.test_mfa import STEP_UP
from tests.support.auth_fake import AuthFake, factor
from tests.support.browser import PASSWORD, Browser, cookies_set, new_email
from tests.support.service import ServiceProcess

pytestmark = pytest.mark.thorough

SOME_ID = "7f9d2c4e-5b1a-4c3d-8e6f-0a1b2c3d4e5f"
TOO_LOW = {"code": "insufficient_aal", "message": "AAL2 session is required"}
BY_A_FUNCTION = {"code": "42501", "message": "insufficient_aal", "details": None, "hint": None}
BY_A_POLICY = {"code": "42501", "message": "new row violates row-level security policy", "details": None, "hint": None}
EMAIL = "ada@example.com"

# Method, path and body; and what Supabase is asked, with its refusal. None where nothing is asked that knows of levels.
OPERATIONS: dict[str, tuple[str, str, Any, tuple[str, int, Any] | None]] = {
    "updateMe": ("PATCH", "/auth/me", {"profile": {"displayName": "Ada"}}, ("PATCH /rest/v1/user_profile", 403, BY_A_POLICY)),
    "logout": ("POST", "/auth/logout", {"scope": "global"}, ("POST /auth/v1/logout", 403, TOO_LOW)),
    "setPassword": ("PUT", "/auth/password", {"newPassword": "another-Horse-9"}, ("PUT /auth/v1/user", 401, TOO_LOW)),
    "changeEmail": ("PUT", "/auth/email", {"email": "new@example.com"}, ("PUT /auth/v1/user", 401, TOO_LOW)),
    "startOauth": (
        "POST", "/auth/oauth/start", {"provider": "github", "intent": "link"},
        ("GET /auth/v1/user/identities/authorize", 403, TOO_LOW),
    ),
    "unlinkIdentity": (
        "DELETE", f"/auth/identities/{SOME_ID}", None, (f"DELETE /auth/v1/user/identities/{SOME_ID}", 403, TOO_LOW),
    ),
    "enrollFactor": ("POST", "/auth/mfa/factors", {"type": "totp"}, ("POST /auth/v1/factors", 403, TOO_LOW)),
    "deleteFactor": (
        "DELETE", f"/auth/mfa/factors/{SOME_ID}", None, (f"DELETE /auth/v1/factors/{SOME_ID}", 422, TOO_LOW),
    ),
    "endSession": (
        "DELETE", f"/auth/sessions/{SOME_ID}", None, ("POST /rest/v1/rpc/end_own_session", 400, BY_A_FUNCTION),
    ),
    "deleteAccount": ("POST", "/auth/account/deletion", {"confirm": EMAIL}, None),
}  # fmt: skip
SETTINGS = {"external": {"email": True, "github": True}, "disable_signup": False, "mailer_autoconfirm": True}


@pytest.fixture(scope="module")
def fake(keys: Keys) -> Iterator[AuthFake]:
    with AuthFake(keys.jwt_secret) as running:
        running.answers["GET /auth/v1/settings"] = 200, SETTINGS
        yield running


@pytest.fixture(scope="module")
def served(start_module_service: StartModuleService, fake: AuthFake) -> ServiceProcess:
    return start_module_service({"SUPABASE_URL": fake.url, "ACCOUNT_DELETION": "hard"})


def test_each_operation_that_documents_it_is_here() -> None:
    table = build_table(load_contract(CookieJar(secure=False, host_prefix=False, max_age=60)))
    assert {operation.id for operation in table.operations if ErrorCode.auth_mfa_required in operation.codes} == set(OPERATIONS)


@pytest.mark.parametrize(
    ("operation", "noticed_by"),
    [
        (name, by)
        for name, (*_, upstream) in OPERATIONS.items()
        for by in (("service", "supabase") if upstream else ("service",))
    ],
)
def test_it_names_the_factors_and_how_to_go_on(fake: AuthFake, served: ServiceProcess, operation: str, noticed_by: str) -> None:
    method, path, body, upstream = OPERATIONS[operation]
    email = EMAIL if operation == "deleteAccount" else new_email()
    mine = factor()
    identity: dict[str, Any] = {"id": SOME_ID, "identity_id": SOME_ID, "provider": "github", "identity_data": {}}
    # A policy that wants the level does not know of tokens that are behind: it is the one case where the token's level counts.
    level = "aal2" if noticed_by == "supabase" and operation != "updateMe" else "aal1"
    user = fake.user(email, factors=[mine], claims={"aal": level})
    identity |= {"user_id": user.id, "created_at": "2026-01-01T00:00:00Z", "last_sign_in_at": None, "updated_at": None}
    user.identities = [identity]
    browser = Browser(served.url)
    browser.fetch_csrf_token()
    assert browser.sign_in(email, PASSWORD).status_code == 200
    if upstream is not None:
        asked, status, said = upstream
        fake.answers[asked] = status, said
    response = browser.as_user(method, path, body)
    assert (response.status_code, response.json()["code"]) == (403, "auth_mfa_required"), response.text
    assert response.json()["details"] == {"factors": [{"id": mine["id"], "type": "totp", "name": "Phone"}]}
    assert response.headers["WWW-Authenticate"] == STEP_UP
    assert cookies_set(response) == []
