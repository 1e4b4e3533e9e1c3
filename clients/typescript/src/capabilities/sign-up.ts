import type { CallOptions, Core } from "../core/session.ts";
import type { User } from "../core/state.ts";
import type { Result, SignUpError } from "../errors.ts";
import type { components } from "../schema.ts";

export interface SignedUp {
  user: User;
  /** The project opened a session at once, and it is held: nothing is left to do. */
  signedIn: boolean;
  /** The user has to follow the link in the mailbox first. Where neither is true, the account is there: ask to sign in. */
  confirmationRequired: boolean;
}

export interface SignUp {
  /** Creates an account, and signs in where the project opens a session at once. */
  signUp(body: components["schemas"]["SignUpRequest"], options?: CallOptions): Promise<Result<SignedUp, SignUpError>>;
}

/** Services before 0.3 leave it to a refresh to find out. */
type Told = components["schemas"]["SignUpResult"];
type Answer = Omit<Told, "confirmationRequired"> & Partial<Pick<Told, "confirmationRequired">>;

export function signUp({ operation, inTurn, send, refreshNow }: Core): SignUp {
  return {
    signUp: (body, options = {}) =>
      operation<SignedUp, SignUpError>(options, (limit) =>
        inTurn(limit, async () => {
          const { data, error } = await send("POST", "/auth/signup", { body }, limit);
          if (error) return { error };
          const { user, confirmationRequired }: Answer = data;
          if (confirmationRequired) return { data: { user, signedIn: false, confirmationRequired } };
          const opened = await refreshNow(limit, false);
          // The cookie may be that of somebody else, who was signed in before.
          const signedIn = opened.data?.id === user.id;
          const isNobodys = !signedIn && (!opened.error || opened.error.code === "auth_refresh_missing");
          return { data: { user, signedIn, confirmationRequired: confirmationRequired ?? isNobodys } };
        }),
      ),
  };
}
