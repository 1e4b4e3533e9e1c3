"""What a handler's answer becomes on the wire."""

from __future__ import annotations

from uuid import UUID

from service.models import ListedSession, MfaFactor
from service.reply import Reply

ID = UUID("0b9d2e52-6b6c-4b7e-9a0e-6f1f3f0c8f11")
MOMENT = "2026-11-26T12:00:00Z"


def test_what_nobody_set_is_absent() -> None:
    content = Reply(MfaFactor(id=ID, type="totp")).content()
    assert content == (b'{"id":"0b9d2e52-6b6c-4b7e-9a0e-6f1f3f0c8f11","type":"totp"}', "application/json")


def test_what_is_said_to_be_null_is_null() -> None:
    session = ListedSession.model_validate(
        {"id": ID, "current": True, "createdAt": MOMENT, "lastUsedAt": MOMENT, "userAgent": None, "ip": None, "aal": "aal1"}
    )
    content = Reply(session).content()
    assert content is not None
    assert b'"userAgent":null,"ip":null' in content[0]


def test_no_body_is_none() -> None:
    assert Reply(status=204).content() is None
