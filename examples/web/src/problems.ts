import type { LatchkeyErrorBody } from "@latchkey/client";

export type FieldName = "email" | "password" | "displayName";

/** An error in a reader's words, and where it belongs. */
export interface Problem {
  /** At the fields that it belongs to. */
  fields: Partial<Record<FieldName, string>>;
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
  displayName: "Use up to 100 characters, on one line.",
};

const FIELD_PATHS: Record<string, FieldName> = {
  "/email": "email",
  "/password": "password",
  "/profile/displayName": "displayName",
};

const PASSWORD_REASONS: Record<string, string> = {
  length: "Use 8 to 72 characters.",
  characters: "Mix in capitals, digits and symbols.",
  pwned: "Known from a data breach. Choose another.",
};

/** What to tell the reader. Every code that Latchkey can answer has its case: one more would not compile. */
export function problemOf(error: LatchkeyErrorBody): Problem {
  switch (error.code) {
    case "invalid_request":
      return invalid(error.details.errors.map(({ path }) => path));
    case "auth_invalid_credentials":
      return { fields: {}, notice: "That e-mail address and password do not match. Check both and try again." };
    case "auth_email_taken":
      return { fields: { email: "This address is taken. Sign in instead?" } };
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
      return { fields: {}, notice: "The service is not available right now. You stay signed in.", retry: true };
    case "upstream_error":
    case "upstream_timeout":
    case "request_timeout":
    case "unexpected_response":
      return { fields: {}, notice: "The service did not answer as it should. You stay signed in.", retry: true };
    case "network_error":
      return { fields: {}, notice: "We cannot reach the service. Check your connection; you stay signed in.", retry: true };
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
    default: {
      // A service newer than this app may answer a code that it does not know.
      const unknown: never = error;
      return { fields: {}, notice: `Something went wrong (${(unknown as LatchkeyErrorBody).code}).`, retry: true };
    }
  }
}

function invalid(paths: string[]): Problem {
  const names = paths.flatMap((path) => FIELD_PATHS[path] ?? []);
  if (names.length === 0) return { fields: {}, notice: "Something in this form is not right." };
  return { fields: Object.fromEntries(names.map((name) => [name, FIELD_HELP[name]])) };
}
