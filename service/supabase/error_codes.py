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
    # Links and codes of mails.
    "otp_expired": ErrorCode.auth_code_invalid,
    "otp_disabled": ErrorCode.auth_signup_disabled,
    # Changing password or address.
    "same_password": ErrorCode.auth_same_password,
    "current_password_required": ErrorCode.auth_reauthentication_required,
    "current_password_invalid": ErrorCode.auth_current_password_invalid,
    "reauthentication_needed": ErrorCode.auth_reauthentication_required,
    "reauthentication_not_valid": ErrorCode.auth_nonce_invalid,
    "user_sso_managed": ErrorCode.auth_sso_managed,
    # Providers, the company's own directory, and the codes that they lead back with.
    "provider_disabled": ErrorCode.auth_provider_disabled,
    "oauth_provider_not_supported": ErrorCode.auth_provider_disabled,
    "saml_provider_disabled": ErrorCode.auth_provider_disabled,
    "sso_provider_disabled": ErrorCode.auth_provider_disabled,
    "sso_provider_not_found": ErrorCode.auth_sso_domain_unknown,
    "bad_code_verifier": ErrorCode.auth_flow_invalid,
    "flow_state_not_found": ErrorCode.auth_flow_invalid,
    "flow_state_already_used": ErrorCode.auth_flow_invalid,
    "flow_state_expired": ErrorCode.auth_flow_expired,
    # Identities.
    "manual_linking_disabled": ErrorCode.auth_linking_disabled,
    "identity_not_found": ErrorCode.not_found,
    "single_identity_not_deletable": ErrorCode.auth_last_identity,
    "email_conflict_identity_not_deletable": ErrorCode.auth_identity_conflict,
}

# Whatever is wrong with a link or a code, there is one thing to do about it.
_NO_SUCH_CODE: Final = {
    "validation_failed": ErrorCode.auth_code_invalid,
    "user_not_found": ErrorCode.auth_code_invalid,
}

_KEY_NOT_TOLD: Final = dict.fromkeys(("PGRST301", "PGRST302", "PGRST303"), ErrorCode.upstream_error)

# The data API, about a function of a migration that was not applied, or whose rights were taken away since.
_NO_FUNCTION: Final = {"PGRST202": ErrorCode.auth_sessions_unavailable, "42501": ErrorCode.auth_sessions_unavailable}

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
    Call.verify_link: _NO_SUCH_CODE,
    # Supabase looks for a ban before it looks at the code. Who guesses one is not told whose account it is.
    Call.verify_code: {**_NO_SUCH_CODE, "user_banned": ErrorCode.auth_code_invalid},
    # Auth is asked about the same token, and is the one who knows. Where it vouches for a token that the data API refuses, the
    # project has not told the data API of its new key: that must sign nobody out.
    Call.get_profile: _KEY_NOT_TOLD,
    Call.update_profile: _KEY_NOT_TOLD,
    Call.list_sessions: {**_NO_FUNCTION, **_KEY_NOT_TOLD},
    Call.end_session: {**_NO_FUNCTION, **_KEY_NOT_TOLD},
    # All that can be wrong with these is the provider's name.
    Call.try_provider: {"validation_failed": ErrorCode.auth_provider_disabled},
    Call.link_identity: {"validation_failed": ErrorCode.auth_provider_disabled},
    Call.exchange_code: {
        "bad_json": ErrorCode.auth_flow_invalid,
        "validation_failed": ErrorCode.auth_flow_invalid,
        "user_not_found": ErrorCode.auth_flow_invalid,
    },
    Call.unlink_identity: {"validation_failed": ErrorCode.not_found},
}

