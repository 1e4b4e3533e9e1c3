import type { CallOptions, Core } from "../core/session.ts";
import type { Next, User } from "../core/state.ts";
import type { ResendError, Result, SendOtpError, VerifyError } from "../errors.ts";
import type { components } from "../schema.ts";

type Schemas = components["schemas"];

/**
 * Signed in, and what to do first. Or a step of a change of address that signed nobody in: `confirm_other_address` (the other
 * mailbox has a mail too) or `sign_in` (the address is changed, and signs in from now on).
 */
export type Verified = { user: User; next: Next | null } | { user: null; next: Schemas["EmailChangePending"]["next"] };

export interface Mail {
  /**
   * Uses the link or the code of a mail, on a click of the user's, and signs in, in every tab. `readArrival` makes the request
   * out of the page's URL. On 403 `auth_address_required` ask for the address that the mail came to, and repeat it with that
   * as `email`.
   */
  verify(body: Schemas["VerifyRequest"], options?: CallOptions): Promise<Result<Verified, VerifyError>>;

  /** Sends the mail of a sign-up or of a change of address again. Succeeds whether there is such an account or not. */
  resend(body: Schemas["ResendRequest"], options?: CallOptions): Promise<Result<null, ResendError>>;

  /** Mails a link and a code to sign in without a password. Succeeds whether there is such an account or not. */
  sendOtp(body: Schemas["OtpRequest"], options?: CallOptions): Promise<Result<null, SendOtpError>>;
}

/** After these a new password is due, also where a second factor has to come first. */
const BRINGS_PASSWORD: readonly Schemas["VerifyRequest"]["type"][] = ["recovery", "invite"];

export function mail({ operation, inTurn, send, state, enter }: Core): Mail {
  return {
    verify: (body, options = {}) =>
      operation<Verified, VerifyError>(options, (limit) =>
        inTurn(limit, async () => {
          const at = state.begin();
          const { data, error } = await send("POST", "/auth/verify", { body }, limit);
          if (error) return { error };
          if ("session" in data) return { data: { user: null, next: data.next } };
          const { user, next } = enter(data, at, true, BRINGS_PASSWORD.includes(body.type));
          return { data: { user, next } };
        }),
      ),

    resend: (body, options = {}) =>
      operation<null, ResendError>(options, async (limit) => {
        const { error } = await send("POST", "/auth/verify/resend", { body, mayBeEmpty: true }, limit);
        return error ? { error } : { data: null };
      }),

    sendOtp: (body, options = {}) =>
      operation<null, SendOtpError>(options, async (limit) => {
        const { error } = await send("POST", "/auth/otp", { body, mayBeEmpty: true }, limit);
        return error ? { error } : { data: null };
      }),
  };
}
