import type { CallOptions, Core } from "../core/session.ts";
import type { User } from "../core/state.ts";
import type { RefreshError, RestoreError, Result, SignInError, SignOutError } from "../errors.ts";
import type { components } from "../schema.ts";

export interface Session {
  /** Signs in, in every tab. */
  signIn(body: components["schemas"]["SignInRequest"], options?: CallOptions): Promise<Result<User, SignInError>>;

  /**
   * Signs out, in every tab. The access token is dropped whatever the answer is. With an error the session itself still
   * stands, since nobody could tell the service: say so, and offer to try again.
   */
  signOut(options?: CallOptions): Promise<Result<null, SignOutError>>;

  /** Finds out at start-up whether somebody is signed in. Null: nobody. An error: it cannot be known now, try again later. */
  restore(options?: CallOptions): Promise<Result<User | null, RestoreError>>;

  /**
   * Renews the access token. Callers at the same time share one request, in other tabs too. `restore`, `me`, `fetch` and
   * `accessToken` call it when it is needed.
   */
  refresh(options?: CallOptions): Promise<Result<User, RefreshError>>;
}

export function session({ operation, inTurn, send, state, enter, leave, refresh }: Core): Session {
  return {
    signIn: (body, options = {}) =>
      operation(options, (limit) =>
        inTurn(limit, async () => {
          const at = state.begin();
          const { data, error } = await send("POST", "/auth/signin", { body }, limit);
          return error ? { error } : { data: enter(data, at, true) };
        }),
      ),

    signOut: (options = {}) =>
      operation(options, (limit) =>
        inTurn(limit, async () => {
          const at = state.begin();
          const token = state.session()?.token;
          state.forgetToken();
          const { error } = await send("POST", "/auth/logout", { token, mayBeEmpty: true }, limit);
          if (error) return { error };
          leave("signed_out", at);
          return { data: null };
        }),
      ),

    async restore(options = {}) {
      const { data, error } = await refresh(options, state.session() === undefined);
      if (!error) return { data };
      return error.code === "auth_refresh_missing" || error.code === "auth_refresh_invalid" ? { data: null } : { error };
    },

    refresh: (options = {}) => refresh(options),
  };
}
