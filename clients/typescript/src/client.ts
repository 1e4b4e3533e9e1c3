import createClient, { type Client } from "openapi-fetch";
import {
  isSessionEnded,
  LatchkeyError,
  type LatchkeyErrorBody,
  type MeError,
  type OperationError,
  type RefreshError,
  type RestoreError,
  type Result,
  type SignInError,
  type SignOutError,
  type SignUpError,
  type TransportError,
} from "./errors.ts";
import type { components, paths } from "./schema.ts";
import { type HeldSession, type SignedOutReason, type TabMessage, Tabs, type User } from "./tabs.ts";
import { exchange, orAborted } from "./transport.ts";

type Schemas = components["schemas"];

export interface LatchkeyOptions {
  /** Where the service answers, without a slash at the end. By default the page's own origin. */
  baseUrl?: string;
  /** Origins besides the service's and the page's that may receive the access token: `["https://api.example.com"]`. */
  tokenOrigins?: readonly string[];
  /** Seconds that one operation may take, its CSRF token and its repetition included. */
  timeout?: number;
  /** Replaces `globalThis.fetch`. */
  fetch?: (request: Request) => Promise<Response>;
}

export interface CallOptions {
  /** Aborting rejects the call with the signal's reason. A refresh that others wait for goes on. */
  signal?: AbortSignal | undefined;
}

export interface LatchkeyEvents {
  /** Somebody signed in, or a reload found the session again. `elsewhere`: in another tab. */
  signedIn: { user: User; elsewhere: boolean };
  /** The access token was renewed. */
  refreshed: { user: User; elsewhere: boolean };
  /** Nobody is signed in any more. `signed_out` is the user's wish, every other reason the service's word. */
  signedOut: { reason: SignedOutReason; elsewhere: boolean };
}

type Listener<Name extends keyof LatchkeyEvents> = (event: LatchkeyEvents[Name]) => void;
type Listeners = { [Name in keyof LatchkeyEvents]: Set<Listener<Name>> };

/** A token is renewed this long before it expires, in milliseconds, or at half of its life when that is shorter. */
const RENEW_AHEAD = 30_000;

/**
 * One app's connection to a Latchkey service. Make one for each page and share it.
 *
 * The access token lives in this object only: in no storage, in no URL. The refresh token is in a cookie that no script sees.
 * Operations never throw for what the service answers; they return `{ data }` or `{ error }`, and `error.code` says which.
 */
export class Latchkey {
  readonly #api: Client<paths>;
  readonly #fetch: (request: Request) => Promise<Response>;
  readonly #timeout: number;
  readonly #tabs: Tabs;
  readonly #tokenOrigins: ReadonlySet<string>;
  readonly #listeners: Listeners = { signedIn: new Set(), refreshed: new Set(), signedOut: new Set() };
  /** Undefined until it is known whether anybody is signed in, null when nobody is. */
  #session: HeldSession | null | undefined;
  #csrfToken: string | undefined;
  #refresh: Promise<Result<User, RefreshError>> | undefined;

  constructor({ baseUrl = "", tokenOrigins = [], timeout = 30, fetch }: LatchkeyOptions = {}) {
    this.#fetch = fetch ?? ((request) => globalThis.fetch(request));
    this.#timeout = timeout * 1000;
    this.#api = createClient<paths>({ baseUrl, credentials: "include", fetch: this.#fetch });
    const page = globalThis.location?.href;
    const service = new URL(baseUrl || "/", page);
    this.#tokenOrigins = new Set([service.origin, ...(page ? [new URL(page).origin] : []), ...tokenOrigins]);
    this.#tabs = new Tabs(`latchkey:${service.href}`, (message) => this.#hear(message));
  }

  /** The signed-in user; null when there is none, or when it is not known yet (see `restore`). */
  get user(): User | null {
    return this.#session?.user ?? null;
  }

  /** Calls `listener` on each such event, in whichever tab it happened. Returns what stops that. */
  on<Name extends keyof LatchkeyEvents>(name: Name, listener: Listener<Name>): () => void {
    this.#listeners[name].add(listener);
    return () => this.#listeners[name].delete(listener);
  }

  /** Leaves the other tabs' conversation. For tests and for apps that make several clients. */
  close(): void {
    this.#tabs.close();
  }

