import type { RestoreError, SessionEndedCode } from "../errors.ts";
import type { components } from "../schema.ts";

type Schemas = components["schemas"];

export type User = Schemas["User"];

/** What the signed-in user has to do first. */
export type Next = "mfa" | "set_password";

/** A session as a tab holds it, in memory. The times are in milliseconds since 1970. */
export interface HeldSession {
  token: string;
  /** From here on it is renewed before it is used. */
  renewAt: number;
  expiresAt: number;
  user: User;
  aal: string;
  mfa: Schemas["MfaState"];
  next: Next | null;
  /** A recovery or an invitation brought the user here: what is due after a second factor, too. */
  passwordDue: boolean;
}

export type SignedOutReason = "signed_out" | "account_deleted" | SessionEndedCode;

/**
 * What is known about who is signed in. `unknown`: until it was asked; `error` says why it could not be found out.
 * `signedOut`: `reason` says how that came about, null when nobody was signed in; `elsewhere`: in another tab.
 * `signedIn`: `next` is what the user has to do first, `mfa` (a code of one of `mfa.factors`) or `set_password`; `aal` is
 * `aal2` once a second factor was given.
 */
export type Snapshot =
  | { readonly status: "unknown"; readonly user: null; readonly error: RestoreError | null }
  | {
      readonly status: "signedOut";
      readonly user: null;
      readonly reason: SignedOutReason | null;
      readonly elsewhere: boolean;
    }
  | {
      readonly status: "signedIn";
      readonly user: Readonly<User>;
      readonly aal: string;
      readonly mfa: Readonly<Schemas["MfaState"]>;
      readonly next: Next | null;
    };

export interface LatchkeyEvents {
  /** Somebody signed in, or a reload found the session again. `elsewhere`: in another tab. */
  signedIn: { user: User; elsewhere: boolean };
  /** The access token was renewed. */
  refreshed: { user: User; elsewhere: boolean };
  /** Nobody is signed in any more. `signed_out` and `account_deleted` are the user's wish, the others the service's word. */
  signedOut: { reason: SignedOutReason; elsewhere: boolean };
}

export type Listener<Name extends keyof LatchkeyEvents> = (event: LatchkeyEvents[Name]) => void;

/** What a server renders, and what a page begins with. */
export const UNKNOWN: Snapshot = Object.freeze({ status: "unknown", user: null, error: null });

export type State = ReturnType<typeof createState>;

/** Who is signed in, and who wants to know. A listener that throws keeps nothing from the others. */
export function createState() {
  let held: HeldSession | null | undefined;
  let since = 0;
  let snapshot: Snapshot = UNKNOWN;
  const subscribers = new Set<(snapshot: Snapshot) => void>();
  const listeners: { [Name in keyof LatchkeyEvents]: Set<Listener<Name>> } = {
    signedIn: new Set(),
    refreshed: new Set(),
    signedOut: new Set(),
  };

  /** The same object as long as nothing has changed: frameworks compare by identity. */
  function show(next: Snapshot): void {
    if (JSON.stringify(next) === JSON.stringify(snapshot)) return;
    snapshot = Object.freeze(next);
    for (const subscriber of [...subscribers]) isolated(() => subscriber(snapshot));
  }

  function emit<Name extends keyof LatchkeyEvents>(name: Name, event: LatchkeyEvents[Name]): void {
    for (const listener of [...listeners[name]]) isolated(() => listener(event));
  }

  return {
    /** Undefined until it is known whether anybody is signed in, null when nobody is. */
    session: () => held,
    getSnapshot: () => snapshot,

    subscribe(subscriber: (snapshot: Snapshot) => void): () => void {
      // Wrapped, so that one function can subscribe twice and each can stop by itself.
      const own = (present: Snapshot) => subscriber(present);
      subscribers.add(own);
      isolated(() => own(snapshot));
      return () => void subscribers.delete(own);
    },

    on<Name extends keyof LatchkeyEvents>(name: Name, listener: Listener<Name>): () => void {
      const own: Listener<Name> = (event) => listener(event);
      listeners[name].add(own);
      return () => void listeners[name].delete(own);
    },

    /**
     * The time of a request, to order what it brings among what other tabs say: never before what is known already, even when
     * the clock is set back. A tab that stood still with its answer in hand comes too late with it.
     */
    begin: () => Math.max(Date.now(), since + 1),

    /** Returns false when something newer is known. */
    hold(session: HeldSession, at: number, signedIn: boolean, elsewhere: boolean): boolean {
      if (at < since) return false;
      since = at;
      const user = Object.freeze(session.user);
      const another = held?.user.id !== user.id;
      held = session;
      const { aal, mfa, next } = session;
      show({ status: "signedIn", user, aal, mfa: Object.freeze(mfa), next });
      emit(signedIn || another ? "signedIn" : "refreshed", { user, elsewhere });
      return true;
    },

    /** Returns false when something newer is known. */
    drop(reason: SignedOutReason, at: number, elsewhere: boolean): boolean {
      if (at < since) return false;
      since = at;
      const had = held;
      held = null;
      if (had || snapshot.status === "unknown") {
        const news = had || reason !== "auth_refresh_missing" ? reason : null;
        show({ status: "signedOut", user: null, reason: news, elsewhere });
      }
      if (had) emit("signedOut", { reason, elsewhere });
      return true;
    },

    /** Keeps who is signed in, without the token. */
    forgetToken(): void {
      if (held) held = { ...held, token: "", renewAt: 0, expiresAt: 0 };
    },

    /** It could not be found out who is signed in. */
    doubt(error: RestoreError): void {
      if (held === undefined) show({ status: "unknown", user: null, error });
    },
  };
}

function isolated(call: () => void): void {
  try {
    call();
  } catch (failure) {
    // As an exception of an event listener, where there is such a thing.
    if (typeof reportError === "function") reportError(failure);
    else console.error(failure);
  }
}
