import { isTemporary, type LatchkeyErrorBody, type NetworkError, type Snapshot, type StepUpLostError } from "@latchkey/client";
import type { ReactNode } from "react";
import { Link } from "react-router";

export const FIELD_NAMES = ["email", "password", "currentPassword", "displayName", "code", "factorName", "confirm"] as const;

export type FieldName = (typeof FIELD_NAMES)[number];

/** An error in a reader's words, and where it belongs. */
export interface Problem {
  /** At the fields that it belongs to. */
  fields: Partial<Record<FieldName, ReactNode>>;
  /** Above the form, where it belongs to none. */
  notice?: string;
  /** Seconds until another try makes sense. */
  retryAfter?: number;
  /** Whether the same again may work later. */
  retry?: boolean;
}

export const FIELD_HELP: Record<FieldName, string> = {
  email: "Enter an address like ada@example.com.",
  password: "Use 8 to 72 characters.",
  currentPassword: "Enter your present password.",
  displayName: "Use up to 100 characters, on one line.",
  code: "Enter the digits of the code.",
  factorName: "Use up to 100 characters, on one line.",
  confirm: "Type it exactly.",
};

const FIELD_PATHS: Record<string, FieldName> = {
  "/email": "email",
  "/domain": "email",
  "/password": "password",
  "/newPassword": "password",
  "/currentPassword": "currentPassword",
  "/profile/displayName": "displayName",
  "/code": "code",
  "/nonce": "code",
  "/name": "factorName",
  "/confirm": "confirm",
};

const MOST_BYTES = 72;
const TOO_MANY_BYTES = "Too long: letters other than a to z count double or more.";

const PASSWORD_REASONS: Record<string, string> = {
  length: "Too short for this project. Choose a longer one.",
  characters: "Mix in capitals, digits and symbols.",
  pwned: "Known from a data breach. Choose another.",
};

export function passwordHelp(least: number): string {
  return `${Math.max(8, least)} to 72 characters.`;
}

/** What is wrong with a new password, before anybody is asked. It may have 72 bytes, and a character may be four of them. */
export function passwordProblem(password: string, least: number): Problem["fields"] {
  const isTooShort = password.length < Math.max(8, least);
  if (isTooShort || password.length > MOST_BYTES) return { password: `Use ${passwordHelp(least)}` };
  return new TextEncoder().encode(password).length > MOST_BYTES ? { password: TOO_MANY_BYTES } : {};
}

export function emailProblem(email: string): Problem["fields"] {
  return /^\S+@\S+$/.test(email) ? {} : { email: FIELD_HELP.email };
}

export function displayNameProblem(displayName: string): Problem["fields"] {
  return displayName.length <= 100 ? {} : { displayName: FIELD_HELP.displayName };
}

/** What the reader need not fear, or has to know: an outage signs nobody out, and a visitor was not signed in. */
const MEANWHILE: Record<Snapshot["status"], string> = {
  signedIn: " You stay signed in.",
  signedOut: "",
  unknown: " If you were signed in, you still are.",
};

