"""Supabase's error codes, and what they mean in the contract. Data only; service/supabase/translation.py applies it.

Every code of Supabase Auth (internal/api/apierrors/errorcode.go, read in August 2026) stands in MEANINGS or in NOT_CALLED. A
capability adds its lines to MEANINGS, and to BY_CALL where a code says something else to one of its calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from service.error_codes import ErrorCode
from service.supabase.call import Call

MEANINGS: Final[Mapping[str, ErrorCode]] = {
    # Every call.
    "bad_json": ErrorCode.invalid_request,
    "validation_failed": ErrorCode.invalid_request,
    "over_request_rate_limit": ErrorCode.rate_limited,
    "request_timeout": ErrorCode.upstream_timeout,
    "hook_timeout": ErrorCode.upstream_timeout,
    "hook_timeout_after_retry": ErrorCode.upstream_timeout,
    "hook_payload_invalid_content_type": ErrorCode.upstream_error,
    "hook_payload_over_size_limit": ErrorCode.upstream_error,
    "conflict": ErrorCode.upstream_unavailable,  # another request holds the lock of this session
    "request_entity_too_large": ErrorCode.upstream_error,
    "unexpected_failure": ErrorCode.upstream_error,
    "unknown": ErrorCode.auth_rejected,  # a hook of the project refused, with a 4xx of its own
    # Every call as a signed-in user.
    "bad_jwt": ErrorCode.unauthorized,
    "no_authorization": ErrorCode.unauthorized,
    "session_expired": ErrorCode.unauthorized,
    "session_not_found": ErrorCode.unauthorized,
    "user_not_found": ErrorCode.unauthorized,
    "user_banned": ErrorCode.auth_user_banned,
    # Signing in and staying so.
    "invalid_credentials": ErrorCode.auth_invalid_credentials,
    "email_not_confirmed": ErrorCode.auth_email_not_confirmed,
    "refresh_token_not_found": ErrorCode.auth_refresh_invalid,
    "refresh_token_already_used": ErrorCode.auth_refresh_invalid,
    # Signing up.
    "signup_disabled": ErrorCode.auth_signup_disabled,
    "email_provider_disabled": ErrorCode.auth_provider_disabled,
    "email_address_not_authorized": ErrorCode.auth_signup_disabled,
    "email_exists": ErrorCode.auth_email_taken,
    "user_already_exists": ErrorCode.auth_email_taken,
    "weak_password": ErrorCode.auth_weak_password,
    "email_address_invalid": ErrorCode.invalid_request,
    # Second factors, and what asks for one.
    "insufficient_aal": ErrorCode.auth_mfa_required,
    "mfa_challenge_expired": ErrorCode.auth_mfa_code_invalid,
    "mfa_factor_name_conflict": ErrorCode.auth_factor_name_taken,
    "mfa_factor_not_found": ErrorCode.not_found,
    "mfa_ip_address_mismatch": ErrorCode.auth_mfa_code_invalid,
    "mfa_phone_verify_not_enabled": ErrorCode.auth_mfa_disabled,
    "mfa_totp_enroll_not_enabled": ErrorCode.auth_mfa_disabled,
    "mfa_totp_verify_not_enabled": ErrorCode.auth_mfa_disabled,
    "mfa_verification_failed": ErrorCode.auth_mfa_code_invalid,
    "mfa_verification_rejected": ErrorCode.auth_rejected,
    "mfa_webauthn_verify_not_enabled": ErrorCode.auth_mfa_disabled,
    "too_many_enrolled_mfa_factors": ErrorCode.auth_factor_limit,
    # What sends mail, and what a captcha guards.
    "over_email_send_rate_limit": ErrorCode.rate_limited,
    "over_sms_send_rate_limit": ErrorCode.rate_limited,
    "captcha_failed": ErrorCode.auth_captcha_failed,
}

BY_CALL: Final[Mapping[Call, Mapping[str, ErrorCode]]] = {
    Call.sign_in: {
        "bad_json": ErrorCode.upstream_error,
        "user_not_found": ErrorCode.auth_invalid_credentials,
        # Supabase refuses some addresses and passwords before it looks for the user: that, too, is no way in.
        "validation_failed": ErrorCode.auth_invalid_credentials,
        "email_address_invalid": ErrorCode.auth_invalid_credentials,
        "weak_password": ErrorCode.auth_invalid_credentials,
    },
    Call.refresh: {
        "session_expired": ErrorCode.auth_refresh_invalid,
        "session_not_found": ErrorCode.auth_refresh_invalid,
        "user_not_found": ErrorCode.auth_refresh_invalid,
        "validation_failed": ErrorCode.auth_refresh_invalid,
    },
}

# What it means that Supabase Auth has no such endpoint: an older one, or the embedded one. Its router says so in plain text;
# its own 404s are JSON with a code, and a gateway's are HTML, as a rule.
NO_SUCH_ENDPOINT: Final[Mapping[Call, ErrorCode]] = {
    Call.enroll_factor: ErrorCode.auth_mfa_disabled,
    Call.challenge_factor: ErrorCode.auth_mfa_disabled,
    Call.delete_factor: ErrorCode.not_found,  # where there are no factors, this is none
}

# By feature, those that belong to what the service does not call. Should one of them come, Supabase answered something
# unexpected, and upstream_error says so.
NOT_CALLED: Final[Mapping[str, frozenset[str]]] = {
    "administration": frozenset({"not_admin", "invite_not_found", "unexpected_audience", "email_address_not_provided"}),
    "anonymous users": frozenset({"anonymous_provider_disabled"}),
    "one-time passwords and mail links": frozenset(
        {"otp_disabled", "otp_expired", "flow_state_already_used", "flow_state_expired", "flow_state_not_found",
         "bad_code_verifier"}
    ),
    "phones": frozenset({"phone_exists", "phone_not_confirmed", "phone_provider_disabled", "sms_send_failed"}),
    "changing password or address": frozenset(
        {"same_password", "current_password_invalid", "current_password_required", "reauthentication_needed",
         "reauthentication_not_valid", "user_sso_managed"}
    ),
    "social sign-in": frozenset(
        {"provider_disabled", "provider_email_needs_verification", "oauth_provider_not_supported", "bad_oauth_callback",
         "bad_oauth_state", "oauth_client_state_expired", "oauth_client_state_not_found", "oauth_invalid_state",
         "feature_disabled"}
    ),
    "identities": frozenset(
        {"identity_already_exists", "identity_not_found", "single_identity_not_deletable",
         "email_conflict_identity_not_deletable", "manual_linking_disabled"}
    ),
    "second factors other than authenticator apps": frozenset(
        {"mfa_phone_enroll_not_enabled", "mfa_verified_factor_exists", "mfa_webauthn_enroll_not_enabled"}
    ),
    "passkeys": frozenset(
        {"passkey_disabled", "too_many_passkeys", "webauthn_challenge_expired", "webauthn_challenge_not_found",
         "webauthn_credential_exists", "webauthn_credential_not_found", "webauthn_verification_failed"}
    ),
    "single sign-on": frozenset(
        {"saml_assertion_no_email", "saml_assertion_no_user_id", "saml_entity_id_mismatch", "saml_idp_already_exists",
         "saml_idp_not_found", "saml_metadata_fetch_failed", "saml_provider_disabled", "saml_relay_state_expired",
         "saml_relay_state_not_found", "sso_domain_already_exists", "sso_provider_disabled", "sso_provider_not_found"}
    ),
    "Supabase as an OAuth server, and custom providers": frozenset(
        {"oauth_authorization_not_found", "oauth_client_not_found", "oauth_consent_not_found",
         "oauth_dynamic_client_registration_disabled", "custom_provider_not_found", "over_custom_provider_quota"}
    ),
    "Web3": frozenset({"web3_provider_disabled", "web3_unsupported_chain"}),
}  # fmt: skip

# PostgREST's own codes (https://docs.postgrest.org/en/stable/references/errors.html) that say something about the caller.
DATA_API: Final[Mapping[str, ErrorCode]] = {
    "PGRST301": ErrorCode.unauthorized,
    "PGRST302": ErrorCode.unauthorized,
    "PGRST303": ErrorCode.unauthorized,
    "PGRST000": ErrorCode.upstream_unavailable,
    "PGRST001": ErrorCode.upstream_unavailable,
    "PGRST002": ErrorCode.upstream_unavailable,
    "PGRST003": ErrorCode.upstream_timeout,
}

# What they say about the token is not heard where Auth is asked about the same token, for Auth is the one who knows. Where it
# vouches for a token that the data API refuses, the project has not told the data API of its new key: that signs nobody out.
_NOT_HEARD: Final = dict.fromkeys(("PGRST301", "PGRST302", "PGRST303"), ErrorCode.upstream_error)
# A function of a migration that was not applied, or whose rights were taken away since.
_NO_FUNCTION: Final = dict.fromkeys(("PGRST202", "42501"), ErrorCode.auth_sessions_unavailable)
DATA_API_BY_CALL: Final[Mapping[Call, Mapping[str, ErrorCode]]] = {
    Call.get_profile: _NOT_HEARD,
    Call.list_sessions: _NOT_HEARD | _NO_FUNCTION,
    Call.end_session: _NO_FUNCTION,
}

# What Supabase says that somebody should look at. It answers the reuse of a refresh token by ending the whole session.
SECURITY_EVENTS: Final[Mapping[str, str]] = {"refresh_token_already_used": "refresh_token_reuse"}
