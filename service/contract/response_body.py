"""Checks the bodies that operations return: the validator that Connexion calls where responses are validated.

Connexion's own quotes the response's values, tokens among them, in its messages; this one names places and rules.
"""

from __future__ import annotations

from collections.abc import Iterable

from connexion.exceptions import NonConformingResponseBody
from connexion.validators import AbstractResponseBodyValidator
from starlette.types import Message, Send

from service.contract.responses import JSON, ResponseContract, body_violations


def json_response_validator(contract: ResponseContract) -> type[AbstractResponseBodyValidator]:
    """The class that Connexion makes one of for each response; the compiled schemas are shared."""
    operations = contract.by_operation_id()

    class JsonResponse(AbstractResponseBodyValidator):  # type: ignore[misc]  # Connexion has no types
        def wrap_send(self, send: Send) -> Send:
            """Hold the response back until it is complete. Raises NonConformingResponseBody."""
            operation = operations[self._scope["extensions"]["connexion_routing"]["operation_id"]]
            messages: list[Message] = []

            async def send_checked(message: Message) -> None:
                messages.append(message)
                if message["type"] == "http.response.start" or message.get("more_body", False):
                    return
                response = operation.responses.get(messages[0]["status"])
                if response is None:
                    raise NonConformingResponseBody(f"status {messages[0]['status']} is not documented")
                found = list(body_violations(response.bodies.get(JSON), _join(messages[1:])))
                if found:
                    raise NonConformingResponseBody("; ".join(map(str, found)))
                while messages:
                    await send(messages.pop(0))

            return send_checked

    return JsonResponse


def _join(messages: Iterable[Message]) -> bytes:
    return b"".join(message.get("body", b"") for message in messages)
