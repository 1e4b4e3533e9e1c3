// Generated from openapi/auth.yaml by `make generate`. Do not edit.

/** They say that there is no session any more. */
export const SESSION_ENDED = [
  "auth_refresh_missing",
  "auth_refresh_invalid",
  "auth_user_banned",
] as const;

/** The same request may succeed later. */
export const TEMPORARY = [
  "request_timeout",
  "rate_limited",
  "internal_error",
  "upstream_error",
  "upstream_unavailable",
  "upstream_timeout",
] as const;
