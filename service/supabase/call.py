"""What is asked of Supabase. The names are labels in metrics, log and traces."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Call(StrEnum):
    """One kind of request. The same error means different things for different calls."""

    sign_up = "sign_up"
    sign_in = "sign_in"
    refresh = "refresh"
    sign_out = "sign_out"
    get_user = "get_user"
    get_profile = "get_profile"
    jwks = "jwks"
    settings = "settings"
    try_provider = "try_provider"
    start_sso = "start_sso"
    exchange_code = "exchange_code"
    link_identity = "link_identity"
    unlink_identity = "unlink_identity"


TARGETS: Final[Mapping[Call, str]] = {call: "data_api" if call is Call.get_profile else "auth" for call in Call}
