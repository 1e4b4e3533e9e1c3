"""What a request that follows a link takes from the one before it, where the contract can say it only in words.

OpenAPI lets a link carry a request body of any type, but swagger-parser, and with it openapi-generator, refuses a contract
whose link carries anything but a string. So it is added when Schemathesis loads the contract: import this beside the hooks.
"""

from __future__ import annotations

from typing import Any

import schemathesis
from schemathesis import HookContext

SIGN_IN_AFTER_SIGN_UP = {"email": "$request.body#/email", "password": "$request.body#/password"}


@schemathesis.hook
def before_load_schema(_context: HookContext, raw_schema: dict[str, Any]) -> None:
    """Sign in with what was just registered."""
    sign_up = raw_schema["paths"].get("/auth/signup")
    if sign_up is not None:  # the contract of the operators' endpoints has none
        sign_up["post"]["responses"]["200"]["links"]["signIn"]["requestBody"] = SIGN_IN_AFTER_SIGN_UP
