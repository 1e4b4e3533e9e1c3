"""Every error code that the service ever answers, with its HTTP status and its message.

Generated from openapi/auth.yaml by `make generate`. Do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple


class ErrorCode(StrEnum):
    """What went wrong. Stable; front ends switch on it."""

    invalid_request = "invalid_request"
    auth_captcha_required = "auth_captcha_required"
    auth_captcha_failed = "auth_captcha_failed"
    unauthorized = "unauthorized"
    auth_invalid_credentials = "auth_invalid_credentials"
    auth_refresh_missing = "auth_refresh_missing"
    auth_refresh_invalid = "auth_refresh_invalid"
    csrf_failed = "csrf_failed"
    auth_email_not_confirmed = "auth_email_not_confirmed"
    auth_user_banned = "auth_user_banned"
    auth_signup_disabled = "auth_signup_disabled"
    auth_provider_disabled = "auth_provider_disabled"
    auth_rejected = "auth_rejected"
    auth_mfa_required = "auth_mfa_required"
    auth_reauthentication_required = "auth_reauthentication_required"
    not_found = "not_found"
    method_not_allowed = "method_not_allowed"
    request_timeout = "request_timeout"
    auth_email_taken = "auth_email_taken"
    auth_session_conflict = "auth_session_conflict"
    payload_too_large = "payload_too_large"
    unsupported_media_type = "unsupported_media_type"
    auth_weak_password = "auth_weak_password"
    rate_limited = "rate_limited"
    headers_too_large = "headers_too_large"
    internal_error = "internal_error"
    upstream_error = "upstream_error"
    upstream_unavailable = "upstream_unavailable"
    upstream_timeout = "upstream_timeout"
    auth_address_required = "auth_address_required"
    auth_sso_managed = "auth_sso_managed"
    auth_code_invalid = "auth_code_invalid"
    auth_same_password = "auth_same_password"
    auth_nonce_invalid = "auth_nonce_invalid"
    auth_current_password_invalid = "auth_current_password_invalid"
    auth_flow_invalid = "auth_flow_invalid"
    auth_provider_denied = "auth_provider_denied"
    auth_linking_disabled = "auth_linking_disabled"
    auth_identity_taken = "auth_identity_taken"
    auth_last_identity = "auth_last_identity"
    auth_identity_conflict = "auth_identity_conflict"
    auth_flow_expired = "auth_flow_expired"
    auth_sso_domain_unknown = "auth_sso_domain_unknown"
    auth_mfa_disabled = "auth_mfa_disabled"
    auth_sessions_unavailable = "auth_sessions_unavailable"
    auth_deletion_disabled = "auth_deletion_disabled"
    auth_factor_name_taken = "auth_factor_name_taken"
    auth_data_in_use = "auth_data_in_use"
    auth_mfa_code_invalid = "auth_mfa_code_invalid"
    auth_factor_limit = "auth_factor_limit"
    auth_confirmation_mismatch = "auth_confirmation_mismatch"


class Meaning(NamedTuple):
    """What a code stands for: its HTTP status and its message."""

    status: int
    message: str


MEANINGS: Final[Mapping[ErrorCode, Meaning]] = {
    ErrorCode.invalid_request: Meaning(400, "The request does not match the API contract"),
    ErrorCode.auth_captcha_required: Meaning(400, "A captcha token is required"),
    ErrorCode.auth_captcha_failed: Meaning(400, "The captcha was not passed"),
    ErrorCode.unauthorized: Meaning(401, "Missing or invalid token"),
    ErrorCode.auth_invalid_credentials: Meaning(401, "Invalid email or password"),
    ErrorCode.auth_refresh_missing: Meaning(401, "No refresh token was sent"),
    ErrorCode.auth_refresh_invalid: Meaning(401, "The session has ended"),
    ErrorCode.csrf_failed: Meaning(403, "The CSRF token is missing or not valid"),
    ErrorCode.auth_email_not_confirmed: Meaning(403, "The e-mail address is not confirmed yet"),
    ErrorCode.auth_user_banned: Meaning(403, "This user is banned"),
    ErrorCode.auth_signup_disabled: Meaning(403, "Sign-up is disabled"),
    ErrorCode.auth_provider_disabled: Meaning(403, "This way to sign in is switched off"),
    ErrorCode.auth_rejected: Meaning(403, "The project refuses this"),
    ErrorCode.auth_mfa_required: Meaning(403, "A second factor is required"),
    ErrorCode.auth_reauthentication_required: Meaning(403, "It has to be shown that this is still the user"),
    ErrorCode.not_found: Meaning(404, "There is nothing at this path"),
    ErrorCode.method_not_allowed: Meaning(405, "This path does not have this method"),
    ErrorCode.request_timeout: Meaning(408, "The request took too long to arrive"),
    ErrorCode.auth_email_taken: Meaning(409, "This e-mail address is taken"),
    ErrorCode.auth_session_conflict: Meaning(409, "This browser has another user's session"),
    ErrorCode.payload_too_large: Meaning(413, "The request body is too large"),
    ErrorCode.unsupported_media_type: Meaning(415, "The request body must be application/json"),
    ErrorCode.auth_weak_password: Meaning(422, "The password is too weak"),
    ErrorCode.rate_limited: Meaning(429, "Too many requests"),
    ErrorCode.headers_too_large: Meaning(431, "The request's head is too large"),
    ErrorCode.internal_error: Meaning(500, "Internal error"),
    ErrorCode.upstream_error: Meaning(502, "Supabase answered unexpectedly"),
    ErrorCode.upstream_unavailable: Meaning(503, "Supabase is unavailable"),
    ErrorCode.upstream_timeout: Meaning(504, "Supabase did not answer in time"),
    ErrorCode.auth_address_required: Meaning(403, "The address that the mail came to is required"),
    ErrorCode.auth_sso_managed: Meaning(403, "The company's own directory manages this account"),
    ErrorCode.auth_code_invalid: Meaning(410, "The link or the code is not valid any more"),
    ErrorCode.auth_same_password: Meaning(422, "The new password is the present one"),
    ErrorCode.auth_nonce_invalid: Meaning(422, "The code is not valid"),
    ErrorCode.auth_current_password_invalid: Meaning(422, "The present password is wrong"),
    ErrorCode.auth_flow_invalid: Meaning(400, "This flow is not valid here"),
    ErrorCode.auth_provider_denied: Meaning(403, "The provider refused"),
    ErrorCode.auth_linking_disabled: Meaning(403, "Linking accounts is switched off"),
    ErrorCode.auth_identity_taken: Meaning(409, "This identity is linked already"),
    ErrorCode.auth_last_identity: Meaning(409, "This is the last way to sign in"),
    ErrorCode.auth_identity_conflict: Meaning(409, "Another account has this identity's address"),
    ErrorCode.auth_flow_expired: Meaning(410, "This flow is too old"),
    ErrorCode.auth_sso_domain_unknown: Meaning(422, "No directory for this domain"),
    ErrorCode.auth_mfa_disabled: Meaning(403, "A second factor is switched off"),
    ErrorCode.auth_sessions_unavailable: Meaning(403, "Sessions cannot be listed here"),
    ErrorCode.auth_deletion_disabled: Meaning(403, "Deleting accounts is switched off"),
    ErrorCode.auth_factor_name_taken: Meaning(409, "Another factor has this name"),
    ErrorCode.auth_data_in_use: Meaning(409, "Data of this user is in use"),
    ErrorCode.auth_mfa_code_invalid: Meaning(422, "The code is not valid"),
    ErrorCode.auth_factor_limit: Meaning(422, "The user has too many factors"),
    ErrorCode.auth_confirmation_mismatch: Meaning(422, "That is not the account's address"),
}
