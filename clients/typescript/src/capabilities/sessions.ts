import type { CallOptions, Core } from "../core/session.ts";
import type { EndSessionError, Result, SessionsError } from "../errors.ts";
import type { components } from "../schema.ts";

type Schemas = components["schemas"];

export interface Sessions {
  /** The devices that the user is signed in on; this one is marked as `current`. */
  sessions(options?: CallOptions): Promise<Result<Schemas["ListedSession"][], SessionsError>>;

  /** Signs a device out. With the present session's id it signs out here, in every tab. */
  endSession(sessionId: string, options?: CallOptions): Promise<Result<null, EndSessionError>>;
}

export function sessions({ operation, inTurn, state, asUser, asUserNow, leave }: Core): Sessions {
  return {
    async sessions(options = {}) {
      const { data, error } = await asUser("GET", "/auth/sessions", {}, options);
      return error ? { error } : { data: data.sessions };
    },

    endSession: (sessionId, options = {}) =>
      operation<null, EndSessionError>(options, (limit) =>
        inTurn(limit, async () => {
          const path = { sessionId };
          const { error } = await asUserNow("DELETE", "/auth/sessions/{sessionId}", { path, mayBeEmpty: true }, limit);
          if (error) return { error };
          if (sessionIdOf(state.session()?.token) === sessionId) leave("signed_out", state.begin());
          return { data: null };
        }),
      ),
  };
}

/** Which session an access token is of. What it says is believed only to know whether this tab has signed itself out. */
function sessionIdOf(token = ""): unknown {
  try {
    const [, payload = ""] = token.split(".");
    return JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")))["session_id"];
  } catch {
    return undefined;
  }
}