/** What to tell the reader, who is signed in or not. Every code that Latchkey can answer has its case: one more would not compile. */
export function problemOf(error: LatchkeyErrorBody, status: Snapshot["status"]): Problem {
  const meanwhile = MEANWHILE[status];
  switch (error.code) {
    case "invalid_request":
      return invalid(error.details.errors.map(({ path }) => path));
    case "auth_invalid_credentials":
      return { fields: {}, notice: "That e-mail address and password do not match. Check both and try again." };
    case "auth_email_taken":
      return { fields: { email: status === "signedIn" ? "This address is taken." : <Taken /> } };
    case "auth_weak_password": {
      const reasons = error.details.reasons.flatMap((reason) => PASSWORD_REASONS[reason] ?? []);
      return { fields: { password: reasons.join(" ") || "Too easy to guess. Choose a longer one." } };
    }
    case "auth_email_not_confirmed":
      return { fields: { email: "Not confirmed. Follow the link in our mail." } };
    case "auth_user_banned":
      return { fields: {}, notice: "This account is blocked. Please get in touch with support." };
    case "auth_signup_disabled":
      return { fields: {}, notice: "New accounts cannot be created at the moment." };
    case "rate_limited":
      return { fields: {}, notice: "Too many attempts.", retryAfter: error.details.retryAfter };
    case "upstream_unavailable":
      return { fields: {}, notice: `The service is not available right now.${meanwhile}`, retry: true };
    case "upstream_error":
    case "upstream_timeout":
    case "request_timeout":
    case "unexpected_response":
      return { fields: {}, notice: `The service did not answer as it should.${meanwhile}`, retry: true };
    case "network_error":
      return { fields: {}, notice: `${NETWORK[error.details.reason]}${meanwhile}`, retry: true };
    case "internal_error":
      return { fields: {}, notice: `Something went wrong on our side (report ${error.details.requestId}).`, retry: true };
    case "csrf_failed":
      return { fields: {}, notice: "This page may not sign in here. Open the app at its own address and try again." };
    case "unauthorized":
    case "auth_refresh_missing":
    case "auth_refresh_invalid":
      return { fields: {}, notice: "Your session has ended. Please sign in again." };
    case "payload_too_large":
    case "unsupported_media_type":
      return { fields: {}, notice: "This app and the service do not understand each other. Reload the page and try again." };
    case "auth_captcha_required":
    case "auth_captcha_failed":
      return { fields: {}, notice: "The check that you are no robot did not pass. Please do it once more." };
    case "auth_code_invalid":
      return { fields: { code: "Wrong, used or too old. The newest mail counts." } };
    case "auth_address_required":
      return { fields: { email: "Type the address that the mail came to." } };
    case "auth_mfa_code_invalid":
      return { fields: { code: "Not this code. Apps show a new one every half minute." } };
    case "auth_mfa_required":
      return { fields: {}, notice: "This needs your second factor." };
    case "auth_mfa_disabled":
      return { fields: {}, notice: "Second factors are not available here." };
    case "step_up_lost":
      return { fields: {}, notice: LOST[error.details.session] };
    case "auth_factor_limit":
      return { fields: {}, notice: "You have as many as there can be. Remove one first." };
    case "auth_factor_name_taken":
      return { fields: { factorName: "You have one of this name. Choose another." } };
    case "auth_session_conflict":
      return { fields: {}, notice: "Somebody else is signed in in this browser. Reload the page." };
    case "auth_reauthentication_required":
      return { fields: {}, notice: "To be sure that it is you: sign out, sign in again, and do this within ten minutes." };
    case "auth_nonce_invalid":
      return { fields: { code: "Not this code. The newest mail counts." } };
    case "auth_current_password_invalid":
      return { fields: { currentPassword: "This is not your password." } };
    case "auth_same_password":
      return { fields: { password: "You have this one already. Choose another." } };
    case "auth_provider_disabled":
      return { fields: {}, notice: "This way to sign in is switched off. Please use another." };
    case "auth_provider_denied":
      return {
        fields: {},
        notice: `${status === "signedIn" ? "Nothing has changed" : "You are not signed in"}: the consent was not given. You can try again, or use another way.`,
      };
    case "auth_flow_invalid":
      return { fields: {}, notice: "This did not begin in this browser, or was used already. Please begin again." };
    case "auth_flow_expired":
      return {
        fields: {},
        notice: "That took too long. Please begin again. If a mail’s link led here, your address is confirmed: just sign in.",
      };
    case "auth_identity_taken":
      return { fields: {}, notice: "That account is linked already, here or to somebody else." };
    case "auth_last_identity":
      return { fields: {}, notice: "This is your last way to sign in. Link another one first." };
    case "auth_identity_conflict":
      return { fields: {}, notice: "Without it your address would be one that another account has." };
    case "auth_linking_disabled":
      return { fields: {}, notice: "Accounts cannot be linked or unlinked here." };
    case "auth_sso_domain_unknown":
      return { fields: { email: "We know no company with this address." } };
    case "auth_sso_managed":
      return { fields: {}, notice: "Your company manages this. Change it there." };
    case "auth_rejected":
      return { fields: {}, notice: error.details.explanation || "This is not allowed here." };
    case "auth_sessions_unavailable":
      return { fields: {}, notice: "Your devices cannot be listed here. You can sign all others out at once." };
    case "auth_deletion_disabled":
      return { fields: {}, notice: "Accounts cannot be deleted here. Please get in touch with support." };
    case "auth_confirmation_mismatch":
      return { fields: { confirm: "That is not your address." } };
    case "auth_data_in_use":
      return {
        fields: {},
        notice: "Something still belongs to this account. Nothing was deleted; please get in touch with support.",
      };
    case "not_found":
      return { fields: {}, notice: "That is gone already. Reload the page." };
    default: {
      // A service newer than this app may answer a code that it does not know; its status says whether to try again.
      const never: never = error;
      const unknown = never as LatchkeyErrorBody;
      return { fields: {}, notice: `Something went wrong (${unknown.code}).`, retry: isTemporary(unknown) };
    }
  }
}

const NETWORK: Record<NetworkError["details"]["reason"], string> = {
  offline: "You are offline.",
  timeout: "The service takes too long to answer.",
  unreachable: "We cannot reach the service. Check your connection.",
  // What the operator has to set stands in the console.
  origin: "This page may not use the service. Open the app at its own address, or tell whoever runs it.",
};

const LOST: Record<StepUpLostError["details"]["session"], string> = {
  kept: "We lost the answer. You are still signed in: wait for the next code, and enter that one.",
  ended: "We lost the answer, and your session with it. Please sign in again.",
  unknown: "We lost the answer. Wait for the next code, and try again.",
};

function Taken() {
  return (
    <>
      This address is taken. <Link to="/sign-in">Sign in instead?</Link>
    </>
  );
}

function invalid(paths: string[]): Problem {
  const names = paths.flatMap((path) => FIELD_PATHS[path] ?? []);
  if (names.length === 0) return { fields: {}, notice: "Something in this form is not right." };
  return { fields: Object.fromEntries(names.map((name) => [name, FIELD_HELP[name]])) };
}
