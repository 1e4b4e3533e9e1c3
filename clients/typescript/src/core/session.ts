import {
  type Arrived,
  isSessionEnded,
  type LatchkeyErrorBody,
  type RefreshError,
  type RestoreError,
  type Result,
} from "../errors.ts";
import type { components } from "../schema.ts";
import type { Answer, CallError, Init, Method, PathsOf } from "./contract.ts";
import { orAborted, timed } from "./limit.ts";
import type { HeldSession, SignedOutReason, State, User } from "./state.ts";
import type { Tabs } from "./tabs.ts";
import type { InTurn } from "./turns.ts";
import type { Wire } from "./wire.ts";

type Schemas = components["schemas"];

export interface CallOptions {
  /** Aborting rejects the call with the signal's reason. A refresh that others wait for goes on. */
  signal?: AbortSignal | undefined;
}

/** A token is renewed this long before it expires, in milliseconds, or at half of its life when that is shorter. */
const RENEW_AHEAD = 30_000;

/** What the client knows without asking. */
export function unasked<Code extends string>(code: Code, message: string, status = 401) {
  return { code, message, details: {}, status };
}

type Unauthorized = Schemas["Unauthorized"] & Arrived;
type AsUserError<M extends Method, Path extends PathsOf<M>> = CallError<M, Path> | RefreshError | Unauthorized;

/** Services before 0.3 know nothing of second factors. */
type Opened = Pick<Schemas["Session"], "accessToken" | "expiresIn" | "user"> & Partial<Schemas["Session"]>;

export type Core = ReturnType<typeof createCore>;

