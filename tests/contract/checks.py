"""Checks that Schemathesis runs beside its own: on every response, in every phase."""

from __future__ import annotations

import os
from typing import Any

import schemathesis
from schemathesis import Case, CheckContext
from schemathesis.core.transport import Response

from tests.contract.exchange import Exchange
from tests.contract.fuzzed_elsewhere import FUZZED_ELSEWHERE, NEEDS_MORE, NOT_THERE
from tests.contract.rules import findings

BCRYPT_LIMIT = 72  # bytes
MAX_BODY_BYTES = 16_384  # the setting's default, which a fuzzed service has


@schemathesis.check
def house_rules(_context: CheckContext, response: Response, _case: Case[Any]) -> None:
    """What tests/contract/rules.py asks of every answer."""
    found = [f"{finding.rule}: {finding.what}" for finding in findings(Exchange.from_schemathesis(response))]
    if found:
        raise AssertionError("\n".join(found))


@schemathesis.check
def only_long_passwords_are_weak(_context: CheckContext, response: Response, _case: Case[Any]) -> None:
    """A password that fits the contract is refused only where it has more than 72 bytes.

    schemathesis.toml lets sign-up answer 422 to a valid body, because JSON Schema counts characters and bcrypt bytes. This
    keeps that exception as narrow as its reason. The embedded Supabase asks for no more than the contract does.
    """
    exchange = Exchange.from_schemathesis(response)
    body = exchange.json()
    if exchange.status != 422 or not isinstance(body, dict) or body.get("code") != "auth_weak_password":
        return
    sent = Exchange.sent_json(response)
    if len(str(sent.get("password", sent.get("newPassword"))).encode()) <= BCRYPT_LIMIT:
        raise AssertionError("a password of at most 72 bytes is called weak")


@schemathesis.check
def only_large_bodies_are_too_large(_context: CheckContext, response: Response, _case: Case[Any]) -> None:
    """schemathesis.toml lets an invalid body be refused with 413: that is for its size alone."""
    sent = response.request.body or b""
    size = len(sent.encode()) if isinstance(sent, str) else len(sent) if isinstance(sent, bytes) else 0
    if response.status_code == 413 and size <= MAX_BODY_BYTES:
        raise AssertionError(f"a body of at most {MAX_BODY_BYTES} bytes is called too large")


@schemathesis.check
def only_what_a_schema_cannot_say_is_refused_for_its_values(
    _context: CheckContext, response: Response, case: Case[Any]
) -> None:
    """A code is of six digits, and who has an account knows its address: others are refused with 422, and with these codes."""
    if response.status_code != 422 or case.operation.label not in NOT_THERE:
        return
    body = Exchange.from_schemathesis(response).json()
    code = body.get("code") if isinstance(body, dict) else None
    if code not in {"auth_mfa_code_invalid", "auth_confirmation_mismatch", "auth_factor_limit"}:
        raise AssertionError(f"refused with {code}")


@schemathesis.check
def only_unknown_codes_are_refused(_context: CheckContext, response: Response, case: Case[Any]) -> None:
    """A valid body that completes a flow is refused with 400 only for its flow and code, and not for its form."""
    if case.meta is None or case.meta.generation.mode.is_negative or response.status_code != 400:
        return
    exchange = Exchange.from_schemathesis(response)
    body = exchange.json()
    if case.operation.definition.raw.get("operationId") == "completeOauth" and (
        not isinstance(body, dict) or body.get("code") != "auth_flow_invalid"
    ):
        raise AssertionError("a flow with a code or an error is refused for its form")


@schemathesis.check
class EveryOperationSucceeds:
    """An operation that never answers 2xx was not tested, whatever its other answers were."""

    def __init__(self) -> None:
        self._statuses: dict[str, set[int]] = {}

    def after_response(self, _context: CheckContext, response: Response, case: Case[Any]) -> None:
        """Note the status."""
        if response.request.method == case.operation.method.upper():
            self._statuses.setdefault(case.operation.label, set()).add(response.status_code)

    def after_run(self, _context: CheckContext) -> None:
        """Raises AssertionError."""
        exempt = NEEDS_MORE if os.environ.get(FUZZED_ELSEWHERE) else NEEDS_MORE | NOT_THERE
        failed = [
            f"{label}: {sorted(statuses)}"
            for label, statuses in self._statuses.items()
            if label not in exempt and not any(s < 300 for s in statuses)
        ]
        if failed:
            raise AssertionError("never succeeded: " + "; ".join(failed))
