import type { SessionEndedCode } from "./errors.ts";
import type { components } from "./schema.ts";

export type User = components["schemas"]["User"];

/** A session as a tab holds it, in memory. The times are in milliseconds since 1970. */
export interface HeldSession {
  token: string;
  /** From here on it is renewed before it is used. */
  renewAt: number;
  expiresAt: number;
  user: User;
}

export type SignedOutReason = "signed_out" | SessionEndedCode;

/** What one tab tells the others. */
export type TabMessage = { signedIn: boolean; session: HeldSession } | { session: null; reason: SignedOutReason };

/** How long a tab that had to wait for its turn waits for the message of the one before it, in milliseconds. */
const MESSAGE_GRACE = 100;

/**
 * The tabs of one app in one browser: one at a time writes the refresh cookie, and all learn what came of it.
 *
 * Refresh tokens rotate, so tabs that refresh at the same time would each present a token that another has just used up.
 * Web Locks put them in a row; without Web Locks only this tab's own requests are, and Supabase's reuse window has to do.
 */
export class Tabs {
  readonly #name: string;
  readonly #channel: BroadcastChannel | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #heard: () => void = () => {};

  constructor(name: string, onMessage: (message: TabMessage) => void) {
    this.#name = name;
    if (typeof BroadcastChannel === "undefined") return;
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = ({ data }: MessageEvent<TabMessage>) => {
      onMessage(data);
      this.#heard();
    };
    // Node only: an open channel would keep the process alive.
    (this.#channel as { unref?: () => void }).unref?.();
  }

  tell(message: TabMessage): void {
    this.#channel?.postMessage(message);
  }

  close(): void {
    this.#channel?.close();
  }

  /** Runs `work` while no other tab runs its own. `waited` is true when another one's was in front of it. */
  async inTurn<T>(work: (waited: boolean) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const locks = globalThis.navigator?.locks;
    if (!locks) return this.#inThisTabsTurn(work, signal);
    let free = false;
    const atOnce = await locks.request(this.#name, { ifAvailable: true }, async (lock) => {
      free = lock !== null;
      return free ? work(false) : undefined;
    });
    if (free) return atOnce as T;
    return locks.request(this.#name, signal ? { signal } : {}, () => work(true)) as Promise<T>;
  }

  /** Waits until another tab's message arrives, but not for long: it may have had none to send. */
  async message(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#heard = resolve;
      setTimeout(resolve, MESSAGE_GRACE);
    });
  }

  #inThisTabsTurn<T>(work: (waited: boolean) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const turn = this.#last.then(() => {
      signal?.throwIfAborted();
      return work(false);
    });
    this.#last = turn.catch(() => {});
    return turn;
  }
}
