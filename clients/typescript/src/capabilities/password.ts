import type { CallOptions, Core } from "../core/session.ts";
import type { ReauthenticateError, RecoverPasswordError, Result, SetPasswordError } from "../errors.ts";
import type { components } from "../schema.ts";

type Schemas = components["schemas"];

export interface Password {
  /** Mails a link and a code that lead to a new password. Succeeds whether there is such an account or not. */
  recoverPassword(body: Schemas["RecoverRequest"], options?: CallOptions): Promise<Result<null, RecoverPasswordError>>;

  /**
   * Sets a new password and ends the user's other sessions. On 403 `auth_reauthentication_required` repeat it with the
   * `currentPassword`, or with the `nonce` that `reauthenticate` mails.
   */
  setPassword(body: Schemas["PasswordRequest"], options?: CallOptions): Promise<Result<null, SetPasswordError>>;

  /** Mails the code that `setPassword` may ask for. */
  reauthenticate(options?: CallOptions): Promise<Result<null, ReauthenticateError>>;
}

export function password({ operation, send, asUser, passwordDone }: Core): Password {
  return {
    recoverPassword: (body, options = {}) =>
      operation<null, RecoverPasswordError>(options, async (limit) => {
        const { error } = await send("POST", "/auth/password/recover", { body, mayBeEmpty: true }, limit);
        return error ? { error } : { data: null };
      }),

    async setPassword(body, options = {}) {
      const { error } = await asUser("PUT", "/auth/password", { body, mayBeEmpty: true }, options);
      if (error) return { error };
      passwordDone();
      return { data: null };
    },

    async reauthenticate(options = {}) {
      const { error } = await asUser("POST", "/auth/reauthenticate", { mayBeEmpty: true }, options);
      return error ? { error } : { data: null };
    },
  };
}
