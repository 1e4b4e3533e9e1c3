import { orAborted, within } from "./limit.ts";

/**
 * Runs `work` while nobody else runs theirs. `waited`: another tab was in front of it. Rejects when `limit` aborts. `whole`: no
 * other tab may take the turn away, however long it lasts.
 */
export type InTurn = <T>(limit: AbortSignal, work: (waited: boolean) => Promise<T>, whole?: boolean) => Promise<T>;

/**
 * The longest that one tab keeps the others waiting, in milliseconds: a tab that is frozen, or that shows a dialog, does not
 * go on. What it had asked for was answered long ago. Within the ten seconds for which Supabase lets a used refresh token
 * pass, so that even a request that is still on its way does no harm.
 */
const HELD_TOO_LONG = 5000;

/**
 * One at a time writes the refresh cookie. Refresh tokens rotate, so tabs that refresh at the same time would each present a
 * token that another has just used up. Web Locks put tabs in a row; without them only this instance's own calls are in one, and
 * Supabase's reuse window has to do. `timeout` is in milliseconds.
 */
export function createTurns(name: () => string, locks: () => LockManager | undefined, timeout: number): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  const patience = Math.min(HELD_TOO_LONG, timeout / 2);
  /** The lock that shows the others that a turn is not to be taken away. */
  const wholeName = () => `${name()} whole`;

  return function inTurn(limit, work, whole = false) {
    const before = last;
    const turn = orAborted(before, limit).then(() => amongTabs(limit, work, whole));
    // Who gives up waiting must not let the next one pass those who are still in front.
    last = Promise.allSettled([before, turn]);
    return turn;
  };

  async function amongTabs<T>(limit: AbortSignal, work: (waited: boolean) => Promise<T>, whole: boolean): Promise<T> {
    const begin = (waited: boolean) => orAborted(work(waited), limit);
    let turn: { result: Promise<T> } | undefined;
    try {
      const manager = locks();
      if (!manager) return begin(false);
      turn =
        (await ask(manager, { ifAvailable: true }, whole, () => begin(false))) ??
        (await within(patience, limit, (signal) => ask(manager, { signal }, whole, () => begin(true))).catch(() => undefined));
      if (!turn && !limit.aborted) {
        const { held } = await manager.query();
        const mayTake = !held?.some((lock) => lock.name === wholeName());
        turn = await ask(manager, mayTake ? { steal: true } : { signal: limit }, whole, () => begin(true));
      }
    } catch {
      // Denied: a sandboxed frame, or storage that is blocked.
    }
    if (turn) return turn.result;
    if (limit.aborted) throw limit.reason;
    return begin(false);
  }

  /** Asks for the lock and holds it during `work`. Undefined when it cannot be had now; rejects when locks are denied. */
  function ask<T>(
    manager: LockManager,
    options: LockOptions,
    whole: boolean,
    work: () => Promise<T>,
  ): Promise<{ result: Promise<T> } | undefined> {
    return new Promise((resolve, reject) => {
      const held = async (lock: Lock | null) => {
        if (!lock || options.signal?.aborted) return resolve(undefined);
        const result = whole ? (manager.request(wholeName(), work) as Promise<T>) : work();
        resolve({ result });
        await Promise.allSettled([result]);
      };
      // Rejects too when the lock is stolen from us; the work goes on, and its result counts.
      manager.request(name(), options, held).catch(reject);
    });
  }
}