/** What every capability is made of: requests, in turn where they write the cookie, and the session that they bring. */
export function createCore(wire: Wire, state: State, tabs: Tabs, inTurn: InTurn, timeout: number) {
  let refreshing: Promise<Result<User, RefreshError>> | undefined;

  /** Whatever a capability does goes through here, so that it ends in time. `limit` is for all that it waits for. */
  function operation<Data, Failure extends LatchkeyErrorBody>(
    { signal }: CallOptions,
    work: (limit: AbortSignal) => Promise<Result<Data, Failure>>,
  ) {
    tabs.listen();
    return timed(timeout, signal, work);
  }

  /**
   * Takes a session that the service has opened. `at`: when it was asked for. `passwordDue`: a recovery or an invitation did
   * it, whatever has to be done before.
   */
  function enter(opened: Opened, at: number, signedIn: boolean, passwordDue = false): HeldSession {
    const { accessToken, expiresIn, user, aal = "aal1", mfa = { required: false, factors: [] } } = opened;
    const lifetime = expiresIn * 1000;
    const expiresAt = Date.now() + lifetime;
    const renewAt = expiresAt - Math.min(RENEW_AHEAD, lifetime / 2);
    const before = state.session();
    const isDue =
      passwordDue || opened.next === "set_password" || (!signedIn && before?.user.id === user.id && before.passwordDue);
    const next = opened.next === "mfa" ? "mfa" : isDue ? "set_password" : null;
    return take({ token: accessToken, renewAt, expiresAt, user, aal, mfa, next, passwordDue: isDue }, at, signedIn);
  }

  function take(session: HeldSession, at: number, signedIn: boolean): HeldSession {
    if (state.hold(session, at, signedIn, false)) tabs.tell({ since: at, signedIn, session });
    return session;
  }

  /** The new password is set. */
  function passwordDone(): void {
    const session = state.session();
    if (!session?.passwordDue) return;
    const next = session.next === "set_password" ? null : session.next;
    take({ ...session, next, passwordDue: false }, state.begin(), false);
  }

  function leave(reason: SignedOutReason, at: number): void {
    // A tab that never had the session has no news for the others.
    const isNews = state.session() || reason === "signed_out";
    if (state.drop(reason, at, false) && isNews) tabs.tell({ since: at, session: null, reason });
  }

  /** To be called in turn. `asks`: whether the service may say beforehand that there is nothing to refresh. */
  async function refreshNow(limit: AbortSignal, asks: boolean): Promise<Result<User, RefreshError>> {
    const at = state.begin();
    const greeting = asks ? await wire.greet(limit) : undefined;
    if (greeting?.error) return greeting;
    const isNobody = greeting?.data?.session === "absent";
    if (isNobody) return ended("auth_refresh_missing", "Nobody is signed in", at);
    const first = await wire.send("POST", "/auth/refresh", {}, limit);
    // Another tab may have signed in somebody else in this moment; a second time it is the cookies that are wrong.
    const isConflict = first.error?.code === "auth_session_conflict";
    const { data, error } = isConflict ? await wire.send("POST", "/auth/refresh", {}, limit) : first;
    if (!error) return { data: enter(data, at, false).user };
    if (error.code === "auth_session_conflict") return ended("auth_refresh_invalid", error.message, at);
    if (isSessionEnded(error)) leave(error.code, at);
    return { error };
  }

  function ended(code: "auth_refresh_missing" | "auth_refresh_invalid", message: string, at: number) {
    leave(code, at);
    return { error: unasked(code, message) };
  }

  async function refreshInTurn(limit: AbortSignal, asks: boolean): Promise<Result<User, RefreshError>> {
    const before = state.session();
    return inTurn(limit, async (waited) => {
      if (waited && state.session() === before) await tabs.message();
      // Whoever was in front of us, in this tab or in another, has brought a token for all.
      const now = state.session();
      return now && now !== before && now.token ? { data: now.user } : refreshNow(limit, asks);
    });
  }

  function refresh({ signal }: CallOptions, asks = false): Promise<Result<User, RefreshError>> {
    refreshing ??= operation({}, (limit) => refreshInTurn(limit, asks))
      .then((result) => {
        if (result.error && !isSessionEnded(result.error)) state.doubt(result.error as RestoreError);
        return result;
      })
      .finally(() => {
        refreshing = undefined;
      });
    return operation({ signal }, (limit) => orAborted(refreshing as Promise<Result<User, RefreshError>>, limit));
  }

  async function accessToken(options: CallOptions = {}): Promise<Result<string | null, RefreshError>> {
    const session = state.session();
    if (session === null) return { data: null };
    if (session && Date.now() < session.renewAt) return { data: session.token };
    const { error } = await refresh(options, session === undefined);
    const now = state.session();
    // Renewed ahead of time: while that fails, the old one still serves.
    if (error && now && Date.now() < now.expiresAt) return { data: now.token };
    return tokenAfter(error);
  }

  async function renew(rejected: string, options: CallOptions = {}): Promise<Result<string | null, RefreshError>> {
    if (state.session()?.token !== rejected) return accessToken(options);
    const { error } = await refresh(options);
    return tokenAfter(error);
  }

  function tokenAfter(error: RefreshError | undefined): Result<string | null, RefreshError> {
    if (error && !isSessionEnded(error)) return { error };
    return { data: state.session()?.token || null };
  }

  async function withToken<M extends Method, Path extends PathsOf<M>>(
    method: M,
    path: Path,
    init: Init<M, Path>,
    limit: AbortSignal,
    tokenInsteadOf: (rejected?: string) => Promise<Result<string | null, RefreshError>>,
  ): Promise<Result<Answer<M, Path>, AsUserError<M, Path>>> {
    const held = await tokenInsteadOf();
    if (held.error) return held;
    if (held.data === null) return { error: unasked("unauthorized", "Nobody is signed in") };
    const first = await wire.send(method, path, { ...init, token: held.data }, limit);
    const refusal: LatchkeyErrorBody | undefined = first.error;
    if (refusal?.code !== "unauthorized") return first;
    const renewed = await tokenInsteadOf(held.data);
    if (renewed.error) return renewed;
    return renewed.data === null ? first : wire.send(method, path, { ...init, token: renewed.data }, limit);
  }

  /** Sends a request of the signed-in user. A rejected token is renewed, and the request repeated, once. */
  function asUser<M extends Method, Path extends PathsOf<M>>(
    method: M,
    path: Path,
    init: Init<M, Path>,
    options: CallOptions,
  ): Promise<Result<Answer<M, Path>, AsUserError<M, Path>>> {
    return operation<Answer<M, Path>, AsUserError<M, Path>>(options, (limit) =>
      withToken(method, path, init, limit, (rejected) =>
        rejected ? renew(rejected, { signal: limit }) : accessToken({ signal: limit }),
      ),
    );
  }

  /** The same, to be called in turn: for answers that write the cookie. */
  function asUserNow<M extends Method, Path extends PathsOf<M>>(
    method: M,
    path: Path,
    init: Init<M, Path>,
    limit: AbortSignal,
  ): Promise<Result<Answer<M, Path>, AsUserError<M, Path>>> {
    return withToken(method, path, init, limit, async (rejected) => {
      const session = state.session();
      if (session === null) return { data: null };
      if (session && session.token !== rejected && Date.now() < session.renewAt) return { data: session.token };
      return tokenAfter((await refreshNow(limit, session === undefined)).error);
    });
  }

  return {
    send: wire.send,
    operation,
    inTurn,
    state,
    enter,
    leave,
    passwordDone,
    refresh,
    refreshNow,
    accessToken,
    renew,
    asUser,
    asUserNow,
    timeout,
  };
}
