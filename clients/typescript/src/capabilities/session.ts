import type { CallOptions, Core } from "../core/session.ts";
import type { User } from "../core/state.ts";
import type { RefreshError, RestoreError, Result, SignInError, SignOutError } from "../errors.ts";
import type { components } from "../schema.ts";

type Schemas = components["schemas"];

export interface SignOutOptions extends CallOptions {
  /** Which sessions end: this browser's (`local`, the usual), the user's `others`, or all (`global`). */
  scope?: NonNullable<Schemas["LogoutRequest"]["scope"]> | undefined;
}

export interface Session {
  /**
   * Signs in, in every tab. What is left to do then stands in the snapshot's `next`. With `remember: false` the session ends
   * with the browser's.
   */
  signIn(body: Schemas["SignInRequest"], options?: CallOptions): Promise<Result<User, SignInError>>;

  /**
   * Signs out, in every tab. The access token is dropped whatever the answer is. With an error the session itself still
   * stands, since nobody could tell the service: say so, and offer to try again. With the scope `others` this session stays;
   * with it and with `global` an error means that nothing has ended, and the token is kept.
   */
  signOut(options?: SignOutOptions): Promise<Result<null, SignOutError>>;

  /** Finds out at start-up whether somebody is signed in. Null: nobody. An error: it cannot be known now, try again later. */
  restore(options?: CallOptions): Promise<Result<User | null, RestoreError>>;

  /**
   * Renews the access token. Callers at the same time share one request, in other tabs too. `restore`, `me`, `fetch` and
   * `accessToken` call it when it is needed.
   */
  refresh(options?: CallOptions): Promise<Result<User, RefreshError>>;
}

export function session({ operation, inTurn, send, asUser, asUserNow, state, enter, leave, refresh }: Core): Session {
  return {
    signIn: (body, options = {}) =>
      operation(options, (limit) =>
        inTurn(limit, async () => {
          const at = state.begin();
          const { data, error } = await send("POST", "/auth/signin", { body }, limit);
          return error ? { error } : { data: enter(data, at, true).user };
        }),
      ),

    async signOut({ scope = "local", ...options } = {}) {
      if (scope === "others") {
        const { error } = await asUser("POST", "/auth/logout", { body: { scope }, mayBeEmpty: true }, options);
        return error ? { error } : { data: null };
      }
      return operation<null, SignOutError>(options, (limit) =>
        inTurn(limit, async () => {
          const at = state.begin();
          const { error } = scope === "global" ? await endAll(limit) : await endThis(limit);
          if (error) return { error };
          // A token may have been renewed for it.
          leave("signed_out", scope === "global" ? state.begin() : at);
          return { data: null };
        }),
      );
    },

    async restore(options = {}) {
      const { data, error } = await refresh(options, state.session() === undefined);
      if (!error) return { data };
      return error.code === "auth_refresh_missing" || error.code === "auth_refresh_invalid" ? { data: null } : { error };
    },

    refresh: (options = {}) => refresh(options),
  };

  function endAll(limit: AbortSignal) {
    return asUserNow("POST", "/auth/logout", { body: { scope: "global" }, mayBeEmpty: true }, limit);
  }

  function endThis(limit: AbortSignal) {
    const token = state.session()?.token;
    state.forgetToken();
    return send("POST", "/auth/logout", { token, mayBeEmpty: true }, limit);
  }
}
