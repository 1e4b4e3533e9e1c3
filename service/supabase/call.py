"""What is asked of Supabase, and of a captcha's provider. The names are labels in metrics, log and traces."""

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
    set_password = "set_password"  # noqa: S105 - a name
    change_email = "change_email"
    try_provider = "try_provider"
    start_sso = "start_sso"
    exchange_code = "exchange_code"
    link_identity = "link_identity"
    unlink_identity = "unlink_identity"
    jwks = "jwks"
    enroll_factor = "enroll_factor"
    delete_factor = "delete_factor"
    challenge_factor = "challenge_factor"
    verify_factor = "verify_factor"
    list_sessions = "list_sessions"
    end_session = "end_session"
    delete_profile = "delete_profile"
    delete_user = "delete_user"
    siteverify = "siteverify"


_DATA_API: Final = (
    Call.get_profile,
    Call.update_profile,
    Call.list_sessions,
    Call.end_session,
    Call.delete_profile,
)
_ELSEWHERE: Final = {**dict.fromkeys(_DATA_API, "data_api"), Call.siteverify: "captcha"}
TARGETS: Final[Mapping[Call, str]] = {call: _ELSEWHERE.get(call, "auth") for call in Call}

# Supabase asks for a captcha before these where the project wants one. Only service/supabase/auth/captcha.py decides whether
# one of them may carry the secret key, which is let past it.
GUARDED_BY_CAPTCHA: Final = frozenset({Call.sign_up, Call.sign_in, Call.resend, Call.send_otp, Call.recover, Call.start_sso})

# Supabase never asks for a captcha here, and believes a forwarded address with the secret key only. What is named neither here
# nor above goes with the publishable key.
MAY_CARRY_SECRET_KEY: Final = frozenset(
    {
        Call.refresh, Call.sign_out, Call.verify_link, Call.verify_code, Call.exchange_code, Call.challenge_factor,
        Call.verify_factor, Call.set_password, Call.change_email,
    }
)  # fmt: skip

# Supabase sends the mail within these requests, and allows it ten seconds. Whoever hangs up earlier rolls the user back after
# the mail has gone.
SENDS_MAIL: Final = frozenset({Call.sign_up, Call.resend, Call.send_otp, Call.recover, Call.reauthenticate, Call.change_email})