  /**
   * Creates an account. Call `restore` next: where the project opens a session at once, that signs in; where it gives
   * null, the user has to confirm the e-mail address first.
   */
  signUp(body: Schemas["SignUpRequest"], { signal }: CallOptions = {}): Promise<Result<User, SignUpError>> {
    return this.#tabs.inTurn(async () => {
      const { data, error } = await this.#post((init) => this.#api.POST("/auth/signup", { ...init, body }), signal);
      if (error) return { error };
      // There may be a session now; the next token request finds out.
      if (this.#session === null) this.#session = undefined;
      return { data: data.user };
    }, signal);
  }

  /** Signs in, in every tab. */
  signIn(body: Schemas["SignInRequest"], { signal }: CallOptions = {}): Promise<Result<User, SignInError>> {
    return this.#tabs.inTurn(async () => {
      const { data, error } = await this.#post((init) => this.#api.POST("/auth/signin", { ...init, body }), signal);
      return error ? { error } : { data: this.#enter(data, true) };
    }, signal);
  }

  /** Finds out at start-up whether somebody is signed in. Null: nobody. An error: it cannot be known now, try again later. */
  async restore(options: CallOptions = {}): Promise<Result<User | null, RestoreError>> {
    const { data, error } = await this.refresh(options);
    if (!error) return { data };
    return error.code === "auth_refresh_missing" || error.code === "auth_refresh_invalid" ? { data: null } : { error };
  }

  /**
   * Renews the access token. Callers at the same time share one request, in other tabs too. `restore`, `me`, `fetch` and
   * `accessToken` call it when it is needed.
   */
  refresh({ signal }: CallOptions = {}): Promise<Result<User, RefreshError>> {
    this.#refresh ??= this.#refreshInTurn().finally(() => {
      this.#refresh = undefined;
    });
    return orAborted(this.#refresh, signal);
  }

  /** The signed-in user with the profile. A rejected token is renewed, and the request repeated, once. */
  async me({ signal }: CallOptions = {}): Promise<Result<Schemas["UserWithProfile"], MeError>> {
    const read = (token: string | null) =>
      exchange<Schemas["Me"], OperationError<"getMe">>(
        () => this.#api.GET("/auth/me", { headers: bearer(token), signal: this.#limit(signal) }),
        signal,
      );
    const held = await this.accessToken({ signal });
    if (held.error) return held;
    let result = await read(held.data);
    if (held.data && result.error?.code === "unauthorized") {
      const renewed = await this.renew(held.data, { signal });
      if (renewed.error) return renewed;
      if (renewed.data) result = await read(renewed.data);
    }
    return result.error ? { error: result.error } : { data: result.data.user };
  }

  /**
   * Signs out, in every tab. The access token is dropped whatever the answer is. With an error the session itself still
   * stands, since nobody could tell the service: say so, and offer to try again.
   */
  signOut({ signal }: CallOptions = {}): Promise<Result<null, SignOutError>> {
    return this.#tabs.inTurn(async () => {
      const token = this.#session?.token ?? null;
      if (this.#session) this.#session = { ...this.#session, token: "", renewAt: 0, expiresAt: 0 };
      const { error } = await this.#post(
        (init) => this.#api.POST("/auth/logout", { ...init, headers: { ...init.headers, ...bearer(token) } }),
        signal,
      );
      if (error) return { error };
      this.#leave("signed_out");
      return { data: null };
    }, signal);
  }

  /** An access token that is good for now, renewed where needed; null when nobody is signed in. For interceptors. */
  async accessToken(options: CallOptions = {}): Promise<Result<string | null, RefreshError>> {
    if (this.#session === null) return { data: null };
    if (this.#session && Date.now() < this.#session.renewAt) return { data: this.#session.token };
    const { error } = await this.refresh(options);
    // Renewed ahead of time: while that fails, the old one still serves.
    if (error && this.#session && Date.now() < this.#session.expiresAt) return { data: this.#session.token };
    return this.#tokenAfter(error);
  }

  /** A token in place of one that a server rejected with 401; null when the session has ended. For interceptors. */
  async renew(rejected: string, options: CallOptions = {}): Promise<Result<string | null, RefreshError>> {
    if (this.#session?.token !== rejected) return this.accessToken(options);
    const { error } = await this.refresh(options);
    return this.#tokenAfter(error);
  }

  /** Whether the access token may travel to this URL: the service's origin, the page's, or one of `tokenOrigins`. */
  maySendTokenTo(url: string): boolean {
    return this.#tokenOrigins.has(new URL(url, globalThis.location?.href).origin);
  }

  /**
   * `fetch` for your own API, with the access token. On 401 the token is renewed and the request repeated, once. Throws
   * a `LatchkeyError` when the token cannot be renewed now, and a TypeError for a URL that must not see the token.
   */
  async fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const request = new Request(input, init);
    if (!this.maySendTokenTo(request.url)) throw new TypeError(`${new URL(request.url).origin} is not one of tokenOrigins`);
    const { signal } = request;
    const token = orThrow(await this.accessToken({ signal }));
    const response = await this.#fetch(withBearer(request.clone(), token));
    if (response.status !== 401 || !token) return response;
    const renewed = orThrow(await this.renew(token, { signal }));
    return renewed ? this.#fetch(withBearer(request, renewed)) : response;
  }

  async #refreshInTurn(): Promise<Result<User, RefreshError>> {
    const before = this.#session;
    return this.#tabs.inTurn(async (waited) => {
      if (waited && this.#session === before) await this.#tabs.message();
      // Whoever was in front of us, in this tab or in another, has brought a token for all.
      if (this.#session && this.#session !== before && this.#session.token) return { data: this.#session.user };
      const { data, error } = await this.#post((init) => this.#api.POST("/auth/refresh", init));
      if (!error) return { data: this.#enter(data, false) };
      if (isSessionEnded(error)) this.#leave(error.code);
      return { error };
    });
  }

  /** Sends a POST with a CSRF token. A token that is not accepted is replaced, and the request repeated, once. */
  async #post<Data, Failure extends LatchkeyErrorBody>(
    send: (init: { headers: Record<string, string>; signal: AbortSignal }) => Promise<{
      data?: Data;
      error?: Failure;
      response: Response;
    }>,
    signal?: AbortSignal,
  ): Promise<Result<Data, Failure | OperationError<"getCsrfToken"> | TransportError>> {
    const limit = this.#limit(signal);
    const attempt = async () => {
      if (!this.#csrfToken) {
        const { data, error } = await exchange<Schemas["CsrfTokenResult"], OperationError<"getCsrfToken">>(
          () => this.#api.GET("/auth/csrf", { signal: limit }),
          signal,
        );
        if (error) return { error };
        this.#csrfToken = data.csrfToken;
      }
      const headers = { "X-CSRF-Token": this.#csrfToken };
      return exchange<Data, Failure>(() => send({ headers, signal: limit }), signal);
    };
    const first = await attempt();
    // With the reason "origin" no token will do: the service does not know this page.
    if (first.error?.code !== "csrf_failed" || first.error.details.reason === "origin") return first;
    this.#csrfToken = undefined;
    return attempt();
  }

  #limit(signal: AbortSignal | undefined): AbortSignal {
    const limit = AbortSignal.timeout(this.#timeout);
    return signal ? AbortSignal.any([signal, limit]) : limit;
  }

  #tokenAfter(error: RefreshError | undefined): Result<string | null, RefreshError> {
    if (error && !isSessionEnded(error)) return { error };
    return { data: this.#session?.token || null };
  }

  #enter(answer: Schemas["Session"], signedIn: boolean): User {
    const lifetime = answer.expiresIn * 1000;
    const expiresAt = Date.now() + lifetime;
    const session: HeldSession = {
      token: answer.accessToken,
      renewAt: expiresAt - Math.min(RENEW_AHEAD, lifetime / 2),
      expiresAt,
      user: answer.user,
    };
    this.#tabs.tell({ signedIn, session });
    return this.#hold(session, signedIn, false);
  }

  #hold(session: HeldSession, signedIn: boolean, elsewhere: boolean): User {
    const { user } = session;
    const another = this.#session?.user.id !== user.id;
    this.#session = session;
    this.#emit(signedIn || another ? "signedIn" : "refreshed", { user, elsewhere });
    return user;
  }

  #leave(reason: SignedOutReason): void {
    // A tab that never had the session has no news for the others.
    if (this.#session || reason === "signed_out") this.#tabs.tell({ session: null, reason });
    this.#drop(reason, false);
  }

  #drop(reason: SignedOutReason, elsewhere: boolean): void {
    const had = this.#session;
    this.#session = null;
    if (had) this.#emit("signedOut", { reason, elsewhere });
  }

  #hear(message: TabMessage): void {
    if (message.session) this.#hold(message.session, message.signedIn, true);
    else this.#drop(message.reason, true);
  }

  #emit<Name extends keyof LatchkeyEvents>(name: Name, event: LatchkeyEvents[Name]): void {
    for (const listener of [...this.#listeners[name]]) listener(event);
  }
}

function bearer(token: string | null): Record<string, string> {
  return token ? { Authorization: `Bearer ${token}` } : {};
}

function withBearer(request: Request, token: string | null): Request {
  if (token) request.headers.set("Authorization", `Bearer ${token}`);
  return request;
}

function orThrow(result: Result<string | null, RefreshError>): string | null {
  if (result.error) throw new LatchkeyError(result.error);
  return result.data;
}
