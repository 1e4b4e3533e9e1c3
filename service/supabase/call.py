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
    update_profile = "update_profile"
    settings = "settings"
    verify_link = "verify_link"
    verify_code = "verify_code"
    resend = "resend"
    send_otp = "send_otp"
    recover = "recover"
    reauthenticate = "reauthenticate"
    set_password = "set_password"
    change_email = "change_email"
    jwks = "jwks"


_DATA_API: Final = frozenset({Call.get_profile, Call.update_profile})
TARGETS: Final[Mapping[Call, str]] = {call: "data_api" if call in _DATA_API else "auth" for call in Call}