# What a provider's or a mail's way back is refused with, in the URL. That a provider knows no address, or does not take its own
# code again, is `unexpected_failure` there, as is most that goes wrong between Supabase and a provider.
RETURNED: Final[Mapping[str, ErrorCode]] = {
    "signup_disabled": ErrorCode.auth_signup_disabled,
    "user_banned": ErrorCode.auth_user_banned,
    "provider_email_needs_verification": ErrorCode.auth_email_not_confirmed,
    "email_not_confirmed": ErrorCode.auth_email_not_confirmed,
    "email_address_not_authorized": ErrorCode.auth_signup_disabled,
    "email_exists": ErrorCode.auth_email_taken,
    "user_already_exists": ErrorCode.auth_email_taken,
    "identity_already_exists": ErrorCode.auth_identity_taken,
    "oauth_provider_not_supported": ErrorCode.auth_provider_disabled,
    "provider_disabled": ErrorCode.auth_provider_disabled,
    "saml_provider_disabled": ErrorCode.auth_provider_disabled,
    "sso_provider_disabled": ErrorCode.auth_provider_disabled,
    "sso_provider_not_found": ErrorCode.auth_provider_disabled,
    "unknown": ErrorCode.auth_rejected,
    "bad_oauth_state": ErrorCode.auth_flow_invalid,
    "bad_oauth_callback": ErrorCode.auth_flow_invalid,
    "oauth_invalid_state": ErrorCode.auth_flow_invalid,
    "oauth_client_state_not_found": ErrorCode.auth_flow_invalid,
    "flow_state_not_found": ErrorCode.auth_flow_invalid,
    "flow_state_already_used": ErrorCode.auth_flow_invalid,
    "saml_relay_state_not_found": ErrorCode.auth_flow_invalid,
    "user_not_found": ErrorCode.auth_flow_invalid,
    "oauth_client_state_expired": ErrorCode.auth_flow_expired,
    "flow_state_expired": ErrorCode.auth_flow_expired,
    "saml_relay_state_expired": ErrorCode.auth_flow_expired,
    "otp_expired": ErrorCode.auth_flow_expired,
    "over_email_send_rate_limit": ErrorCode.rate_limited,
    "over_request_rate_limit": ErrorCode.rate_limited,
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
    "phones": frozenset({"phone_exists", "phone_not_confirmed", "phone_provider_disabled", "sms_send_failed"}),
    "what comes back in a URL": frozenset(
        {"provider_email_needs_verification", "bad_oauth_callback", "bad_oauth_state", "oauth_client_state_expired",
         "oauth_client_state_not_found", "oauth_invalid_state", "identity_already_exists", "saml_relay_state_expired",
         "saml_relay_state_not_found", "saml_assertion_no_email", "saml_assertion_no_user_id", "saml_entity_id_mismatch"}
    ),
    "special features": frozenset({"feature_disabled"}),
    "second factors other than authenticator apps": frozenset(
        {"mfa_phone_enroll_not_enabled", "mfa_verified_factor_exists", "mfa_webauthn_enroll_not_enabled"}
    ),
    "passkeys": frozenset(
        {"passkey_disabled", "too_many_passkeys", "webauthn_challenge_expired", "webauthn_challenge_not_found",
         "webauthn_credential_exists", "webauthn_credential_not_found", "webauthn_verification_failed"}
    ),
    "administration of single sign-on": frozenset(
        {"saml_idp_already_exists", "saml_idp_not_found", "saml_metadata_fetch_failed", "sso_domain_already_exists"}
    ),
    "Supabase as an OAuth server, and custom providers": frozenset(
        {"oauth_authorization_not_found", "oauth_client_not_found", "oauth_consent_not_found",
         "oauth_dynamic_client_registration_disabled", "custom_provider_not_found", "over_custom_provider_quota"}
    ),
    "Web3": frozenset({"web3_provider_disabled", "web3_unsupported_chain"}),
}  # fmt: skip

RAISED: Final = "P0001"  # PostgreSQL: a trigger of the project raised an exception, in its own words

# PostgREST's own codes (https://docs.postgrest.org/en/stable/references/errors.html) that say something about the caller.
DATA_API: Final[Mapping[str, ErrorCode]] = {
    "PGRST301": ErrorCode.unauthorized,
    "PGRST302": ErrorCode.unauthorized,
    "PGRST303": ErrorCode.unauthorized,
    "42501": ErrorCode.auth_rejected,  # PostgreSQL: a policy, or no right to the table
    RAISED: ErrorCode.auth_rejected,
    "PGRST000": ErrorCode.upstream_unavailable,
    "PGRST001": ErrorCode.upstream_unavailable,
    "PGRST002": ErrorCode.upstream_unavailable,
    "PGRST003": ErrorCode.upstream_timeout,
}

# How Supabase wants to be shown that it is still the user.
PROOFS: Final[Mapping[str, str]] = {"current_password_required": "current_password", "reauthentication_needed": "nonce"}

# What Supabase says that somebody should look at. It answers the reuse of a refresh token by ending the whole session.
SECURITY_EVENTS: Final[Mapping[str, str]] = {"refresh_token_already_used": "refresh_token_reuse"}
