import { orAborted, timed } from "../core/limit.ts";
import { type CallOptions, type Core, unasked } from "../core/session.ts";
import type { Next, User } from "../core/state.ts";
import {
  type EnrollError,
  type FactorsError,
  isSessionEnded,
  type LatchkeyErrorBody,
  type Result,
  type StepUpError,
  type StepUpLostError,
  type UnenrollError,
} from "../errors.ts";
import type { components } from "../schema.ts";

type Schemas = components["schemas"];

export interface SteppedUp {
  user: User;
  /** What is left to do: the new password of a recovery. */
  next: Next | null;
}

export interface Mfa {
  mfa: {
    /** The user's factors, those that were never verified among them. */
    factors(options?: CallOptions): Promise<Result<Schemas["ListedFactor"][], FactorsError>>;

    /** Begins to set up an authenticator app: show `totp.qrSvg` as an image, and `verify` the code that the app shows. */
    enroll(
      body: Omit<Schemas["EnrollFactorRequest"], "type">,
      options?: CallOptions,
    ): Promise<Result<Schemas["FactorEnrollment"], EnrollError>>;

    /**
     * Gives a factor's code: raises this session to aal2, or makes an enrolled factor count. Then repeat what was refused with
     * `auth_mfa_required`. Meanwhile no tab refreshes, and a request whose answer was lost is not repeated: the client, which
     * has refreshed just before, asks at once what came of it. Where that is not the wish, the error is `step_up_lost`.
     * Aborting stops the wait, not the request.
     */
    verify(body: Schemas["VerifyFactorRequest"], options?: CallOptions): Promise<Result<SteppedUp, StepUpError>>;

    /** Deletes a factor. The session may be at aal1 afterwards. */
    unenroll(factorId: string, options?: CallOptions): Promise<Result<null, UnenrollError>>;
  };
}

/**
 * How long the answer is waited for, in milliseconds, or half of the time where that is less: so that what came of it is found out
 * while the cookie from before is good, which is ten seconds as projects come.
 */
const LONGEST = 9_000;

/** With these the session may not be what it was. */
const UNSETTLING: readonly string[] = ["auth_session_conflict", "auth_rejected"];

export function mfa({ operation, inTurn, state, enter, refresh, refreshNow, asUser, asUserNow, timeout }: Core): Mfa {
  async function stepUp(body: Schemas["VerifyFactorRequest"], limit: AbortSignal): Promise<Result<SteppedUp, StepUpError>> {
    const before = state.session();
    if (before !== null) {
      // The cookie from before a step-up is good afterwards only for seconds from the last refresh on. Where the answer is
      // lost, this is what keeps the session.
      const { data: user, error } = await refreshNow(limit, before === undefined);
      if (error && !isSessionEnded(error)) return { error };
      if (before && user && user.id !== before.user.id) {
        return { error: unasked("auth_session_conflict", "Somebody else is signed in in this browser", 409) };
      }
    }
    const longest = Math.min(timeout / 2, LONGEST);
    const { data, error } = await timed(longest, limit, (end) => asUserNow("POST", "/auth/mfa/verify", { body }, end));
    if (data) return { data: enter(data, state.begin(), false) };
    if (isLost(error)) return afterwards(limit);
    if (error.status >= 500) {
      // Supabase may have done it all the same. Where it has not, this is an outage like any other.
      const { data, error: lost } = await afterwards(limit);
      if (data) return { data };
      return { error: lost.details.session === "ended" ? lost : error };
    }
    if (UNSETTLING.includes(error.code)) await refreshNow(limit, false);
    return { error };
  }

  /** What came of a step-up whose answer was lost. */
  async function afterwards(limit: AbortSignal): Promise<Result<SteppedUp, StepUpLostError>> {
    const { error } = await refreshNow(limit, false);
    const now = state.session();
    if (!error && now?.aal === "aal2") return { data: now };
    return { error: lost(!error ? "kept" : isSessionEnded(error) ? "ended" : "unknown") };
  }

  return {
    mfa: {
      async factors(options = {}) {
        const { data, error } = await asUser("GET", "/auth/mfa/factors", {}, options);
        return error ? { error } : { data: data.factors };
      },

      enroll: (body, options = {}) => asUser("POST", "/auth/mfa/factors", { body: { ...body, type: "totp" } }, options),

      verify({ factorId, code }, options = {}) {
        const done = operation<SteppedUp, StepUpError>({}, (limit) =>
          inTurn(limit, () => stepUp({ factorId, code }, limit), true),
        );
        return operation<SteppedUp, StepUpError>(options, async (limit) => {
          const { data, error } = await orAborted(done, limit);
          return error ? { error } : { data: { user: data.user, next: data.next } };
        });
      },

      async unenroll(factorId, options = {}) {
        const { error } = await asUser(
          "DELETE",
          "/auth/mfa/factors/{factorId}",
          { path: { factorId }, mayBeEmpty: true },
          options,
        );
        if (error) return { error };
        await refresh(options);
        return { data: null };
      },
    },
  };
}

/** Whether the service may have done it all the same. */
function isLost({ code, status }: LatchkeyErrorBody): boolean {
  return code === "network_error" || code === "unexpected_response" || code === "upstream_timeout" || status === 504;
}

function lost(session: StepUpLostError["details"]["session"]): StepUpLostError {
  const message = "The answer to the second factor's code was lost";
  return { code: "step_up_lost", message, details: { session }, status: 0 };
}
