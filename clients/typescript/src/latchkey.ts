import { type Account, account } from "./capabilities/account.ts";
import { type Config, config } from "./capabilities/config.ts";
import { type Deletion, deletion } from "./capabilities/deletion.ts";
import { type Email, email } from "./capabilities/email.ts";
import { type Identities, identities } from "./capabilities/identities.ts";
import { type Mail, mail } from "./capabilities/mail.ts";
import { type Mfa, mfa } from "./capabilities/mfa.ts";
import { type OAuth, oauth } from "./capabilities/oauth.ts";
import { type OwnApi, ownApi } from "./capabilities/own-api.ts";
import { type Password, password } from "./capabilities/password.ts";
import { type Session, session } from "./capabilities/session.ts";
import { type Sessions, sessions } from "./capabilities/sessions.ts";
import { type SignUp, signUp } from "./capabilities/sign-up.ts";
import { createCore } from "./core/session.ts";
import { createState, type LatchkeyEvents, type Listener, type Snapshot, type User } from "./core/state.ts";
import { type Surroundings, surroundings } from "./core/surroundings.ts";
import { createTabs } from "./core/tabs.ts";
import { createTurns } from "./core/turns.ts";
import { createWire } from "./core/wire.ts";

export interface LatchkeyOptions {
  /** Where the service answers: a URL, or a path on the page's own origin. By default the page's own origin. */
  baseUrl?: string;
  /** Origins besides the service's and the page's that may receive the access token: `["https://api.example.com"]`. */
  tokenOrigins?: readonly string[];
  /** Seconds that one operation may take, its CSRF token, its turn among tabs and its repetition included. */
  timeout?: number;
  /** Replaces `globalThis.fetch`. */
  fetch?: (request: Request) => Promise<Response>;
}

interface Watch {
  /** The signed-in user; null when there is none, or when it is not known yet (see `restore`). */
  readonly user: User | null;

  /** Who is signed in, as far as it is known. The same object until that changes, and never changed itself. */
  getSnapshot(): Snapshot;

  /** Calls `listener` with the present snapshot, at once, and with each later one. Returns what stops that. */
  subscribe(listener: (snapshot: Snapshot) => void): () => void;

  /** Calls `listener` on each such event, in whichever tab it happened. Returns what stops that. */
  on<Name extends keyof LatchkeyEvents>(name: Name, listener: Listener<Name>): () => void;

  /** Leaves the other tabs' conversation. For tests and for apps that make several clients. */
  close(): void;
}

/**
 * One person's connection to a Latchkey service. On a page make one and share it: tabs keep each other informed. On a server
 * make one for each request: nothing is shared there.
 *
 * Nothing happens before it is used. The access token lives in this object only: in no storage, in no URL. The refresh token
 * is in a cookie that no script sees. Operations never throw for what the service answers; they return `{ data }` or
 * `{ error }`, and `error.code` says which. Every method may be taken off the object and handed on.
 */
export interface Latchkey
  extends Watch,
    Session,
    SignUp,
    Account,
    Config,
    Mail,
    Password,
    Email,
    OAuth,
    Identities,
    Mfa,
    Sessions,
    Deletion,
    OwnApi {}

/** The object has no private field, which a Proxy around it could not reach: what is private is in closures. */
class Client {
  declare readonly getSnapshot: () => Snapshot;

  constructor(options: LatchkeyOptions = {}, around: () => Surroundings = surroundings) {
    Object.assign(this, methods(options, around));
  }

  get user(): User | null {
    return this.getSnapshot().user;
  }
}

function methods(
  { baseUrl = "", tokenOrigins = [], timeout = 30, fetch }: LatchkeyOptions,
  around: () => Surroundings,
): Omit<Latchkey, "user"> {
  const base = () => absolute(baseUrl);
  const send = fetch ?? ((request: Request) => globalThis.fetch(request));
  const state = createState();
  const tabs = createTabs(
    () => `latchkey/2:${base()}`,
    () => around().Channel,
    (message) => {
      if (message.session) state.hold(message.session, message.since, message.signedIn, true);
      else state.drop(message.reason, message.since, true);
    },
  );
  const inTurn = createTurns(
    () => `latchkey:${base()}`,
    () => around().locks,
    timeout * 1000,
  );
  const core = createCore(createWire(base, send, timeout * 1000), state, tabs, inTurn, timeout * 1000);
  return {
    getSnapshot: state.getSnapshot,
    subscribe: (listener) => {
      tabs.listen();
      return state.subscribe(listener);
    },
    on: (name, listener) => {
      tabs.listen();
      return state.on(name, listener);
    },
    close: tabs.close,
    ...session(core),
    ...signUp(core),
    ...account(core),
    ...config(core),
    ...mail(core),
    ...password(core),
    ...email(core),
    ...oauth(core),
    ...identities(core),
    ...mfa(core),
    ...sessions(core),
    ...deletion(core),
    ...ownApi(core, base, tokenOrigins, send),
  };
}

/** The URL of the service, without a slash at the end. Worked out for each request: a server knows of no page. */
function absolute(baseUrl: string): string {
  try {
    return new URL(baseUrl || "/", globalThis.location?.href).href.replace(/\/+$/, "");
  } catch {
    const given = baseUrl ? `${JSON.stringify(baseUrl)} is no absolute URL` : "is not given";
    throw new TypeError(`The baseUrl of Latchkey ${given}, and there is no page here that it could be relative to`);
  }
}

export const Latchkey = Client as new (options?: LatchkeyOptions) => Latchkey;

/** With surroundings of one's own, for tests: what the tabs of one browser share. */
export const LatchkeyAmong = Client as new (options: LatchkeyOptions, around: () => Surroundings) => Latchkey;
