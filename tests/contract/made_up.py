"""`python -m tests.contract.made_up`: the service with one capability more, added as docs/architecture.md says.

Its contract, its handlers and its rate limit are what a new operation needs; nothing else of the service knows about it.
"""

from __future__ import annotations

import sys
from typing import Any, Final, Literal
from unittest.mock import patch
from uuid import UUID

import yaml
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from service import app
from service.__main__ import main
from service.assembly import build_handlers
from service.contract.documents import load_contract
from service.error_codes import ErrorCode
from service.errors import ApiError
from service.limits.keys import RATE_LIMITS, Count, RateLimit, by_parameter
from service.reply import Reply
from service.security.access_token import AccessToken
from service.security.cookies import CookieJar

Kind = Literal["plain", "taken", "refused", "extra"]

QUOTA: Final = "3/day"
PATHS: Final = """
/auth/things/{thingId}:
  parameters:
    - { in: path, name: thingId, required: true, schema: { type: string, format: uuid } }
  get:
    operationId: readThing
    x-rate-limits: [address]
    parameters:
      - { in: query, name: pageSize, schema: { type: integer, minimum: 1, maximum: 10, default: 5 } }
      - { in: query, name: kind, schema: { type: string, enum: [plain, taken, refused, extra] } }
    security: []
    responses:
      "200":
        description: The thing.
        content: { application/json: { schema: { $ref: "#/components/schemas/Thing" } } }
      "400": { $ref: "#/components/responses/InvalidRequest" }
      "413": { $ref: "#/components/responses/PayloadTooLarge" }
      "429": { $ref: "#/components/responses/RateLimited" }
      "500": { $ref: "#/components/responses/InternalError" }
      "502": { $ref: "#/components/responses/UpstreamError" }
  delete:
    operationId: deleteThing
    x-rate-limits: [address, thing]
    security: [{ csrfToken: [], accessToken: [] }]
    responses:
      "204": { description: It is gone. }
      "400": { $ref: "#/components/responses/InvalidRequest" }
      "413": { $ref: "#/components/responses/PayloadTooLarge" }
      "429": { $ref: "#/components/responses/RateLimited" }
      "500": { $ref: "#/components/responses/InternalError" }
      "401": { $ref: "#/components/responses/Unauthorized" }
      "403": { $ref: "#/components/responses/CsrfFailed" }
"""
THING: Final = {
    "type": "object",
    "required": ["thingId", "pageSize"],
    "properties": {"thingId": {"type": "string", "format": "uuid"}, "pageSize": {"type": "integer"}},
}


class Thing(BaseModel):
    """What is answered; the contract does not know `extra`."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    thing_id: UUID
    page_size: int


class ThingWithExtra(Thing):
    """Breaks the contract."""

    extra: str


class ThingHandlers:
    """A capability."""

    async def read_thing(self, thing_id: UUID, page_size: int, kind: Kind = "plain") -> Reply:
        """A thing, or what goes wrong with it."""
        match kind:
            case "taken":
                raise ApiError(ErrorCode.auth_email_taken)
            case "refused":
                raise ApiError(ErrorCode.auth_email_taken, upstream=True)
            case "extra":
                return Reply(ThingWithExtra(thing_id=thing_id, page_size=page_size, extra="not in the contract"))
            case _:
                return Reply(Thing(thing_id=thing_id, page_size=page_size), cookies=("first=1", "second=2"))

    async def delete_thing(self, thing_id: UUID, access_token: AccessToken) -> Reply:  # noqa: ARG002 - nothing is kept
        """Nothing is left of it."""
        return Reply(status=204)


def contract(cookies: CookieJar) -> dict[str, Any]:
    """The service's contract, with the capability's part."""
    document = load_contract(cookies)
    document["paths"].update(yaml.safe_load(PATHS))
    components = document["components"]
    components["schemas"]["Thing"] = THING
    for name in ("Unauthorized", "CsrfFailed"):
        schema = {"$ref": f"#/components/schemas/{name}"}
        components["responses"][name] = {"description": name, "content": {"application/json": {"schema": schema}}}
    return document


def serve() -> int:
    """Run until told to stop."""
    limits = {"thing": RateLimit(lambda _settings: QUOTA, (Count(by_parameter("thing_id")),))}
    with (
        patch.object(app, "load_contract", contract),
        patch.object(app, "build_handlers", lambda *args: [*build_handlers(*args), ThingHandlers()]),
        patch.dict(RATE_LIMITS, limits),
    ):
        return main()


if __name__ == "__main__":
    sys.exit(serve())
