import { type LatchkeyErrorBody, type NetworkError, networkError, type Result } from "../errors.ts";

/** Longer, and timers fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** The reason of a signal whose time is up. */
export class TimeIsUp extends Error {
  override readonly name = "TimeoutError";
}

/**
 * Runs `work` for so many milliseconds at most, or until `outer` aborts. Rejects then, with a `TimeIsUp` or with the reason of
 * `outer`, even where the work takes no notice of its signal. Made by hand: AbortSignal.any and AbortSignal.timeout are not
 * everywhere, and a timer of their kind cannot be stopped.
 */
export function within<T>(
  milliseconds: number,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (outer?.aborted) return reject(outer.reason);
    const controller = new AbortController();
    const stop = (reason: unknown) => {
      settle();
      controller.abort(reason);
      reject(reason);
    };
    const abort = () => stop(outer?.reason);
    const timer = setTimeout(
      () => stop(new TimeIsUp(`No answer within ${milliseconds / 1000} s`)),
      Math.min(milliseconds, LONGEST_TIMER),
    );
    const settle = () => {
      clearTimeout(timer);
      outer?.removeEventListener("abort", abort);
    };
    outer?.addEventListener("abort", abort);
    work(controller.signal).finally(settle).then(resolve, reject);
  });
}

/** As `within`, for what gives a result: that the time is up is a `network_error`. Rejects when `outer` aborts. */
export async function timed<Data, Failure extends LatchkeyErrorBody>(
  milliseconds: number,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<Result<Data, Failure>>,
): Promise<Result<Data, Failure | NetworkError>> {
  try {
    return await within(milliseconds, outer, work);
  } catch (failure) {
    if (!outer?.aborted && failure instanceof TimeIsUp) return { error: networkError("timeout", failure.message) };
    throw failure;
  }
}

/** Settles as `work` does, or rejects when the signal aborts; the work itself goes on, for whoever else waits for it. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
