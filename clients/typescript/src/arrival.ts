import { keptFlow } from "./core/flow.ts";
import type { CompleteOAuthError, VerifyError } from "./errors.ts";
import type { components } from "./schema.ts";

type Schemas = components["schemas"];

/** What a mail's link or a provider brought to this page. */
export type Arrival =
  /** A mail's link: show a button, and hand `request` to `verify` on the click. Mail scanners load pages too. */
  | { kind: "link"; request: LinkRequest }
  /** A code or a refusal, of a provider or of a mail with Supabase's own template: hand `request` to `completeOAuth`, once. */
  | { kind: "return"; request: Schemas["CompleteOauthRequest"] }
  /** A refusal that no flow can be found for. */
  | { kind: "refused"; error: CompleteOAuthError | VerifyError }
  /** A code without its flow, which nobody can use: the project's redirect URLs lack the page that it was meant for. */
  | { kind: "astray"; message: string }
  /** The first of two addresses has confirmed a change (Supabase's own template). */
  | { kind: "confirm_other_address" };

type LinkRequest = Schemas["VerifyRequest"] & { tokenHash: string };

/** What Supabase puts into URLs. Whatever came of it leaves the address bar. */
const OURS = [
  "flow",
  "token_hash",
  "type",
  "code",
  "error",
  "error_code",
  "error_description",
  "message",
  "sb",
  "access_token",
  "refresh_token",
  "expires_in",
  "expires_at",
  "token_type",
  "provider_token",
  "provider_refresh_token",
];

const TYPES: readonly string[] = ["signup", "invite", "magiclink", "recovery", "email_change", "email"];

const LACKS =
  "Supabase led to this page instead of the one that was asked for: add it, as https://your.app/account/**, to the project's " +
  "redirect URLs (Authentication, URL Configuration)";

/**
 * Reads what brought the browser to this page, from query and fragment, and clears the address bar of it. Null: nothing of
 * this kind. Call it once, when the page loads, before a router reads the URL: on `/account/confirm`, `/account/return`, and
 * on the front page, where Supabase leads when it has lost the address.
 */
export function readArrival(): Arrival | null {
  const { location, history } = globalThis;
  const url = new URL(location.href);
  const fragment = new URLSearchParams(url.hash.slice(1));
  const given = (name: string) => fragment.get(name) || url.searchParams.get(name) || undefined;
  const arrival = arrivalOf(given);
  if (!arrival) return null;
  const before = url.hash;
  for (const name of OURS) {
    url.searchParams.delete(name);
    fragment.delete(name);
  }
  url.hash = before.includes("=") ? fragment.toString() : before;
  history.replaceState(history.state, "", url);
  return arrival;
}

function arrivalOf(given: (name: string) => string | undefined): Arrival | null {
  const [flow, code, error, tokenHash, type = ""] = ["flow", "code", "error", "token_hash", "type"].map(given);
  if (tokenHash && TYPES.includes(type)) {
    return { kind: "link", request: { type: type as LinkRequest["type"], tokenHash, ...(flow ? { flow } : {}) } };
  }
  if (error) return refusal(flow ?? keptFlow(), error, given("error_code"));
  if (code || given("access_token")) {
    const known = flow ?? keptFlow();
    if (!flow) console.error(`Latchkey: ${LACKS}`);
    return code && known ? { kind: "return", request: { flow: known, code } } : { kind: "astray", message: LACKS };
  }
  if (tokenHash) return { kind: "refused", error: bare("auth_code_invalid", 410, "The link is not complete") };
  return given("message") ? { kind: "confirm_other_address" } : null;
}

function refusal(flow: string | undefined, error: string, errorCode: string | undefined): Arrival {
  if (!flow) return { kind: "refused", error: refusalOf(error, errorCode) };
  const request = { flow, error: printable(error), ...(errorCode ? { errorCode: printable(errorCode) } : {}) };
  return { kind: "return", request };
}

/** What the service takes; what these say is for machines. */
function printable(text: string): string {
  return text.replaceAll(/[^ -~]/g, "?").slice(0, 200);
}

/** What `completeOAuth` would answer, where it cannot be asked for lack of a flow. */
function refusalOf(error: string, errorCode = ""): CompleteOAuthError | VerifyError {
  switch (errorCode) {
    case "otp_expired":
      return bare("auth_code_invalid", 410, "The link is not valid any more");
    case "signup_disabled":
    case "email_address_not_authorized":
      return bare("auth_signup_disabled", 403, "Sign-up is disabled");
    case "user_banned":
      return bare("auth_user_banned", 403, "This user is banned");
    case "provider_email_needs_verification":
    case "email_not_confirmed":
      return bare("auth_email_not_confirmed", 403, "The e-mail address is not confirmed yet");
    case "email_exists":
    case "user_already_exists":
      return bare("auth_email_taken", 409, "This e-mail address is taken");
    case "identity_already_exists":
      return bare("auth_identity_taken", 409, "This identity is linked already");
    case "oauth_provider_not_supported":
    case "provider_disabled":
    case "saml_provider_disabled":
    case "sso_provider_disabled":
    case "sso_provider_not_found":
      return bare("auth_provider_disabled", 403, "This way to sign in is switched off");
    case "over_email_send_rate_limit":
    case "over_request_rate_limit":
      return { code: "rate_limited", message: "Too many requests", details: { retryAfter: 60 }, status: 429 };
    case "unknown":
      return { code: "auth_rejected", message: "The project refuses this", details: { explanation: "" }, status: 403 };
  }
  if (/_expired$/.test(errorCode)) return bare("auth_flow_expired", 410, "This flow is too old");
  if (/state|callback|user_not_found/.test(errorCode)) return bare("auth_flow_invalid", 400, "This flow is not valid here");
  if (error === "server_error" && !errorCode) return bare("upstream_error", 502, "Supabase answered unexpectedly");
  return bare("auth_provider_denied", 403, "The provider refused");
}

function bare<Code extends string>(code: Code, status: number, message: string) {
  return { code, message, details: {}, status };
}
