/** What the types promise. Nothing here runs: the compiler is the test. */
import type { FailureOf, SuccessOf } from "../src/errors.ts";
import type { Latchkey, SignInError } from "../src/index.ts";

/** Every code that sign-in can fail with has its case; one more or one less does not compile. */
export function explain(error: SignInError): string {
  switch (error.code) {
    case "invalid_request":
      return error.details.errors.map(({ path, message }) => `${path} ${message}`).join();
    case "auth_captcha_required":
    case "auth_captcha_failed":
    case "auth_invalid_credentials":
    case "auth_email_not_confirmed":
    case "auth_user_banned":
    case "auth_provider_disabled":
    case "payload_too_large":
    case "unsupported_media_type":
    case "request_timeout":
    case "upstream_error":
    case "upstream_timeout":
    case "network_error":
      return error.message;
    case "csrf_failed":
      return error.details.reason;
    case "auth_rejected":
      return error.details.explanation;
    case "rate_limited":
    case "upstream_unavailable":
      return `again in ${error.details.retryAfter} s`;
    case "internal_error":
      return error.details.requestId;
    case "unexpected_response":
      return String(error.details.status);
    default: {
      const forgotten: never = error;
      return forgotten;
    }
  }
}

export function forgets(error: SignInError): void {
  if (error.code === "auth_invalid_credentials") return;
  // @ts-expect-error the other codes are left over
  const _: never = error;
}

export async function narrows(latchkey: Latchkey): Promise<void> {
  const { data, error } = await latchkey.signIn({ email: "", password: "" });
  if (error) {
    // @ts-expect-error sign-in never answers this code
    if (error.code === "auth_email_taken") return;
    // @ts-expect-error there is no data beside an error
    data.id;
  } else {
    data.id satisfies string;
  }
  // @ts-expect-error the contract wants a password
  await latchkey.signIn({ email: "" });
  const restored = await latchkey.restore();
  // @ts-expect-error at start-up it is no error that nobody is signed in
  if (restored.error?.code === "auth_refresh_missing") return;
}

/** What the client makes of an operation whose success is none of the usual 200. */
type Deletion = {
  responses: { 204: { content?: never }; 404: { content: { "application/json": { code: "not_found" } } } };
};
type Creation = {
  responses: {
    201: { content: { "application/json": { id: string } } };
    202: { content?: never };
    409: { content: { "application/json": { code: "conflict" } } };
  };
};

export function succeeds(deleted: SuccessOf<Deletion>, created: SuccessOf<Creation>): void {
  deleted satisfies null;
  created satisfies { id: string } | null;
}

export function fails(undeleted: FailureOf<Deletion>, uncreated: FailureOf<Creation>): void {
  undeleted.code satisfies "not_found";
  uncreated.code satisfies "conflict";
}

export function tells(latchkey: Latchkey): string {
  const session = latchkey.getSnapshot();
  switch (session.status) {
    case "unknown":
      return session.error?.code ?? "";
    case "signedOut":
      return session.reason ?? "";
    case "signedIn":
      session.next satisfies "mfa" | "set_password" | null;
      return session.user.email;
    default:
      return session satisfies never;
  }
}
